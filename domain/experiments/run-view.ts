import type { PlanCost } from "../costs/cost-view.ts";
import type { SchedulerWord } from "../agents/scheduler.ts";
import type { ClusterRow } from "../clusters/cluster-view.ts";
import type { AttemptOutcome, AttemptStatus } from "./attempt-status.ts";
import type { Evidence, FailureClass } from "./failure.ts";
import type { PendingReason } from "./pending.ts";
import type { RunSpec } from "./run-spec.ts";
import type { RunOrigin, RunStatus } from "./run-status.ts";

/** A row of every list of runs. */
export interface RunRow {
  id: string;
  name: string;
  origin: RunOrigin;
  status: RunStatus;
  statusSince: Date;
  statusReason: string | null;
  failureClass: FailureClass | null;
  project: { id: string; slug: string; name: string };
  experiment: { id: string; name: string };
  cluster: { id: string; name: string } | null;
  owner: { id: string; name: string };
  /** Who a client said it was. */
  clientUser: string | null;
  cpus: number;
  memoryMib: number;
  gpus: number;
  nodes: number;
  priority: number;
  attemptCount: number;
  tags: Record<string, string>;
  /** Last value of up to the three keys written most recently. */
  metrics: { key: string; last: number }[];
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
}

export interface AttemptView {
  id: string;
  number: number;
  status: AttemptStatus;
  outcome: AttemptOutcome | null;
  cluster: { id: string; name: string };
  nodeNames: string[];
  acceleratorIndexes: number[];
  /** Its job at the cluster's own scheduler; null where there is none. */
  scheduler: SchedulerWord | null;
  exitCode: number | null;
  signal: string | null;
  failureClass: FailureClass | null;
  evidence: Evidence | null;
  unreachableSince: Date | null;
  assignedAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  drainedAt: Date | null;
  /** `removed`: by a retention rule; its size is still known. */
  log: { bytes: number; lines: number; dropped: number; archived: boolean; removed: boolean };
}

/** What the viewer may do, and if not, why: buttons are disabled with this reason. */
export type Allowed = { ok: true } | { ok: false; reason: string };

export interface RunInput {
  id: string;
  name: string;
  digest: string;
  /** What it was read for, such as training; null where the run did not say. */
  context: string | null;
}

export interface RunDetail extends RunRow {
  /** null of a client's run: nothing was asked of Drover. */
  spec: RunSpec | null;
  /** Processes of each attempt: where there are several, the lines of the log say whose they are. */
  ranks: number;
  params: Record<string, string>;
  /** Data sets that it said it read, the first ones; with how many there are. */
  inputs: RunInput[];
  inputCount: number;
  pending: PendingReason | null;
  evidence: Evidence | null;
  attempts: AttemptView[];
  queuedAt: Date;
  /** Environment variables the process got, secrets left out. */
  environment: Record<string, string>;
  /** Unix ms after which it is stopped if nobody uses it; null unless it runs and is interactive. */
  idleUntil: number | null;
  can: { interact: Allowed; cancel: Allowed; retry: Allowed; clone: Allowed; declareLost: Allowed; order: Allowed };
}

export interface RunEventView {
  id: string;
  at: Date;
  kind: string;
  attemptNumber: number | null;
  actor: string | null;
  message: string;
  evidence: unknown;
}

/** The plan before submit: fits now on X, after Y, never because Z. */
export interface Plan {
  verdict: "now" | "later" | "never";
  /** One sentence. */
  message: string;
  cluster: { id: string; name: string } | null;
  /** Unix ms; null when nothing can be promised. */
  earliestAt: number | null;
  basis: string | null;
  /** What ends it where it names no time itself; null where nothing does. */
  end: string | null;
  /** What its scheduler has reserved ahead that keeps it from starting before; null where nothing does. */
  reserved: string | null;
  ahead: number;
  /** What it should cost; null where nothing that it would hold has a price. */
  cost: PlanCost | null;
  clusters: { id: string; name: string; verdict: "now" | "later" | "never"; reason: string; field: string | null }[];
}

/** Lines of an attempt's log, both streams merged in the order read. */
export interface LogPage {
  attemptId: string;
  totalLines: number;
  totalBytes: number;
  /** Segments in order. A segment without a closing newline goes on in the next of the same stream. */
  segments: { seq: number; stream: "stdout" | "stderr"; line: number; at: number; droppedBefore: number; text: string }[];
  /** First and last chunk in this page; ask `after: lastSeq` or `before: firstSeq` for more. */
  firstSeq: number | null;
  lastSeq: number | null;
  hasBefore: boolean;
  hasAfter: boolean;
  /** The attempt is drained: nothing more will come. */
  complete: boolean;
}

export interface LogMatch {
  seq: number;
  line: number;
  stream: "stdout" | "stderr";
  text: string;
}

/** A chart's series, reduced on the server to at most `buckets` points. Gaps stay gaps. */
export interface SeriesPoint {
  /** Step, or Unix ms, or seconds since the run began, as asked. */
  x: number;
  min: number;
  max: number;
  last: number;
  count: number;
}
export interface Series {
  key: string;
  points: SeriesPoint[];
  /** Points that were NaN or infinite and are not drawn, counted. */
  nonFinite: number;
  total: number;
}

export interface ArtifactView {
  id: string;
  path: string;
  bytes: number;
  sha256: string;
  contentType: string;
  attemptNumber: number | null;
  createdAt: Date;
}

export interface Overview {
  running: RunRow[];
  waiting: (RunRow & { pending: PendingReason | null })[];
  /** The newest few of those that failed in the last 24 h; `failedCount` counts them all. */
  failedToday: RunRow[];
  failedCount: number;
  finishedToday: number;
  counts: Record<RunStatus, number>;
  clusters: ClusterRow[];
  activity: { id: string; at: Date; actor: string; message: string; href: string | null }[];
}
