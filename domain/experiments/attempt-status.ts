import { DomainError } from "../shared/errors.ts";

/**
 * One try of a run on one cluster. `assigned`: the server chose the cluster. `starting`: the agent took it.
 * `unreachable` keeps since when. `ended` is final and has an outcome; so is `lost`: given up, its fence refused from then on.
 */
export const ATTEMPT_STATUSES = ["assigned", "starting", "running", "unreachable", "ended", "lost"] as const;
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];
export const ATTEMPT_OUTCOMES = ["succeeded", "failed", "cancelled"] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

export const ATTEMPT_EVENTS = ["take", "run", "end", "lose-contact", "regain-contact", "give-up"] as const;
export type AttemptEvent = (typeof ATTEMPT_EVENTS)[number];

export const ATTEMPT_MOVES: Record<AttemptStatus, Partial<Record<AttemptEvent, AttemptStatus>>> = {
  assigned: { take: "starting", run: "running", end: "ended", "lose-contact": "unreachable", "give-up": "lost" },
  starting: { run: "running", end: "ended", "lose-contact": "unreachable", "give-up": "lost" },
  running: { end: "ended", "lose-contact": "unreachable", "give-up": "lost" },
  unreachable: { take: "starting", run: "running", end: "ended", "regain-contact": "running", "give-up": "lost" },
  ended: {},
  lost: {},
};

export const LIVE_ATTEMPT_STATUSES = ["assigned", "starting", "running", "unreachable"] as const;

/** @throws DomainError "conflict" when the table has no such move. */
export function moveAttempt(status: AttemptStatus, event: AttemptEvent): AttemptStatus {
  const next = ATTEMPT_MOVES[status][event];
  if (!next) throw new DomainError("conflict", `Cannot ${event} an attempt that is ${status}.`, { context: { status, event } });
  return next;
}
