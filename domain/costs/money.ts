import { compare, decimal, decimalText, roundHalfEven } from "./decimal.ts";

const MINOR = new Map<string, number>();
/** Digits after the point of what can be paid in a currency, which is what an invoice is rounded to: two of most, none of yen, three of dinars. Two of one that ISO 4217 does not know, such as credits. */
export function minorDigits(currency: string): number {
  const known = MINOR.get(currency) ?? new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  MINOR.set(currency, known);
  return known;
}

const SIGNS: Record<string, string> = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" };

/**
 * An exact amount as people read it: cents (or what its currency has instead), and more digits where a cent says nothing; what is more than nothing never
 * reads as nothing. Only for the eye.
 * @param locale A language tag such as `de-CH`; null, or one that nobody knows: the console's own way.
 */
export function formatMoney(amount: string, currency: string, locale: string | null = null): string {
  const value = decimal(amount);
  const negative = value.units < 0n;
  const absolute = { ...value, units: negative ? -value.units : value.units };
  const minor = minorDigits(currency);
  const isTiny = absolute.units > 0n && roundHalfEven(absolute, minor - 1).units === 0n && compare(roundHalfEven(absolute, minor), absolute) !== 0;
  const digits = isTiny ? minor + 2 : minor;
  if (isTiny && roundHalfEven(absolute, digits).units === 0n) return `${negative ? ">" : "<"}${formatMoney(decimalText({ units: negative ? -1n : 1n, scale: digits }), currency, locale)}`;
  const known = locale === null ? null : knownLocale(locale);
  if (known) return new Intl.NumberFormat(known, { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(decimalText(roundHalfEven(value, digits)) as unknown as bigint); // digits as text: Intl takes them exactly, its types lag behind
  const [whole = "0", fraction] = decimalText(roundHalfEven(absolute, digits)).split(".");
  const text = `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${fraction === undefined ? "" : `.${fraction}`}`;
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
