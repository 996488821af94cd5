import { compare, decimal, decimalText, roundHalfEven } from "./decimal.ts";

const SIGNS: Record<string, string> = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" };

/**
 * An exact amount as people read it: cents, and more digits where a cent says nothing; what is more than nothing never
 * reads as nothing. Only for the eye.
 * @param locale A language tag such as `de-CH`; null, or one that nobody knows: the console's own way.
 */
export function formatMoney(amount: string, currency: string, locale: string | null = null): string {
  const value = decimal(amount);
  const negative = value.units < 0n;
  const absolute = { ...value, units: negative ? -value.units : value.units };
  const isTiny = absolute.units > 0n && roundHalfEven(absolute, 1).units === 0n && compare(roundHalfEven(absolute, 2), absolute) !== 0;
  const digits = isTiny ? 4 : 2;
  if (isTiny && roundHalfEven(absolute, digits).units === 0n) return `${negative ? ">" : "<"}${formatMoney(negative ? "-0.0001" : "0.0001", currency, locale)}`;
  const known = locale === null ? null : knownLocale(locale);
  if (known) return new Intl.NumberFormat(known, { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(decimalText(roundHalfEven(value, digits)) as unknown as bigint); // digits as text: Intl takes them exactly, its types lag behind
  const [whole = "0", fraction] = decimalText(roundHalfEven(absolute, digits)).split(".");
  const text = `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction}`;
  const sign = SIGNS[currency];
  return `${negative ? "−" : ""}${sign ?? ""}${text}${sign ? "" : ` ${currency}`}`;
}

/** A unit price with all its digits, and two at least: "2.1" → "2.10", "0.0017" stays. */
export function priceWords(price: string): string {
  const [whole = "0", fraction = ""] = price.split(".");
  return `${whole}.${fraction.padEnd(2, "0")}`;
}

function knownLocale(tag: string): string | null {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag)[0] ?? null;
  } catch {
    return null;
  }
}

/** Where a chart puts it, and how wide a bar is: geometry, never an amount that anybody adds up or reads. */
export const geometryOf = (amount: string): number => +amount;
