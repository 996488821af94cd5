import { decimal, type Decimal, decimalText, divide, roundParts, sum } from "./decimal.ts";
import type { SpendView } from "./cost-view.ts";
import { dayName } from "./days.ts";
import { formatMoney, minorDigits } from "./money.ts";

/** By what amounts are shown in another currency: one unit of it is worth `rate` of the organization's own, since a UTC day. */
export interface DisplayRate {
  currency: string;
  rate: string;
  since: string;
}
/** A report's figures in another currency, beside the ledger's own, which they never replace: in cents, and adding up. */
export interface ReportDisplay extends DisplayRate {
  total: string;
  /** In the order of the report's rows. */
  rows: string[];
}

/** Digits of a shown amount before it is rounded to cents: what the ledger itself has. */
const SHOWN_SCALE = 18;

const inCurrency = (amount: Decimal, { rate }: DisplayRate): Decimal => divide(amount, decimal(rate), SHOWN_SCALE);
const shownAmount = (amount: string, rate: DisplayRate): string => decimalText(inCurrency(decimal(amount), rate));

/** @param amounts Exact, of the organization's own currency. */
export function displayOf(amounts: readonly string[], rate: DisplayRate): ReportDisplay {
  const rows = roundParts(amounts.map((amount) => inCurrency(decimal(amount), rate)), minorDigits(rate.currency));
  return { ...rate, total: decimalText(sum(rows)), rows: rows.map(decimalText) };
}

/** A view whose amounts are shown in another currency. The ledger's own stay what they are: this is for the eye. */
export function spendIn(spend: SpendView, rate: DisplayRate): SpendView {
  const shown = (amount: string) => shownAmount(amount, rate);
  return {
    ...spend, currency: rate.currency, amount: shown(spend.amount), provisional: shown(spend.provisional),
    groups: spend.groups.map((group) => ({ ...group, amount: shown(group.amount), provisional: shown(group.provisional) })),
    days: spend.days.map((day) => ({ ...day, amount: shown(day.amount) })),
  };
}

/** What a reader must know of figures in another currency. @param own The organization's. */
export const rateWords = ({ currency, rate, since }: DisplayRate, own: string): string => `1 ${currency} is ${rate} ${own}, the rate since ${dayName(since)}. The books are kept in ${own}.`;

/** The one note that a report carries of it. */
export const displayNote = (display: ReportDisplay, own: string): string => `In ${display.currency}: ${formatMoney(display.total, display.currency)}. ${rateWords(display, own)}`;
