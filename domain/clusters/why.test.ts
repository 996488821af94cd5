import { describe, expect, it } from "vitest";
import { clusterWhys } from "./why.ts";

const since = new Date(0);
const well = { reachability: { state: "reachable" as const, since }, drainedAt: null, drain: null, liveAttempts: 0, openCodeUntil: null, agent: null };
const reach = (state: "unreachable" | "never" | "revoked" | "cloned") => ({ ...well, reachability: { state, since } });

describe("why a cluster takes no work", () => {
  it("is not asked of one that does", () => expect(clusterWhys(well)).toEqual([]));

  it("says that runs of a silent one are held, not restarted", () => {
    expect(clusterWhys({ ...reach("unreachable"), liveAttempts: 3 })[0]).toMatchObject({ tone: "warn", title: "Silent", since, act: "none", detail: expect.stringContaining("Its 3 runs are held: nothing is restarted") });
    expect(clusterWhys({ ...reach("unreachable"), liveAttempts: 1 })[0]!.detail).toContain("Its 1 run is held");
  });

  it("leads to a new code where the agent was revoked or never came, and to revoking where it was cloned", () => {
    expect(clusterWhys(reach("revoked"))[0]).toMatchObject({ tone: "bad", act: "new-code" });
    expect(clusterWhys(reach("cloned"))[0]).toMatchObject({ tone: "bad", act: "revoke" });
    expect(clusterWhys(reach("never"))[0]).toMatchObject({ tone: "neutral", act: "new-code", detail: expect.stringContaining("not used in time") });
    expect(clusterWhys({ ...reach("never"), openCodeUntil: new Date(1) })[0]!.detail).toContain("is open");
  });

  it("names who drained it and why, after what is graver", () => {
    const drained = { drainedAt: since, drain: { by: "Ada", reason: "move" }, liveAttempts: 2 };
    expect(clusterWhys({ ...well, ...drained })).toMatchObject([{ title: "Drained by Ada: move", act: "undrain", detail: "2 runs go on to the end; nothing new is placed." }]);
    expect(clusterWhys({ ...reach("unreachable"), ...drained }).map(({ title }) => title)).toEqual(["Silent", "Drained by Ada: move"]);
  });
});
