import { describe, expect, it } from "vitest";
import { order } from "../testing/agent-process.ts";
import { graceEnd } from "./live.ts";

const stoppedAt = (up?: number) => ({ stop: { at: 0, up, cause: "stopped" as const, reason: "Stopped." }, spec: order("true", { graceSeconds: 30 }).spec });

describe("the grace of a stop", () => {
  it.each([
    { says: "all of it is left when the stop is asked for", stop: 3_600, left: 30_000 },
    { says: "after a restart of the agent it goes on", stop: 3_590, left: 20_000 },
    { says: "is over where it ran out while no agent was there", stop: 3_560, left: 0 },
    { says: "all of it is left after a boot", stop: 90_000, left: 30_000 },
    { says: "all of it is left where nobody noted when it was asked for", stop: undefined, left: 30_000 },
  ])("$says", ({ stop, left }) => {
    expect(graceEnd(stoppedAt(stop), 500, 3_600)).toBe(500 + left);
  });
  it("does not run without a stop", () => {
    expect(graceEnd({ stop: null, spec: order("true").spec })).toBeNull();
  });
});
