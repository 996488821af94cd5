import type { PendingReason } from "../experiments/pending.ts";
import type { Allowed, RunRow } from "../experiments/run-view.ts";
import type { QueuePolicy } from "./policy.ts";
import type { Quota } from "./quota.ts";

/** When a run may start, and what that rests on. */
export interface StartView {
  at: Date;
  basis: string;
}

/** A waiting run in the queue's order. */
export interface QueueRow extends RunRow {
  /** From 1; null while held or in its backoff, when it is not in the order. */
  position: number | null;
  pending: PendingReason | null;
  /** What binds it, with the numbers of this moment. */
  binding: string | null;
  start: StartView | null;
  held: { at: Date; by: string } | null;
  preemptible: boolean;
  gpuModel: string | null;
  order: Allowed;
}

/** How far off estimates were: the median of |told when it queued − came|. */
export interface EstimateError {
  medianSeconds: number;
  samples: number;
}

/** Why one run waits, for its page. */
export interface QueueExplained {
  position: number | null;
  waiting: number;
  /** Those ahead that the viewer may see, nearest to the head first; the others are counted. */
  ahead: { id: string; name: string; owner: string; gpus: number }[];
  hiddenAhead: number;
  binding: string | null;
  start: StartView | null;
  error: EstimateError | null;
  /** The run for which room is kept, where the viewer may see it. */
  keptFor: { id: string; name: string } | null;
}

export interface RunningRow extends RunRow {
  preemptible: boolean;
  isStopping: boolean;
  /** Likely end, by its limit or by experience; null where neither says. */
  endsAt: Date | null;
}

export interface ClusterUse {
  id: string;
  name: string;
  models: { model: string; total: number; used: number; failed: number; largestFree: number }[];
  cpus: { total: number; used: number };
  state: "open" | "drained" | "away";
}

export interface TeamUse {
  id: string;
  name: string;
  weight: number;
  /** Accelerator-hours as they count today. */
  usedHours: number;
  /** 1 is its fair share of what everybody used. */
  ratio: number;
  /** Accelerators held now. */
  held: number;
  waiting: number;
}

export interface QueueSummary {
  clusters: ClusterUse[];
  teams: TeamUse[];
  quotas: (Quota & { used: number })[];
  policy: QueuePolicy;
  words: { title: string; says: string }[];
  error: EstimateError | null;
  waiting: number;
  running: number;
}
