import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dayOf } from "./days.ts";
import { CADENCES, lastDue, nextDue, spanOfDue, titleOf } from "./report-schedule.ts";

const at = (text: string) => Date.parse(text);
const iso = (moment: number) => new Date(moment).toISOString();

describe("when a cost report is due", () => {
  it.each([
    ["monthly", "2026-11-03T05:59:59Z", "2026-10-03T06:00:00.000Z", "2026-09-01", "2026-09-30"],
    ["monthly", "2026-11-03T06:00:00Z", "2026-11-03T06:00:00.000Z", "2026-10-01", "2026-10-31"],
    ["monthly", "2027-01-31T23:59:59Z", "2027-01-03T06:00:00.000Z", "2026-12-01", "2026-12-31"],
    ["monthly", "2028-03-05T00:00:00Z", "2028-03-03T06:00:00.000Z", "2028-02-01", "2028-02-29"],
    ["weekly", "2026-11-29T23:00:00Z", "2026-11-23T06:00:00.000Z", "2026-11-16", "2026-11-22"], // a Sunday
    ["weekly", "2026-11-30T05:59:59Z", "2026-11-23T06:00:00.000Z", "2026-11-16", "2026-11-22"], // a Monday, too early
    ["weekly", "2026-11-30T06:00:00Z", "2026-11-30T06:00:00.000Z", "2026-11-23", "2026-11-29"],
  ] as const)("%s at %s: %s, of %s to %s", (cadence, now, due, from, to) => {
    expect(iso(lastDue(cadence, at(now)))).toBe(due);
    expect(spanOfDue(cadence, at(due))).toEqual({ from, to });
  });

  it("is never in the future, never of days that are not over, and the next one follows the last without a gap", () => {
    const moment = fc.integer({ min: at("2020-01-01"), max: at("2040-01-01") });
    fc.assert(fc.property(fc.constantFrom(...CADENCES), moment, (cadence, now) => {
      const [last, next] = [lastDue(cadence, now), nextDue(cadence, now)];
      expect(last).toBeLessThanOrEqual(now);
      expect(next).toBeGreaterThan(now);
      expect(lastDue(cadence, next)).toBe(next);
      expect(lastDue(cadence, next - 1)).toBe(last);
      const [before, after] = [spanOfDue(cadence, last), spanOfDue(cadence, next)];
      expect(before.to < dayOf(last)).toBe(true);
      expect(dayOf(at(before.to) + 86_400_000)).toBe(after.from);
    }), { numRuns: 1000 });
  });

  it("is called after what it is of", () => {
    expect(titleOf("monthly", { from: "2026-11-01", to: "2026-11-30" })).toBe("Statement of November 2026");
    expect(titleOf("weekly", { from: "2026-11-16", to: "2026-11-22" })).toBe("Costs of the week from 16 Nov 2026");
  });
});
