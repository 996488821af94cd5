import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare, decimal, type Decimal, decimalText, divide, isNegative, multiply, negate, roundHalfEven, roundParts, subtract, sum, trimmed } from "./decimal.ts";

/** Of any size, with more digits than any currency has. */
const any = fc.record({ units: fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), scale: fc.integer({ min: 0, max: 24 }) });
const scale = fc.integer({ min: 0, max: 8 });
const absolute = (value: Decimal): Decimal => (isNegative(value) ? negate(value) : value);
const HALF = decimal("0.5");

/** Is `rounded` as near as its digits allow, and the even one of two that are as near? `off` is how far it is from the truth, in its last digit, times `by`. */
function isHalfEven(rounded: Decimal, off: Decimal, by: Decimal): boolean {
  const beside = compare(absolute(off), multiply(HALF, absolute(by)));
  return beside < 0 || (beside === 0 && rounded.units % 2n === 0n);
}

describe("a decimal", () => {
  it("is read and written as it was, and says the same without the zeros at its end", () => {
    fc.assert(fc.property(any, (value) => {
      expect(decimal(decimalText(value))).toEqual(value.units === 0n ? { units: 0n, scale: value.scale } : value);
      expect(compare(trimmed(value), value)).toBe(0);
    }), { numRuns: 2_000 });
    for (const text of ["", " 1", "1.", ".5", "1e3", "+1", "0x1", "1,000", "NaN", "١"]) expect(() => decimal(text), text).toThrow("plain decimal number");
  });

  it("is rounded half to even, and a quotient as if its digits were all known", () => {
    fc.assert(fc.property(any, any, scale, (a, b, digits) => {
      const unit: Decimal = { units: 10n ** BigInt(digits), scale: 0 };
      const rounded = roundHalfEven(a, digits);
      expect(isHalfEven(rounded, multiply(subtract(a, rounded), unit), decimal("1"))).toBe(true);
      if (b.units === 0n) return;
      const quotient = divide(a, b, digits);
      expect(isHalfEven(quotient, multiply(subtract(a, multiply(quotient, b)), unit), b)).toBe(true);
    }), { numRuns: 5_000 });
    // Half a cent and next to nothing more is more than half a cent.
    expect(decimalText(divide(decimal("1"), { units: 2n * 10n ** 30n - 1n, scale: 30 }, 0))).toBe("1");
    expect(decimalText(divide(decimal("1"), decimal("2"), 0))).toBe("0");
  });
});

describe("parts", () => {
  it("are rounded so that they add up to the rounded sum, each by less than one of the last digit", () => {
    fc.assert(fc.property(fc.array(any, { maxLength: 20 }), scale, (parts, digits) => {
      const rounded = roundParts(parts, digits);
      expect(compare(sum(rounded), roundHalfEven(sum(parts), digits))).toBe(0);
      for (const [at, part] of parts.entries()) expect(compare(absolute(subtract(part, rounded[at]!)), { units: 1n, scale: digits })).toBe(-1);
    }), { numRuns: 5_000 });
  });
});
