import { decimal, decimalText, divide, isNegative, isZero, multiply, negate, subtract } from "./decimal.ts";

/** Digits after the point of a cost by unit: as many as the ledger's amounts have. */
export const UNIT_COST_DIGITS = 18;

/**
 * What a unit cost: cost × `per` ÷ units, exact up to the one rounding that a division needs, half to even at
 * UNIT_COST_DIGITS. Units are anything that is counted or measured: runs, requests, tokens.
 * @param amount An exact decimal as text.
 * @param units The same; a count as its digits.
 * @param per So many units: "1000000" for the cost of a million tokens.
 * @returns null where there are no units, of which none can cost anything.
 */
export function unitCost(amount: string, units: string, per = "1"): string | null {
  const count = decimal(units);
  return isZero(count) ? null : decimalText(divide(multiply(decimal(amount), decimal(per)), count, UNIT_COST_DIGITS));
}

/** How much dearer an amount is than another. */
export interface AmountDelta {
  /** The exact difference. */
  by: string;
  /** In percent of the other, half to even to one digit; null where that cost nothing. */
  percent: string | null;
}

export function amountDelta(amount: string, baseline: string): AmountDelta {
  const [own, other] = [decimal(amount), decimal(baseline)];
  const by = subtract(own, other);
  const size = isNegative(other) ? negate(other) : other;
  return { by: decimalText(by), percent: isZero(size) ? null : decimalText(divide(multiply(by, decimal("100")), size, 1)) };
}
