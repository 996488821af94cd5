import type { Decimal } from "./decimal.ts";
import { isZero } from "./decimal.ts";

/** A month without a row is open. */
export const PERIOD_STATES = ["requested", "closed"] as const;
export type PeriodState = (typeof PERIOD_STATES)[number];

const PERIOD = /^(\d{4})-(0[1-9]|1[0-2])$/;
export const isPeriod = (text: string): boolean => PERIOD.test(text);
/** Unix ms of its first moment and of the first after it, UTC. */
export function spanOf(period: string): { from: number; to: number } {
  const [, year, month] = PERIOD.exec(period)!;
  return { from: Date.UTC(+year!, +month! - 1, 1), to: Date.UTC(+year!, +month!, 1) };
}

/** "November 2026". */
export const monthName = (month: string): string => new Date(`${month}-15T00:00:00Z`).toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

/** What stands between a month and its close. */
export interface PeriodFacts {
  /** The hour before which every cluster's hours are over and rated; null where no cluster is metered. */
  completeTo: number | null;
  /** Asset-hours of it that are still to be rated. */
  dirtyHours: number;
  provisional: Decimal;
  /** Claims of usage that contradict each other, witnesses that differ, of which nobody has said what holds. */
  openReviews: number;
  /** Asset-hours in which more was held than there was, of which nobody has said what holds. */
  negativeIdle: number;
  /** The earliest month before it that is not closed and has something booked. */
  openBefore: string | null;
}
export interface PeriodCheck {
  name: string;
  ok: boolean;
  /** What is wrong and what helps; null where it is right. */
  problem: string | null;
  /** Nothing is wrong: it comes by itself with the end of the month. */
  early: boolean;
  /** Where somebody can put it right. */
  at?: "discrepancies";
}

/** Every check, in the order in which one goes through them. */
export function periodChecks(period: string, facts: PeriodFacts, now: number): PeriodCheck[] {
  const { to } = spanOf(period);
  const running = now < to;
  const check = (name: string, ok: boolean, problem: string, early = false): PeriodCheck => ({ name, ok, problem: ok ? null : problem, early: !ok && early });
  const many = (count: number, one: string, more: string) => `${count} ${count === 1 ? one : more}`;
  return [
    check("The month is over", !running, "It can be closed from its first moment after, UTC.", true),
    check("Every hour is rated", facts.dirtyHours === 0 && (facts.completeTo === null || facts.completeTo >= to), facts.dirtyHours > 0 ? `${many(facts.dirtyHours, "asset-hour waits", "asset-hours wait")} to be rated. A worker does so within minutes.` : "Not every cluster's hours are complete yet. They are a few minutes after the month's end.", running),
    check("Nothing is provisional", isZero(facts.provisional), "The journals of some agents are not settled. Bring those agents back, or give up their attempts.", running),
    { ...check("No claims contradict each other", facts.openReviews === 0, `${many(facts.openReviews, "contradiction of usage waits", "contradictions of usage wait")} for somebody to look at.`), at: "discrepancies" },
    { ...check("Nobody held more than there was", facts.negativeIdle === 0, `In ${many(facts.negativeIdle, "asset-hour", "asset-hours")} more was held than the nodes had, and nobody has said yet what holds.`), at: "discrepancies" },
    check("The months before are closed", facts.openBefore === null, facts.openBefore === null ? "" : `${monthName(facts.openBefore)} is still open.`),
  ];
}
