import { describe, expect, it } from "vitest";
import { order } from "../testing/agent-process.ts";
import { graceEnd } from "./live.ts";

const HOUR = 3_600_000;
const stoppedAt = (at: number) => ({ stop: { at, cause: "stopped" as const, reason: "Stopped." }, spec: order("true", { graceSeconds: 30 }).spec });

describe("the grace of a stop", () => {
  it.each([
    { says: "all of it is left when the stop is asked for", wall: 0, left: 30_000 },
    { says: "after a restart of the agent it goes on", wall: 10_000, left: 20_000 },
    { says: "is over where it ran out while no agent was there", wall: 40_000, left: 0 },
    { says: "is never longer than it was, though the clock was set back meanwhile", wall: -HOUR, left: 30_000 },
  ])("$says", ({ wall, left }) => {
    expect(graceEnd(stoppedAt(HOUR), 500, HOUR + wall)).toBe(500 + left);
  });
  it("does not run without a stop", () => {
    expect(graceEnd({ stop: null, spec: order("true").spec })).toBeNull();
  });
});
