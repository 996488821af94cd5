import { expect, it } from "vitest";
import { DAY_MS, dayOf } from "./days.ts";
import { decimal } from "./decimal.ts";
import { recordOf } from "./forecast-record.ts";

const NOW = Date.UTC(2026, 10, 15, 9);
/** Days up to yesterday. */
const days = (count: number, of: (day: string) => number) => Array.from({ length: count }, (_, at) => dayOf(NOW - (count - at) * DAY_MS)).map((day) => ({ day, amount: decimal(of(day).toFixed(2)) }));

it("is perfect where every day is like the last", () => {
  expect(recordOf(days(130, () => 100), NOW)).toEqual({ tried: 9, within: 9, offBy: 0 });
});

it("counts the months that ended outside of what was said", () => {
  const record = recordOf(days(130, (day) => (day >= "2026-10-20" && day <= "2026-10-31" ? 500 : 100)), NOW)!;
  expect(record.tried).toBe(9);
  expect(record.within).toBe(6); // October's three were wrong
});

it("is made from what was known then: what came later changes nothing of a month before", () => {
  const before = recordOf(days(130, (day) => 100 + Number(day.slice(-2))), NOW);
  const changed = recordOf(days(130, (day) => (day >= "2026-11-01" ? 9000 : 100 + Number(day.slice(-2)))), NOW);
  expect(changed).toEqual(before);
});

it("says nothing before a whole month was metered", () => {
  expect(recordOf([], NOW)).toBeNull();
  expect(recordOf(days(40, () => 100), NOW)).toBeNull();
  expect(recordOf(days(60, () => 100), NOW)!.tried).toBe(3); // October alone
  expect(recordOf(days(130, () => 0), NOW)).toBeNull();
});
