import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare, decimal, multiply, subtract } from "./decimal.ts";
import { amountDelta, UNIT_COST_DIGITS, unitCost } from "./unit-cost.ts";

describe("what a unit cost", () => {
  it("is the cost of one run, of a thousand requests, of a million tokens", () => {
    expect(unitCost("12.50", "4")).toBe("3.125000000000000000");
    expect(unitCost("3.6", "7200", "1000")).toBe("0.500000000000000000");
    expect(unitCost("0.123456789012345678", "41152263004115", "1000000")).toBe("0.000000003000000000");
  });

  it("is rounded once, half to even, at the ledger's own digit", () => {
    expect(unitCost("1", "3")).toBe("0.333333333333333333");
    expect(unitCost("2", "3")).toBe("0.666666666666666667");
    expect(unitCost("0.000000000000000001", "2")).toBe("0.000000000000000000");
    expect(unitCost("0.000000000000000003", "2")).toBe("0.000000000000000002");
  });

  it("does not exist where there are no units", () => {
    expect(unitCost("5", "0")).toBeNull();
    expect(unitCost("0", "0.00")).toBeNull();
    expect(unitCost("0", "9")).toBe("0.000000000000000000");
  });

  it("times the units is the cost again, but for less than what was rounded away of each", () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 30n }).map((units) => `${units / 10n ** 18n}.${String(units % 10n ** 18n).padStart(18, "0")}`);
    fc.assert(fc.property(amount, fc.bigInt({ min: 1n, max: 10n ** 12n }), (cost, units) => {
      const off = subtract(multiply(decimal(unitCost(cost, `${units}`)!), { units, scale: 0 }), decimal(cost));
      const most = { units: units * 5n, scale: UNIT_COST_DIGITS + 1 };
      expect(compare({ ...off, units: off.units < 0n ? -off.units : off.units }, most)).toBeLessThanOrEqual(0);
    }));
  });
});

describe("an amount beside another", () => {
  it("differs by so much, exactly, and by a share that is rounded for the eye", () => {
    expect(amountDelta("3.00", "2.00")).toEqual({ by: "1.00", percent: "50.0" });
    expect(amountDelta("1", "3")).toEqual({ by: "-2", percent: "-66.7" });
    expect(amountDelta("0.100000000000000001", "0.1")).toEqual({ by: "0.000000000000000001", percent: "0.0" });
  });

  it("has no share of nothing", () => {
    expect(amountDelta("3", "0.00")).toEqual({ by: "3.00", percent: null });
  });
});
