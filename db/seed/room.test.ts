import { expect, it } from "vitest";
import { Room } from "./room.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

it("lets go of what is held at the latest then, so that whoever waits starts before the history's end", () => {
  const room = new Room(["one"], 1);
  expect(room.take(1, 0, 90 * 24 * HOUR, HOUR)).toMatchObject({ startedAt: 0, endedAt: HOUR });
  expect(room.take(1, 0, 5 * HOUR, 2 * HOUR)).toMatchObject({ startedAt: HOUR + 1000, endedAt: 2 * HOUR });
});

it("gives everybody a minute, and no accelerator twice at a time", () => {
  const room = new Room(["one"], 1);
  const taken = Array.from({ length: 5 }, () => room.take(1, 0, HOUR, 0));
  for (const [at, one] of taken.entries()) {
    expect(one.endedAt - one.startedAt).toBe(MINUTE);
    expect(one.startedAt).toBeGreaterThan(taken[at - 1]?.endedAt ?? -1);
  }
});
