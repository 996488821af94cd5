import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLeftUntaken, offeredSince, TAKE_SECONDS, untakenSays } from "./untaken.ts";

const NOW = 1_800_000_000_000;
const ago = (seconds: number) => NOW - seconds * 1000;
const offer = { assignedAt: ago(600), contactSince: ago(500), listeningSince: ago(400), lastSeenAt: ago(2) };

describe("an attempt that its agent leaves untaken", () => {
  it("is judged once it was on offer for the whole time", () => {
    expect(isLeftUntaken(offer, NOW, 90)).toBe(true);
    expect(isLeftUntaken({ ...offer, assignedAt: ago(TAKE_SECONDS) }, NOW, 90)).toBe(true);
    expect(isLeftUntaken({ ...offer, assignedAt: ago(TAKE_SECONDS - 1) }, NOW, 90)).toBe(false);
  });
  it("is not judged by silence: of an agent that came back just now, that is away, or of servers that did not listen", () => {
    expect(isLeftUntaken({ ...offer, contactSince: ago(30) }, NOW, 90)).toBe(false);
    expect(isLeftUntaken({ ...offer, lastSeenAt: ago(90) }, NOW, 90)).toBe(false);
    expect(isLeftUntaken({ ...offer, listeningSince: ago(30) }, NOW, 90)).toBe(false);
  });
  it("is never judged before all three have lasted, whatever the times", () => {
    const seconds = fc.integer({ min: 0, max: 1000 });
    fc.assert(fc.property(seconds, seconds, seconds, seconds, (assigned, contact, listening, seen) => {
      const one = { assignedAt: ago(assigned), contactSince: ago(contact), listeningSince: ago(listening), lastSeenAt: ago(seen) };
      expect(isLeftUntaken(one, NOW, 90)).toBe(Math.min(assigned, contact, listening) >= TAKE_SECONDS && seen < 90);
    }));
  });
  it("says from when to when, and on which machine to look", () => {
    const { message, detail } = untakenSays(offer, NOW, { cluster: "Lab", hostname: "box" });
    expect(message).toBe("The agent of Lab was in contact for 400 s and never took the run, so the attempt is withdrawn.");
    expect(detail).toContain(`on box from ${new Date(offeredSince(offer)).toISOString()} to ${new Date(NOW).toISOString()}`);
  });
});
