import { DAY_MS, dayName, dayOf } from "./days.ts";
import { periodOf } from "./ledger.ts";
import { HOUR_MS } from "./metering.ts";
import { monthName, spanOf } from "./period.ts";

/** What is sent, and how often. All moments are UTC, as the months of the books are. */
export const CADENCES = ["monthly", "weekly"] as const;
export type Cadence = (typeof CADENCES)[number];
/** What somebody may ask to get: reports by the calendar; and whenever it happens, what rose without being usual and what budgets reach. */
export const SUBSCRIPTIONS = [...CADENCES, "rises", "budgets"] as const;
export type Subscription = (typeof SUBSCRIPTIONS)[number];
export const isReport = (what: Subscription): what is Cadence => (CADENCES as readonly Subscription[]).includes(what);
export const SCHEDULE_SCOPES = ["org", "team", "project"] as const;
export type ScheduleScope = (typeof SCHEDULE_SCOPES)[number];

/** Late journals of a month's last hours are mostly in by then. */
const DAY_OF_MONTH = 3;
const MONDAY = 1;
const HOUR = 6;

export const CADENCE_LABEL: Record<Subscription, string> = { monthly: "Statement of the month before", weekly: "Costs of the week before", rises: "What rose unusually", budgets: "Budgets that reach a level" };
export const CADENCE_WHEN: Record<Subscription, string> = { monthly: `on the ${DAY_OF_MONTH}rd of each month, 06:00 UTC`, weekly: "each Monday, 06:00 UTC", rises: "once for each rise, when its day is complete", budgets: "once a month for each level, within a minute or two" };

/** A recipient is an address for mail, or the URL of a webhook. */
export const isWebhook = (recipient: string): boolean => /^\s*https?:/i.test(recipient);

/** The whole UTC days that a report is of, both included. */
export interface ReportSpan {
  from: string;
  to: string;
}

export function monthDays(period: string): ReportSpan {
  const { from, to } = spanOf(period);
  return { from: dayOf(from), to: dayOf(to - 1) };
}

/** The newest moment (Unix ms) at which a report was due, not after `now`. */
export function lastDue(cadence: Cadence, now: number): number {
  if (cadence === "weekly") {
    const today = Date.parse(dayOf(now));
    const monday = today - ((new Date(today).getUTCDay() - MONDAY + 7) % 7) * DAY_MS + HOUR * HOUR_MS;
    return monday <= now ? monday : monday - 7 * DAY_MS;
  }
  const dueIn = (month: number) => month + (DAY_OF_MONTH - 1) * DAY_MS + HOUR * HOUR_MS;
  const month = spanOf(periodOf(now)).from;
  return dueIn(month) <= now ? dueIn(month) : dueIn(spanOf(periodOf(month - 1)).from);
}

/** The first moment after `now` at which one is due. */
export function nextDue(cadence: Cadence, now: number): number {
  const last = lastDue(cadence, now);
  return cadence === "weekly" ? last + 7 * DAY_MS : lastDue(cadence, spanOf(periodOf(last)).to + DAY_OF_MONTH * DAY_MS);
}

/** What the report that is due at `due` is of: the last whole month or week before it. */
export function spanOfDue(cadence: Cadence, due: number): ReportSpan {
  if (cadence === "monthly") return monthDays(periodOf(spanOf(periodOf(due)).from - 1));
  const monday = Date.parse(dayOf(lastDue("weekly", due)));
  return { from: dayOf(monday - 7 * DAY_MS), to: dayOf(monday - 1) };
}

/** "Statement of November 2026", "Costs of the week from 16 Nov 2026". */
export const titleOf = (cadence: Cadence, { from }: ReportSpan): string => (cadence === "monthly" ? `Statement of ${monthName(from.slice(0, 7))}` : `Costs of the week from ${dayName(from)}`);

export type DeliveryState = "waiting" | "sent" | "failed";

export interface ScheduleView {
  id: string;
  cadence: Subscription;
  scope: { type: ScheduleScope; id: string; label: string };
  recipients: string[];
  /** In which amounts are shown as well. */
  currency: string | null;
  createdByName: string;
  pausedAt: Date | null;
  lastSentAt: Date | null;
  /** Null: of what is told when it happens nobody knows when. */
  nextAt: Date | null;
}
export interface DeliveryView {
  id: string;
  title: string;
  scope: string;
  recipient: string;
  state: DeliveryState;
  tries: number;
  error: string | null;
  at: Date;
  sentAt: Date | null;
}
export interface SchedulesView {
  /** False: this server was not told of an SMTP server. */
  canSend: boolean;
  schedules: ScheduleView[];
  /** The newest first. */
  deliveries: DeliveryView[];
}
