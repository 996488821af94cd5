import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { add, compare, decimal, decimalText, type Decimal, multiply, sum, trimmed } from "./decimal.ts";
import { HOUR_MS } from "./metering.ts";
import type { PriceSpan } from "./price-book.ts";
import { rateServedHour, type Served } from "./served.ts";
import { rateStoredHour, type Stored, storedBy } from "./stored.ts";

const HOUR = Date.UTC(2026, 10, 5, 7);
const price = (id: string, text: string, from = 0, to = HOUR_MS): PriceSpan => ({ from: HOUR + from, to: HOUR + to, price: { id, unitPrice: decimal(text), rateId: null } });
const total = (rows: readonly { amount: Decimal }[]) => sum(rows.map(({ amount }) => amount));

describe("what is stored", () => {
  it("is a GiB-month after 730.5 hours of a GiB", () => {
    const from = Date.UTC(2026, 0, 1);
    expect(storedBy(1n << 30n, from + 730.5 * HOUR_MS) - storedBy(1n << 30n, from)).toBe(10n ** 10n);
  });

  it("comes to the same whatever hours and prices of the same amount it is cut into, to the last digit", () => {
    const bytes = fc.bigInt({ min: 1n, max: 1n << 60n });
    fc.assert(fc.property(bytes, fc.integer({ min: 1, max: 50 }), fc.bigInt({ min: 0n, max: 10n ** 10n }), fc.integer({ min: 1, max: HOUR_MS - 1 }), (size, hours, units, cut) => {
      const stored: Stored[] = [{ projectId: "prj_1", bytes: size, from: HOUR, to: HOUR + hours * HOUR_MS, evidence: "measured" }];
      const unitPrice = { units, scale: 8 };
      let all: Decimal = decimal("0");
      for (let at = 0; at < hours; at += 1) {
        const hour = HOUR + at * HOUR_MS;
        const prices: PriceSpan[] = [{ from: hour, to: hour + cut, price: { id: "a", unitPrice, rateId: null } }, { from: hour + cut, to: hour + HOUR_MS, price: { id: "b", unitPrice, rateId: null } }];
        const rows = rateStoredHour({ hour, stored, prices });
        for (const row of rows) expect(compare(row.amount, multiply(row.quantity, row.unitPrice))).toBe(0);
        all = add(all, total(rows));
      }
      const whole = { units: storedBy(size, HOUR + hours * HOUR_MS) - storedBy(size, HOUR), scale: 10 };
      expect(compare(all, multiply(whole, unitPrice))).toBe(0);
    }), { numRuns: 500 });
  });

  it("is of each project by itself, in a fixed order, and costs nothing without a price", () => {
    const of = (projectId: string, bytes: bigint): Stored => ({ projectId, bytes, from: HOUR - HOUR_MS, to: HOUR + HOUR_MS, evidence: "measured" });
    const stored = [of("prj_2", 1461n << 30n), of("prj_1", 1461n << 29n)];
    const rows = rateStoredHour({ hour: HOUR, stored, prices: [price("p", "2")] });
    expect(rows.map(({ attemptId, amount, quantity }) => [attemptId, decimalText(trimmed(quantity)), decimalText(trimmed(amount))])).toEqual([["prj_1", "1", "2"], ["prj_2", "2", "4"]]);
    expect(rateStoredHour({ hour: HOUR, stored: stored.toReversed(), prices: [price("p", "2")] })).toEqual(rows);
    expect(rateStoredHour({ hour: HOUR, stored, prices: [{ from: HOUR, to: HOUR + HOUR_MS, price: null }] })).toMatchObject([{ priceId: null, amount: { units: 0n } }, { priceId: null }]);
  });
});

describe("what is served", () => {
  const counts = fc.array(fc.record({ meterId: fc.constantFrom("svm_1", "svm_2"), count: fc.bigInt({ min: 1n, max: 10n ** 15n }), from: fc.nat(HOUR_MS - 1).map((ms) => HOUR + ms) }), { maxLength: 12 });
  it("costs its count times its price, to the last digit, in whatever order it was told", () => {
    fc.assert(fc.property(fc.constantFrom("request" as const, "token" as const), counts, fc.bigInt({ min: 0n, max: 10n ** 12n }), (kind, served: Served[], units) => {
      const prices = [{ from: HOUR, to: HOUR + HOUR_MS, price: { id: "p", unitPrice: { units, scale: 8 }, rateId: null } }];
      const rows = rateServedHour({ kind, served, prices });
      const count = served.reduce((all, one) => all + one.count, 0n);
      const together = kind === "request" ? { units: count, scale: 3 } : { units: count, scale: 6 };
      expect(compare(total(rows), multiply(together, { units, scale: 8 }))).toBe(0);
      expect(rateServedHour({ kind, served: served.toReversed(), prices })).toEqual(rows);
    }), { numRuns: 1_000 });
  });

  it("is of the price that held when it was counted", () => {
    const served = [{ meterId: "svm_1", count: 500n, from: HOUR }, { meterId: "svm_1", count: 2_500n, from: HOUR + HOUR_MS / 2 }];
    const rows = rateServedHour({ kind: "request", served, prices: [price("old", "1", 0, HOUR_MS / 2), price("new", "3", HOUR_MS / 2)] });
    expect(rows.map(({ priceId, amount }) => [priceId, decimalText(trimmed(amount))])).toEqual([["new", "7.5"], ["old", "0.5"]]);
  });
});
