import { NOT_INTERACTIVE } from "../clusters/capabilities.ts";
import { canMove, type RunOrigin, type RunStatus, TERMINAL } from "./run-status.ts";
import type { Allowed, RunDetail } from "./run-view.ts";

/** What decides which buttons a run shows: its state, whose it is, and what the caller holds in its project. */
export interface RunSituation {
  status: RunStatus;
  origin: RunOrigin;
  isOwn: boolean;
  /** An attempt of it is out of reach, so somebody may give it up. */
  hasUnreachableAttempt: boolean;
  /** The cluster of its live attempt lets people in; null: it has none. */
  letsIn: boolean | null;
  holds: { interact: boolean; interactAny: boolean; submit: boolean; cancel: boolean; cancelAny: boolean; declareLost: boolean; order: boolean };
}

const yes: Allowed = { ok: true };
const no = (reason: string): Allowed => ({ ok: false, reason });

const ELSEWHERE = "A client runs it elsewhere and logs here: only the client can do that.";

/** Each act with its answer, and the reason where it is no. Commands refuse by the same table that the buttons read. */
export function runActions(run: RunSituation): RunDetail["can"] {
  if (run.origin === "client") return { cancel: no(ELSEWHERE), retry: no(ELSEWHERE), clone: no("It was not submitted here, so there is no spec to clone."), declareLost: no("It has no attempts: a client runs it elsewhere."), order: no(ELSEWHERE), interact: no(ELSEWHERE) };
  return { interact: interact(run), cancel: cancel(run), retry: retry(run), clone: clone(run), declareLost: declareLost(run), order: order(run) };
}

/** Whether the missing thing is a permission (then `forbidden`) rather than the run's state (then `conflict`). */
export function mayTouch({ isOwn, holds }: Pick<RunSituation, "isOwn"> & { holds: Pick<RunSituation["holds"], "cancel" | "cancelAny"> }): Allowed {
  if (holds.cancelAny || (isOwn && holds.cancel)) return yes;
  return no(isOwn ? "This needs the permission runs:cancel." : "It is somebody else's run: this needs the permission runs:cancel-any.");
}

/** Shells and apps: of one's own runs, or, with more, of anybody's. */
function interact({ status, letsIn, isOwn, holds }: RunSituation): Allowed {
  if (!(holds.interactAny || (isOwn && holds.interact))) return no(isOwn ? "This needs the permission runs:interact." : "It is somebody else's run: this needs the permission runs:interact-any.");
  if (TERMINAL.has(status)) return no(`It has ended: ${status}.`);
  if (status !== "running") return no("It is not running yet.");
  return letsIn ? yes : no(NOT_INTERACTIVE);
}

function cancel(run: RunSituation): Allowed {
  if (run.status === "cancelling") return no("It is already being cancelled.");
  if (!canMove(run.status, "cancel")) return no(`It has already ended: ${run.status}.`);
  return mayTouch(run);
}

function retry(run: RunSituation): Allowed {
  if (run.status === "succeeded") return no("It succeeded. Clone it to run it again.");
  if (!canMove(run.status, "retry")) return no("It has not ended yet.");
  return mayTouch(run);
}

function clone({ holds }: RunSituation): Allowed {
  return holds.submit ? yes : no("This needs the permission runs:submit.");
}

function declareLost(run: RunSituation): Allowed {
  if (TERMINAL.has(run.status)) return no(`It has already ended: ${run.status}.`);
  if (!run.hasUnreachableAttempt) return no("Its cluster is in touch; only an attempt out of reach can be given up.");
  return run.holds.declareLost ? yes : no("This needs the permission runs:declare-lost.");
}

/** Hold, release, reorder, move: only while it waits. */
function order(run: RunSituation): Allowed {
  if (run.status !== "queued") return no(`It no longer waits: ${run.status}.`);
  if (run.holds.order || (run.isOwn && run.holds.cancel)) return yes;
  return no(run.isOwn ? "This needs the permission runs:cancel." : "It is somebody else's run: this needs the permission queue:order.");
}
