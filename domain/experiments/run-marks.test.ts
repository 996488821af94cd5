import { expect, it } from "vitest";
import { runMarks } from "./run-marks.ts";

const at = (ms: number) => new Date(ms);
const attempts = [{ number: 1, startedAt: at(10_000), endedAt: at(50_000) }, { number: 2, startedAt: at(70_000), endedAt: at(90_000) }];
const event = (kind: string, ms: number, message = "", attemptNumber: number | null = null) => ({ kind, at: at(ms), message, attemptNumber });

it("marks where attempts began where there is more than one, on axes of time only", () => {
  expect(runMarks(attempts, [], "relative", 10_000)).toEqual([{ x: 0, label: "attempt 1" }, { x: 60, label: "attempt 2" }]);
  expect(runMarks(attempts, [], "time", 10_000)[1]).toEqual({ x: 70_000, label: "attempt 2" });
  expect(runMarks(attempts, [event("run.back", 60_000)], "step", 10_000)).toEqual([]);
  expect(runMarks(attempts.slice(0, 1), [], "time", 10_000)).toEqual([]);
  expect(runMarks(attempts, [event("run.back", 60_000)], "time", null)).toEqual([]);
});
it("marks what explains the course of a run of one attempt, in order, and nothing from before it began", () => {
  const events = [event("run.back", 40_000), event("run.unreachable", 30_000), event("run.prioritized", 20_000), event("run.retried", 5000)];
  expect(runMarks(attempts.slice(0, 1), events, "relative", 10_000)).toEqual([{ x: 20, label: "unreachable" }, { x: 30, label: "back in contact" }]);
});
it("marks an end with how it was, at the moment when its process ended", () => {
  const ends = [event("run.ended", 95_000, "Failed. It was out of memory.", 2), event("run.ended", 60_000, "Cancelled by Mia.", null), event("run.ended", 61_000, "The client says: finished.")];
  expect(runMarks([attempts[1]!], ends, "time", 0).map(({ x, label }) => [x, label])).toEqual([[60_000, "cancelled"], [61_000, "ended"], [90_000, "failed"]]);
});
