import type { SpendView } from "./cost-view.ts";
import { DAY_MS, dayOf } from "./days.ts";
import { geometryOf } from "./money.ts";

/** As many days right before these. Days as 2026-11-25, both ends included. */
export function daysBefore({ from, to }: { from: string; to: string }): { from: string; to: string } {
  const length = Date.parse(to) - Date.parse(from) + DAY_MS;
  return { from: dayOf(Date.parse(from) - length), to: dayOf(Date.parse(from) - DAY_MS) };
}

/** A past that has costs on less of its days says nothing of the days after it. */
const LEAST_COVERED = 0.8;

/** What each group cost before, by key; null where metering had hardly begun then, so that there is nothing to compare with. */
export function amountsBefore(before: Pick<SpendView, "groups" | "days">, { from, to }: { from: string; to: string }): ReadonlyMap<string, string> | null {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
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
