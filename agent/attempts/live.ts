import { uptime } from "node:os";
import type { Bell } from "../backoff.ts";
import type { ServerClock } from "../clock.ts";
import type { Driver, SchedulerWord } from "../drivers/driver.ts";
import type { AttemptReport } from "../protocol/messages.ts";
import type { Journal } from "./journal.ts";
import type { Surroundings } from "./prepare.ts";
import type { Owed } from "./owed.ts";
import type { AttemptRecord } from "./record.ts";

export interface SupervisorParts {
  driver: Driver;
  journal: Journal;
  owed: Owed;
  clock: ServerClock;
  around: Surroundings;
  nodeName: string;
  /** Rung when a report changed or an attempt went: the sync loop then talks at once. */
  news: Bell;
  /** Rung when there may be bytes to send. */
  bytes: Bell;
}

/** Work on one attempt: one step at a time, and again if somebody asked meanwhile. */
export interface Live {
  record: AttemptRecord;
  stepping: boolean;
  again: boolean;
  /** Aborted by a stop: ends downloads and clones. */
  setup: AbortController;
  /** Held before the intent says so. */
  reserved: number[] | null;
  /** On this process's monotonic clock, like `killAt`: the wall clock may be set at any moment. */
  retryAt: number;
  /** When the grace of its stop is over; null without a stop. */
  killAt: number | null;
  killing: boolean;
  /** When its limit of time is over; null without a limit, and until it is seen to run. */
  limitAt: number | null;
}

/**
 * When the grace of a journaled stop is over. What went by before this process is known by the host's uptime; after a boot,
 * which nothing of the attempt outlives, and where it was not noted, all of the grace is left.
 */
export function graceEnd({ stop, spec }: Pick<AttemptRecord, "stop" | "spec">, monotonic = performance.now(), up = uptime()): number | null {
  if (!stop || !spec) return null;
  const goneSeconds = stop.up === undefined || stop.up > up ? 0 : up - stop.up;
  return monotonic + Math.max(0, spec.graceSeconds - goneSeconds) * 1000;
}

/**
 * When an attempt's limit of time is over, reckoned once it is seen to run: from then on no wall clock counts. This host's may be
 * set, the server's too, and after a start of the agent that is not known yet: of what both say the longer time left is given.
 * @param startedAt By this host's wall clock.
 */
export function limitEnd({ spec, report }: Pick<AttemptRecord, "spec" | "report">, clock: ServerClock, startedAt: number): number | null {
  const most = spec?.maxDurationSeconds ?? null;
  if (most === null) return null;
  const byServer = report.startedAt !== null && clock.learnt ? clock.now() - report.startedAt : Infinity;
  return performance.now() + most * 1000 - Math.max(0, Math.min(Date.now() - startedAt, byServer));
}

/** Where it is or was, for its report. A scheduler that chose the nodes may have forgotten them since. */
export function placeOf({ driver, nodeName }: SupervisorParts, record: AttemptRecord, seen: { nodes?: string[]; accelerators?: number[]; scheduler?: SchedulerWord }): Partial<AttemptReport> {
  if (!driver.placesItself) return { nodes: [nodeName], accelerators: record.intent?.accelerators ?? [] };
  return { nodes: seen.nodes ?? record.report.nodes, accelerators: seen.accelerators ?? record.report.accelerators, ...(seen.scheduler ? { scheduler: seen.scheduler } : {}) };
}

export function liveOf(record: AttemptRecord): Live {
  return { record, stepping: false, again: false, setup: new AbortController(), reserved: null, retryAt: 0, killAt: graceEnd(record), killing: false, limitAt: null };
}
