import type { SpendView } from "./cost-view.ts";
import { dayName, dayOf } from "./days.ts";
import { compare, decimal, decimalText, divide, isZero, multiply, roundParts, subtract, sum, ZERO } from "./decimal.ts";
import { displayNote, displayOf, type DisplayRate, type ReportDisplay } from "./display-currency.ts";
import { formatMoney, minorDigits } from "./money.ts";
import type { PeriodView } from "./period-view.ts";

export interface CostReportRow {
  /** "Idle" where nobody held it. */
  project: string;
  team: string;
  /** Exact. */
  amount: string;
  /** In cents; together they are the rounded total. */
  rounded: string;
}

/** Who owes what for which days: the one form of page, PDF, CSV and mail. */
export interface CostReport {
  title: string;
  organization: string;
  /** "Team Vision"; null: all of it. */
  scope: string | null;
  /** Whole UTC days, both included. */
  from: string;
  to: string;
  currency: string;
  /** In cents. */
  total: string;
  rows: CostReportRow[];
  /** The same in another currency; null: only in the organization's own. */
  display: ReportDisplay | null;
  /** What a reader must know to trust the figures: one sentence each. */
  notes: string[];
}

export type ReportFrame = Pick<CostReport, "title" | "organization" | "scope" | "from" | "to">;

/** A month as the books have it. */
export function statementReport(frame: ReportFrame, view: PeriodView): CostReport {
  const money = (amount: string) => formatMoney(amount, view.currency);
  const notes = [view.state === "closed" ? `Closed by ${view.closedBy} on ${dayName(dayOf(view.closedAt!.getTime()))}: final.` : "The month is not closed yet: amounts may still change."];
  if (!isZero(decimal(view.corrections))) notes.push(`${money(view.corrections)} of it are corrections of months that were closed before.`);
  if (!isZero(decimal(view.provisional))) notes.push(`${money(view.provisional)} of it are provisional: the journals of some agents are not settled.`);
  return { ...frame, currency: view.currency, total: view.roundedTotal, rows: view.lines.map(({ project, team, amount, rounded }) => ({ project, team, amount, rounded })), display: null, notes };
}

/** Days as they are rated now, beside as many days before them. */
export function spendReport(frame: ReportFrame, view: SpendView, before: SpendView, teamOf: ReadonlyMap<string, string>): CostReport {
  const rounded = roundParts(view.groups.map(({ amount }) => decimal(amount)), minorDigits(view.currency));
  const rows = view.groups.map(({ key, label, amount }, at) => ({ project: label, team: teamOf.get(key) ?? "", amount, rounded: decimalText(rounded[at]!) }));
  const notes = [comparison(view, before)];
  if (view.completeTo === null || dayOf(view.completeTo.getTime()) <= frame.to) notes.push(view.completeTo === null ? "No hour is complete yet." : `Data is complete to ${dayName(dayOf(view.completeTo.getTime()))}, ${view.completeTo.toISOString().slice(11, 16)} UTC: later hours may still come.`);
  if (!isZero(decimal(view.provisional))) notes.push(`${formatMoney(view.provisional, view.currency)} of it are provisional.`);
  if (view.isUnpriced) notes.push("Nothing has a price yet, so everything costs nothing.");
  return { ...frame, currency: view.currency, total: decimalText(sum(rounded)), rows, display: null, notes };
}

function comparison(view: SpendView, before: SpendView): string {
  const [now, then] = [decimal(view.amount), decimal(before.amount)];
  if (compare(then, ZERO) <= 0) return "The seven days before cost nothing.";
  const beside = `the seven days before (${formatMoney(before.amount, view.currency)})`;
  const change = divide(multiply(subtract(now, then), decimal("100")), then, 1);
  const size = decimalText({ ...change, units: change.units < 0n ? -change.units : change.units });
  return isZero(change) ? `As much as in ${beside}.` : `${size} % ${change.units > 0n ? "more" : "less"} than in ${beside}.`;
}

/** The report with its figures in another currency beside its own. */
export function displayed(report: CostReport, rate: DisplayRate | null): CostReport {
  if (!rate) return report;
  const display = displayOf(report.rows.map(({ amount }) => amount), rate);
  return { ...report, display, notes: [displayNote(display, report.currency), ...report.notes] };
}

/** Further columns where there is another currency. */
export const DISPLAY_CSV_HEAD = ["shown_amount", "shown_currency", "exchange_rate", "rate_since"] as const;
export const displayCsvCells = ({ currency, rate, since, rows }: ReportDisplay, at: number): string[] => [rows[at]!, currency, rate, since];

/** The columns of the report as a file: exact amounts beside those in cents. */
const REPORT_CSV_HEAD = ["from", "to", "team", "project", "amount", "exact_amount", "currency"] as const;
export const reportCsvLines = ({ from, to, currency, rows, display }: CostReport): string[][] => [
  [...REPORT_CSV_HEAD, ...(display ? DISPLAY_CSV_HEAD : [])],
  ...rows.map(({ team, project, rounded, amount }, at) => [from, to, team, project, rounded, amount, currency, ...(display ? displayCsvCells(display, at) : [])]),
];
