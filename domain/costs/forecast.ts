import { DAY_MS } from "./days.ts";
import { add, compare, type Decimal, decimal, multiply, rescale, subtract } from "./decimal.ts";

export interface Forecast {
  p10: Decimal;
  p50: Decimal;
  p90: Decimal;
}

/** Whole days that a forecast goes by: four of each weekday. */
export const FORECAST_DAYS = 28;
/** Without this many nothing can be said. */
export const FEWEST_DAYS = 3;
const WEEK = 7;
/** Of a normal distribution, between its middle and its ninth tenth. */
const TENTH = decimal("1.2816");
/** Four weeks tell too little of how the next ones may differ from them: the spread that they show is widened by half. */
const [WIDER, OF] = [3n, 2n];

/**
 * What the month ends at: spent so far, and each day left like its own weekday was on average, so that quiet weekends stay
 * quiet; at least what is promised. The low and the high lie apart as days, or whole weeks, lay apart from that.
 * @param days Whole days up to yesterday, the oldest first and without a gap; the last four weeks are looked at. Null with fewer than three.
 * @param leftMs Until the month ends: the rest of today counts.
 */
export function forecast(spent: Decimal, held: Decimal, days: readonly Decimal[], leftMs: number): Forecast | null {
  if (days.length < FEWEST_DAYS) return null;
  const { ahead, spread } = outlook(days, leftMs);
  const end = (more: Decimal) => add(spent, compare(more, held) < 0 ? held : more);
  const band = multiply(TENTH, spread);
  return { p10: end(subtract(ahead, band)), p50: end(ahead), p90: end(add(ahead, band)) };
}

/** What is still to come, and its standard deviation: both are expectations, and cut to the digits of the days. */
function outlook(days: readonly Decimal[], leftMs: number): { ahead: Decimal; spread: Decimal } {
  const scale = days.reduce((most, day) => Math.max(most, day.scale), 0);
  const weeks = Math.min(FORECAST_DAYS / WEEK, Math.floor(days.length / WEEK));
  const rhythm = weeks < 2 ? 1 : WEEK; // one week tells nothing of weekdays
  const known = days.slice(rhythm === 1 ? -FORECAST_DAYS : -weeks * WEEK).map((day) => rescale(day, scale).units);
  const many = known.length / rhythm;
  const rounds = BigInt(many);
  const sums = Array.from({ length: rhythm }, (_, place) => total(known.filter((_day, at) => at % rhythm === place)));
  const ahead = total(partsOf(leftMs).map((milliseconds, at) => BigInt(milliseconds) * sums[at % rhythm]!)) / (rounds * BigInt(DAY_MS));
  // Sums of `rounds` days instead of their means, so that all stays whole: what is off is `rounds` times as much, its square `rounds`² times.
  const off = known.map((amount, at) => rounds * amount - sums[at % rhythm]!);
  const ofDays = total(off.map((one) => one * one)) / BigInt(known.length - rhythm);
  const ofWeeks = total(Array.from({ length: many }, (_, round) => total(off.slice(round * rhythm, (round + 1) * rhythm)) ** 2n)) / BigInt((many - 1) * rhythm);
  const aDay = ofDays > ofWeeks ? ofDays : ofWeeks; // weeks that differ as a whole differ by more than their days do
  // Of a sum of n days, n times that of one; and n²/known of the mean itself, which so few days tell.
  const [n, all] = [BigInt(leftMs), BigInt(known.length * DAY_MS)];
  const variance = (aDay * WIDER * n * (all + n)) / (OF * rounds * rounds * all * BigInt(DAY_MS));
  return { ahead: { units: ahead, scale }, spread: { units: root(variance), scale } };
}

const total = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n);

/** Time ahead, day by day from yesterday's end: what is left of today, then whole days. */
function partsOf(leftMs: number): number[] {
  const today = leftMs % DAY_MS;
  return [...(today > 0 ? [today] : []), ...Array.from({ length: Math.floor(leftMs / DAY_MS) }, () => DAY_MS)];
}

/** The whole square root, cut (Newton's). */
function root(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (let next = (guess + value / guess) / 2n; next < guess; next = (guess + value / guess) / 2n) guess = next;
  return guess;
}
