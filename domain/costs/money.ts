import { decimal, decimalText, roundHalfEven } from "./decimal.ts";

const SIGNS: Record<string, string> = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" };

/** An exact amount as people read it: cents, and more digits where a cent says nothing. Only for the eye. */
export function formatMoney(amount: string, currency: string): string {
  const value = decimal(amount);
  const negative = value.units < 0n;
  const absolute = { ...value, units: negative ? -value.units : value.units };
  const isTiny = absolute.units > 0n && roundHalfEven(absolute, 1).units === 0n;
  const [whole = "0", fraction] = decimalText(roundHalfEven(absolute, isTiny ? 4 : 2)).split(".");
  const text = `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction}`;
  const sign = SIGNS[currency];
  return `${negative ? "−" : ""}${sign ?? ""}${text}${sign ? "" : ` ${currency}`}`;
}

/** Where a chart puts it, and how wide a bar is: geometry, never an amount that anybody adds up or reads. */
export const geometryOf = (amount: string): number => +amount;
