import { DomainError } from "../shared/errors.ts";

export const RUN_STATUSES = ["queued", "starting", "running", "cancelling", "unreachable", "succeeded", "failed", "cancelled"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Who makes a run happen: Drover, or a program elsewhere that only logs to it. */
export const RUN_ORIGINS = ["submitted", "client"] as const;
export type RunOrigin = (typeof RUN_ORIGINS)[number];

export const RUN_EVENTS = ["assign", "run", "succeed", "fail", "requeue", "cancel", "stop", "lose", "recover", "retry"] as const;
export type RunEvent = (typeof RUN_EVENTS)[number];

/** status → event → next status. Writes, buttons, the diagram in docs/ and the tests all read this one table. */
export const MOVES: Record<RunStatus, Partial<Record<RunEvent, RunStatus>>> = {
  queued: { assign: "starting", cancel: "cancelled", fail: "failed" },
  starting: { run: "running", succeed: "succeeded", fail: "failed", requeue: "queued", cancel: "cancelling", lose: "unreachable" },
  running: { succeed: "succeeded", fail: "failed", requeue: "queued", cancel: "cancelling", lose: "unreachable" },
  cancelling: { stop: "cancelled", succeed: "succeeded", fail: "failed" }, // may end first; silence does not settle it
  // Silence is not death: out of reach since a moment, and it may still be burning GPUs.
  unreachable: { assign: "starting", recover: "running", succeed: "succeeded", fail: "failed", requeue: "queued", cancel: "cancelling" },
  succeeded: {},
  failed: { retry: "queued" },
  cancelled: { retry: "queued" },
};

export const TERMINAL: ReadonlySet<RunStatus> = new Set<RunStatus>(["succeeded", "failed", "cancelled"]);
export const ACTIVE_STATUSES = RUN_STATUSES.filter((status) => !TERMINAL.has(status) && status !== "queued");

export const canMove = (status: RunStatus, event: RunEvent): boolean => event in MOVES[status];

/** @throws DomainError "conflict" when the table has no such move. */
export function move(status: RunStatus, event: RunEvent): RunStatus {
  const next = MOVES[status][event];
  if (!next) throw new DomainError("conflict", `Cannot ${event} a run that is ${status}.`, { context: { status, event } });
  return next;
}
