import { DAY_MS, dayOf } from "./days.ts";
import { compare, type Decimal, decimalText, sum, ZERO } from "./decimal.ts";
import { forecast } from "./forecast.ts";
import { geometryOf } from "./money.ts";
import { periodOf } from "./ledger.ts";
import { spanOf } from "./period.ts";

/** Days of a past month on which its forecast is made again. */
const TRIED_ON = [10, 15, 20];
/** Whole months before this one that are tried. */
export const RECORD_MONTHS = 3;

/** How forecasts of past months would have fared: made on their 10th, 15th and 20th from what was known then. */
export interface ForecastRecord {
  tried: number;
  /** Of them, the months that ended between the low and the high. */
  within: number;
  /** How far the middle was off the end, percent; the median. */
  offBy: number;
}

/**
 * @param days Each day's cost, the oldest first, without a gap, up to yesterday.
 * @param now Unix ms.
 * @returns null while no whole month was metered.
 */
export function recordOf(days: readonly { day: string; amount: Decimal }[], now: number): ForecastRecord | null {
  const at = new Map(days.map(({ day }, place) => [day, place]));
  const tries = monthsBefore(now).flatMap(({ from, to }) => {
    const [first, last] = [at.get(dayOf(from)), at.get(dayOf(to - DAY_MS))];
    if (first === undefined || last === undefined) return [];
    const end = sum(days.slice(first, last + 1).map(({ amount }) => amount));
    if (geometryOf(decimalText(end)) <= 0) return [];
    return TRIED_ON.flatMap((date) => {
      const made = first + date - 1; // that morning: its day is not over
      const found = forecast(sum(days.slice(first, made).map(({ amount }) => amount)), ZERO, days.slice(0, made).map(({ amount }) => amount), (last - made + 1) * DAY_MS);
      if (!found) return [];
      const actual = geometryOf(decimalText(end));
      return [{ isWithin: compare(found.p10, end) <= 0 && compare(end, found.p90) <= 0, offBy: (100 * Math.abs(geometryOf(decimalText(found.p50)) - actual)) / actual }];
    });
  });
  if (tries.length === 0) return null;
  const errors = tries.map(({ offBy }) => offBy).toSorted((a, b) => a - b);
  return { tried: tries.length, within: tries.filter(({ isWithin }) => isWithin).length, offBy: Math.round(errors[Math.floor(errors.length / 2)]!) };
}

function monthsBefore(now: number): { from: number; to: number }[] {
  const months = [];
  for (let from = spanOf(periodOf(now)).from, count = 0; count < RECORD_MONTHS; count += 1) {
    const month = spanOf(periodOf(from - 1));
    months.push(month);
    from = month.from;
  }
  return months;
}
