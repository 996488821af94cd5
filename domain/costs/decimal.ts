import { DomainError } from "../shared/errors.ts";

/**
 * Exact decimals: `units` × 10^-`scale`, both as they were written. Money never passes through a JavaScript number, so
 * there is no rounding anywhere but in `roundHalfEven`, which only an invoice and the eye use.
 */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

export const ZERO: Decimal = { units: 0n, scale: 0 };
const TEXT = /^(-?)(\d+)(?:\.(\d+))?$/;
const power = (scale: number): bigint => 10n ** BigInt(scale);

/** @throws DomainError "invalid" for anything but plain digits: no exponent, no currency, no thousands. */
export function decimal(text: string): Decimal {
  const match = TEXT.exec(text);
  if (!match) throw new DomainError("invalid", `"${text.slice(0, 40)}" is not a plain decimal number such as 12.50.`);
  const [, sign, whole = "", fraction = ""] = match;
  const units = BigInt(whole + fraction);
  return { units: sign === "-" ? -units : units, scale: fraction.length };
}

/** `scale`: digits after the point to show; more than that must be zeros. Without it, as many as there are. */
export function decimalText({ units, scale }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const sign = units < 0n ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The same value with `scale` digits. @throws DomainError "invalid" where digits would be lost. */
export function rescale(value: Decimal, scale: number): Decimal {
  if (scale >= value.scale) return { units: value.units * power(scale - value.scale), scale };
  const divisor = power(value.scale - scale);
  if (value.units % divisor !== 0n) throw new DomainError("invalid", `${decimalText(value)} has more than ${scale} decimal places.`);
  return { units: value.units / divisor, scale };
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = a.scale > b.scale ? a.scale : b.scale;
  return { units: rescale(a, scale).units + rescale(b, scale).units, scale };
}

/** The same value without zeros at its end. */
export function trimmed({ units, scale }: Decimal): Decimal {
  let [left, digits] = [units, scale];
  while (digits > 0 && left % 10n === 0n) [left, digits] = [left / 10n, digits - 1];
  return { units: left, scale: digits };
}

export const negate = ({ units, scale }: Decimal): Decimal => ({ units: -units, scale });
export const subtract = (a: Decimal, b: Decimal): Decimal => add(a, negate(b));
/** Exact: the scales add up. */
export const multiply = (a: Decimal, b: Decimal): Decimal => ({ units: a.units * b.units, scale: a.scale + b.scale });
export const sum = (values: Iterable<Decimal>): Decimal => [...values].reduce(add, ZERO);

/** Amounts as text, together: as text. */
export const addedUp = (amounts: readonly string[]): string => decimalText(sum(amounts.map(decimal)));

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const { units } = subtract(a, b);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}
export const isZero = ({ units }: Decimal): boolean => units === 0n;
export const isNegative = ({ units }: Decimal): boolean => units < 0n;

/** To `scale` digits; exactly half goes to the even neighbour. For invoices and for the eye. */
export function roundHalfEven(value: Decimal, scale: number): Decimal {
  if (scale >= value.scale) return rescale(value, scale);
  return { units: halfEven(value.units, power(value.scale - scale)), scale };
}

/** Quotient to `scale` digits, half to even. @throws DomainError "invalid" when dividing by zero. */
export function divide(a: Decimal, b: Decimal, scale: number): Decimal {
  if (b.units === 0n) throw new DomainError("invalid", "Nothing can be divided by zero.");
  const sign = b.units < 0n ? -1n : 1n;
  return { units: halfEven(sign * a.units * power(scale + b.scale), sign * b.units * power(a.scale)), scale };
}

/** @param divisor More than zero. */
function halfEven(units: bigint, divisor: bigint): bigint {
  const sign = units < 0n ? -1n : 1n;
  const positive = units * sign;
  const whole = positive / divisor;
  const twice = (positive % divisor) * 2n;
  const up = twice > divisor || (twice === divisor && whole % 2n === 1n) ? 1n : 0n;
  return (whole + up) * sign;
}

/**
 * Rounds parts to `scale` so that together they are the rounded total: each part down, then one unit each to those that
 * lost the most. For the lines of an invoice.
 */
export function roundParts(parts: readonly Decimal[], scale: number): Decimal[] {
  const total = roundHalfEven(sum(parts), scale);
  const floors = parts.map((part) => floorTo(part, scale));
  let left = total.units - floors.reduce((units, one) => units + one.units, 0n);
  const order = parts.map((part, at) => ({ at, lost: subtract(part, floors[at]!) })).toSorted((a, b) => compare(b.lost, a.lost) || a.at - b.at);
  for (const { at } of order) {
    if (left <= 0n) break;
    floors[at] = { units: floors[at]!.units + 1n, scale };
    left -= 1n;
  }
  return floors;
}

function floorTo(value: Decimal, scale: number): Decimal {
  if (scale >= value.scale) return rescale(value, scale);
  const divisor = power(value.scale - scale);
  const down = value.units / divisor - (value.units < 0n && value.units % divisor !== 0n ? 1n : 0n);
  return { units: down, scale };
}
