import type { SpendView } from "./cost-view.ts";
import { DAY_MS, dayOf, daysBetween } from "./days.ts";
import { geometryOf } from "./money.ts";

/** What days are compared with. */
export const AGAINST = ["before", "month", "year"] as const;
export type Against = (typeof AGAINST)[number];
export const AGAINST_LABEL: Record<Against, string> = { before: "Against days before", month: "Against the month before", year: "Against the year before" };

interface Days {
  from: string;
  to: string;
}

/** As many days right before these. Days as 2026-11-25, both ends included. */
export function daysBefore({ from, to }: Days): Days {
  const length = Date.parse(to) - Date.parse(from) + DAY_MS;
  return { from: dayOf(Date.parse(from) - length), to: dayOf(Date.parse(from) - DAY_MS) };
}

const lastOf = (year: number, month: number): number => new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
/** The same day so many months before; the last one of a month that has no such day. */
function monthsBefore(day: string, months: number): string {
  const at = new Date(day);
  const month = at.getUTCMonth() - months;
  return dayOf(Date.UTC(at.getUTCFullYear(), month, Math.min(at.getUTCDate(), lastOf(at.getUTCFullYear(), month))));
}
const isLast = (day: string): boolean => new Date(Date.parse(day) + DAY_MS).getUTCDate() === 1;
const endOf = (day: string): string => dayOf(Date.UTC(+day.slice(0, 4), +day.slice(5, 7), 0));

/** The days that these are compared with. Whole months are compared with whole months. */
export function daysAgainst(days: Days, against: Against): Days {
  if (against === "before") return daysBefore(days);
  const months = against === "month" ? 1 : 12;
  const [from, to] = [monthsBefore(days.from, months), monthsBefore(days.to, months)];
  return { from, to: days.from.endsWith("-01") && isLast(days.to) ? endOf(to) : to };
}

/** A past that has costs on less of its days says nothing of the days after it. */
const LEAST_COVERED = 0.8;

/** What each group cost before, by key; null where metering had hardly begun then, so that there is nothing to compare with. */
export function amountsBefore(before: Pick<SpendView, "groups" | "days">, { from, to }: { from: string; to: string }): ReadonlyMap<string, string> | null {
  const days = daysBetween(from, to) + 1;
  const covered = new Set(before.days.filter(({ amount }) => geometryOf(amount) !== 0).map(({ day }) => day)).size;
  return covered >= LEAST_COVERED * days ? new Map(before.groups.map(({ key, amount }) => [key, amount])) : null;
}

/** `+12 %`, `−40 %`, `new`, `as before`. @param before null: nothing is known of before. */
export function changeWords(amount: string, before: string | undefined | null): string {
  if (before === null) return "—";
  const [now, then] = [geometryOf(amount), geometryOf(before ?? "0")];
  if (then === 0) return now === 0 ? "as before" : "new";
  const percent = Math.round((now / then - 1) * 100);
  if (percent === 0) return "as before";
  return percent > 999 ? `${Math.round(now / then)} ×` : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}
