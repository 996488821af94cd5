import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServerClock } from "./clock.ts";

/** A clock whose host's monotonic time is set by hand; the server's is that plus `ahead`. */
function clockAt() {
  let now = 0;
  const clock = new ServerClock(() => now);
  return { clock, at: (ms: number) => (now = ms) };
}
const AHEAD = 1_700_000_000_000;

describe("the server's clock as the agent reckons it", () => {
  it("is not set back by an answer that lay in the socket while the process was stopped", () => {
    const { clock, at } = clockAt();
    clock.learn(AHEAD);
    at(2_400);
    clock.learn(AHEAD + 100); // sent at 100, read at 2,400
    expect(clock.now()).toBe(AHEAD + 2_400);
  });

  it("takes a better answer at once, and a worse one only when no better one is recent", () => {
    const { clock, at } = clockAt();
    clock.learn(AHEAD - 500); // half a second late
    at(1_000);
    clock.learn(AHEAD + 999);
    expect(clock.now()).toBe(AHEAD + 999);
    at(200_000);
    clock.learn(AHEAD + 199_950);
    expect(clock.now()).toBe(AHEAD + 199_950);
  });

  it("follows a server whose clock was set back, or another server", () => {
    const { clock, at } = clockAt();
    clock.learn(AHEAD);
    at(1_000);
    clock.learn(AHEAD - 3_600_000);
    expect(clock.now()).toBe(AHEAD - 3_600_000);
  });

  it("is never further from the truth than the least late answer of the last minutes", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: 3_000 })), { minLength: 1, maxLength: 20 }), (answers) => {
      const { clock, at } = clockAt();
      let now = 0;
      for (const [pause, late] of answers) {
        at((now += pause));
        clock.learn(AHEAD + now - late);
      }
      expect(AHEAD + now - clock.now()).toBe(Math.min(...answers.map(([, late]) => late)));
    }));
  });
});
