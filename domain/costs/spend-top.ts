import type { SpendGroup, SpendView } from "./cost-view.ts";
import { add, compare, type Decimal, decimal, decimalText, sum, ZERO } from "./decimal.ts";
import { OTHERS } from "./spend-by.ts";

type Day = SpendView["days"][number];

/** The dearest first, what is joined already at the end; what is beyond `most` is one group, so that the parts still add up to the whole. */
export function topGroups(groups: readonly SpendGroup[], most: number): SpendGroup[] {
  const sorted = groups.toSorted((a, b) => (a.key === OTHERS ? 1 : 0) - (b.key === OTHERS ? 1 : 0) || compare(decimal(b.amount), decimal(a.amount)));
  if (sorted.length <= most) return sorted;
  const rest = sorted.slice(most - 1);
  const all = (of: (group: SpendGroup) => string) => decimalText(sum(rest.map((group) => decimal(of(group)))));
  return [...sorted.slice(0, most - 1), { key: OTHERS, label: `${rest.length} others`, amount: all((one) => one.amount), provisional: all((one) => one.provisional), acceleratorHours: all((one) => one.acceleratorHours) }];
}

/** Days of these groups; those of all others are added up by day. */
export function daysOf(days: readonly Day[], shown: readonly SpendGroup[]): Day[] {
  const keys = new Set(shown.map(({ key }) => key));
  const others = new Map<string, Decimal>();
  for (const { day, key, amount } of days) if (!keys.has(key)) others.set(day, add(others.get(day) ?? ZERO, decimal(amount)));
  return [...days.filter(({ key }) => keys.has(key)), ...[...others].map(([day, amount]): Day => ({ day, key: OTHERS, amount: decimalText(amount) }))];
}
