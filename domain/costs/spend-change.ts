import type { SpendView } from "./cost-view.ts";
import { DAY_MS, dayOf } from "./days.ts";
import { geometryOf } from "./money.ts";

/** As many days right before these. Days as 2026-11-25, both ends included. */
export function daysBefore({ from, to }: { from: string; to: string }): { from: string; to: string } {
  const length = Date.parse(to) - Date.parse(from) + DAY_MS;
  return { from: dayOf(Date.parse(from) - length), to: dayOf(Date.parse(from) - DAY_MS) };
}

/** What each group cost before, by key; null where nothing at all was rated then, so that there is nothing to compare with. */
export function amountsBefore(before: Pick<SpendView, "groups">): ReadonlyMap<string, string> | null {
  const amounts = new Map(before.groups.map(({ key, amount }) => [key, amount]));
  return [...amounts.values()].some((amount) => geometryOf(amount) !== 0) ? amounts : null;
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
