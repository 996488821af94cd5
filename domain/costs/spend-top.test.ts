import fc from "fast-check";
import { expect, it } from "vitest";
import { compare, decimal, sum } from "./decimal.ts";
import { OTHERS } from "./spend-by.ts";
import { daysOf, topGroups } from "./spend-top.ts";

const amount = fc.bigInt({ min: 0n, max: 10n ** 12n }).map((units) => `${units / 1_000_000n}.${String(units % 1_000_000n).padStart(6, "0")}`);
const total = (rows: readonly { amount: string }[]) => sum(rows.map((one) => decimal(one.amount)));

it("keeps the dearest groups, and the sum of all to the last digit, by day too", () => {
  fc.assert(fc.property(fc.array(fc.array(amount, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 2, max: 12 }), (perGroup, most) => {
    const days = perGroup.flatMap((amounts, at) => amounts.map((value, day) => ({ day: `2026-11-0${day + 1}`, key: `g${at}`, amount: value })));
    const groups = perGroup.map((amounts, at) => {
      const [whole, fraction] = [sum(amounts.map(decimal)), "0"];
      return { key: `g${at}`, label: `g${at}`, amount: `${whole.units / 1_000_000n}.${String(whole.units % 1_000_000n).padStart(6, "0")}`, provisional: fraction, acceleratorHours: fraction };
    });
    const top = topGroups(groups, most);
    expect(top.length).toBe(Math.min(groups.length, most));
    expect(compare(total(top), total(groups))).toBe(0);
    const named = top.filter(({ key }) => key !== OTHERS);
    expect(named.every((one, at) => at === 0 || compare(decimal(named[at - 1]!.amount), decimal(one.amount)) >= 0)).toBe(true);
    expect(compare(total(daysOf(days, named)), total(days))).toBe(0);
  }));
});
