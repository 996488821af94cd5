import type { Bell } from "../backoff.ts";
import type { ServerClock } from "../clock.ts";
import type { Driver } from "../drivers/driver.ts";
import type { Journal } from "./journal.ts";
import type { Surroundings } from "./prepare.ts";
import type { AttemptRecord } from "./record.ts";

export interface SupervisorParts {
  driver: Driver;
  journal: Journal;
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
  retryAt: number;
  killing: boolean;
}

export function liveOf(record: AttemptRecord): Live {
  return { record, stepping: false, again: false, setup: new AbortController(), reserved: null, retryAt: 0, killing: false };
}
