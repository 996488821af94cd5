import fc from "fast-check";
import { expect, it } from "vitest";
import { accrued, costOf, type HeldSpan, momentsOf } from "./accrual.ts";
import { compare, decimal, decimalText } from "./decimal.ts";
import { HOUR_MS } from "./metering.ts";
import type { PriceLine } from "./price-book.ts";

const line = (unitPrice: string, validFrom = 0): PriceLine => ({ id: `p${validFrom}`, version: 1, kind: "cpu", clusterId: null, model: null, capacityClass: null, validFrom, unitPrice: decimal(unitPrice) });
const span = (from: number, to: number, milli = 1000): HeldSpan => ({ clusterId: "c", kind: "cpu", model: "", capacityClass: "owned", milli, from, to, evidence: "measured" });

it("is what was held so far at the prices that held then", () => {
  const held = [span(0, 4 * HOUR_MS, 2000)];
  const lines = [line("1.50"), { ...line("3", 2 * HOUR_MS), version: 1 }];
  const amounts = accrued(held, { lines, version: 1 }, [0, 1, 2, 3, 4, 9].map((hours) => hours * HOUR_MS)).map(({ amount }) => +decimalText(amount));
  expect(amounts).toEqual([0, 3, 6, 12, 18, 18]);
  expect(compare(costOf(held, { lines, version: 1 }), decimal("18"))).toBe(0);
});

it("never falls, and ends at the whole (property)", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(10 * HOUR_MS), fc.nat(5 * HOUR_MS), fc.integer({ min: 1, max: 9000 })), { minLength: 1, maxLength: 6 }), (raw) => {
      const held = raw.map(([from, length, milli]) => span(from, from + length, milli));
      const lines = [line("0.07"), line("0.11", 3 * HOUR_MS)];
      const moments = momentsOf(held, 20);
      expect(moments).toEqual(moments.toSorted((a, b) => a - b));
      const amounts = accrued(held, { lines, version: 1 }, moments).map(({ amount }) => amount);
      for (let at = 1; at < amounts.length; at += 1) expect(compare(amounts[at]!, amounts[at - 1]!)).toBeGreaterThanOrEqual(0);
      expect(compare(amounts.at(-1)!, costOf(held, { lines, version: 1 }))).toBe(0); // to the last digit, however it was cut
    }),
  );
});

it("has no moments where nothing was held", () => {
  expect(momentsOf([], 10)).toEqual([]);
});
