import type { Anomaly, Cause, CauseDimension } from "./anomaly.ts";
import { DAY_MS, dayName, spanName } from "./days.ts";
import { decimal, isZero } from "./decimal.ts";
import { formatMoney } from "./money.ts";
import { formatNumber } from "../shared/format.ts";

/** What rose unusually, as somebody is told of it. */
export interface RiseNotice extends Anomaly {
  causes: Cause[];
  currency: string;
}
/** What was told of a project already: the days that it had cost too much by then. */
export interface ToldRise {
  key: string;
  from: string;
  to: string;
}
/** Unusual days that lie closer are one story, as they are where they are found. */
const TOGETHER_MS = 2 * DAY_MS;

/** One story, seen on two days: it grows at its end, and its begin falls out of the days that are watched. */
export const isSameRise = (found: ToldRise, told: ToldRise): boolean =>
  found.key === told.key && Date.parse(told.from) <= Date.parse(found.to) + TOGETHER_MS && Date.parse(found.from) <= Date.parse(told.to) + TOGETHER_MS;

/**
 * What is news: each story once, whatever becomes of it. What was over before somebody asked to be told is none.
 * @param since Unix ms, when they asked.
 */
export function freshRises<Found extends ToldRise>(found: readonly Found[], told: readonly ToldRise[], since: number): Found[] {
  return found.filter((one) => Date.parse(one.to) + DAY_MS > since && !told.some((known) => isSameRise(one, known)));
}

/** "3.2 × its usual $100.00" */
export const ratioWords = ({ ratio, usual }: Anomaly["worst"], currency: string): string => (isZero(decimal(usual)) ? "where it usually costs nothing" : `${formatNumber(ratio, 2)} × its usual ${formatMoney(usual, currency)}`);
export const lastingWords = ({ isOpen, from, to }: Anomaly): string => (isOpen ? `Since ${dayName(from)}, and still so.` : from === to ? "On that day alone." : `From ${spanName(from, to)}; it is over.`);
const BY: Record<CauseDimension, (label: string) => string> = { experiment: (label) => `the experiment ${label}`, person: (label) => `runs of ${label}`, resource: (label) => label };
/** Empty where nothing can be named. */
export const causeWords = (causes: readonly Cause[]): string => (causes.length === 0 ? "" : `${causes.map(({ dimension, label, percent }) => `${percent} % of it ${BY[dimension](label)}`).join(", ")}.`);
export const riseTitle = ({ label, worst, currency }: RiseNotice): string => `${label} cost ${formatMoney(worst.amount, currency)} on ${dayName(worst.day)}, ${ratioWords(worst, currency)}`;
