import { sql } from "drizzle-orm";
import { bigint, boolean, check, doublePrecision, foreignKey, index, integer, jsonb, pgSequence, pgTable, primaryKey, smallint, text, unique } from "drizzle-orm/pg-core";
import type { SchedulerWord } from "../../domain/agents/scheduler.ts";
import { ATTEMPT_OUTCOMES, ATTEMPT_STATUSES } from "../../domain/experiments/attempt-status.ts";
import { type Evidence, FAILURE_CLASSES } from "../../domain/experiments/failure.ts";
import type { RunSpec } from "../../domain/experiments/run-spec.ts";
import type { PendingReason } from "../../domain/experiments/pending.ts";
import { RUN_ORIGINS, RUN_STATUSES } from "../../domain/experiments/run-status.ts";
import { projects } from "./access.ts";
import { clusters } from "./clusters.ts";
import { bytea, id, moment, oneOf, timestamps } from "./columns.ts";

export const experiments = pgTable("experiments", {
  id: id("experiment"),
  orgId: text().notNull(),
  projectId: text().notNull(),
  name: text().notNull(),
  /** Where artifacts go, when a client said so; else below Drover's own root. */
  artifactLocation: text(),
  /** Out of the lists, with its runs, until somebody restores it. */
  deletedAt: moment(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  unique("experiments_org_id").on(t.orgId, t.id),
  unique("experiments_name").on(t.projectId, t.name),
]);

export const experimentTags = pgTable("experiment_tags", { experimentId: text().notNull().references(() => experiments.id), key: text().notNull(), value: text().notNull() }, (t) => [
  primaryKey({ columns: [t.experimentId, t.key] }),
]);

/** One execution that someone asked for. Never deleted: the cost ledger will point here. */
export const runs = pgTable("runs", {
  id: id("run"),
  orgId: text().notNull(),
  projectId: text().notNull(),
  experimentId: text().notNull(),
  name: text().notNull(),
  /** `submitted`: Drover runs it. `client`: a program elsewhere logs to it and ends it; it has no spec and no attempts, and nothing here ever moves it, but that what a run's program made ends with its attempt. */
  origin: text({ enum: RUN_ORIGINS }).notNull().default("submitted"),
  status: text({ enum: RUN_STATUSES }).notNull().default("queued"),
  statusSince: moment().notNull().defaultNow(),
  /** Why it is in this status, in one line: the why box's sentence. */
  statusReason: text(),
  pending: jsonb().$type<PendingReason>(), // set by placement while queued
  failureClass: text({ enum: FAILURE_CLASSES }),
  evidence: jsonb().$type<Evidence>(),
  spec: jsonb().$type<RunSpec>(), // of a submitted one, always
  priority: smallint().notNull(),
  /** Ordered by (priority desc, queuedAt): retried runs queue anew. */
  queuedAt: moment().notNull().defaultNow(),
  /** Not before: backoff of a retry. */
  notBefore: moment(),
  /** Held back by somebody until released. */
  heldAt: moment(),
  heldBy: text(),
  /** The budget that holds it, until it has money again. */
  heldBudgetId: text(),
  /** Accelerator-seconds of all its attempts (the whole machine counts as one where there are none), as charged so far. */
  attainedSeconds: doublePrecision().notNull().default(0),
  /** Of those, what it did not have since what it held were slices or shares of accelerators, which are parts of one. */
  sparedSeconds: doublePrecision().notNull().default(0),
  /** Nodes that failed it, as `clusterId/node`: its next attempts go elsewhere. */
  excludedNodes: text().array().notNull().default(sql`'{}'`),
  /** The cluster whose disk holds its newest checkpoint. */
  checkpointClusterId: text(),
  ownerType: text({ enum: ["user", "service_account"] }).notNull(),
  ownerId: text().notNull(),
  clusterId: text(), // of the current attempt
  attemptCount: integer().notNull().default(0),
  retriesUsed: integer().notNull().default(0),
  cpus: doublePrecision().notNull(), // per node, as are memory and gpus
  memoryMib: integer().notNull(),
  gpus: integer().notNull(),
  nodes: integer().notNull(),
  idempotencyKey: text(), // a submit repeated with the same key returns the same run
  /** Who a client says it is. */
  clientUser: text(),
  startedAt: moment(), // of the first attempt's process; of a client's run, by its clock
  endedAt: moment(),
  /** Out of the lists until somebody restores it. */
  deletedAt: moment(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  foreignKey({ columns: [t.orgId, t.experimentId], foreignColumns: [experiments.orgId, experiments.id] }),
  foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] }),
  unique("runs_org_id").on(t.orgId, t.id),
  unique("runs_idempotency").on(t.orgId, t.ownerId, t.idempotencyKey),
  index("runs_project").on(t.orgId, t.projectId, t.id),
  index("runs_experiment").on(t.experimentId, t.id),
  index("runs_experiment_begun").on(t.experimentId, sql`(case when started_at is null then created_at else started_at end)`, t.id), // a list by start, one page after the other
  index("runs_name").on(t.experimentId, t.name),
  index("runs_queue").on(t.priority.desc(), t.queuedAt, t.id).where(sql`status = 'queued'`),
  index("runs_status").on(t.orgId, t.projectId, t.status), // counted without touching the rows
  index("runs_held_by_budget").on(t.heldBudgetId).where(sql`held_budget_id is not null`),
  index("runs_live").on(t.orgId, t.status).where(sql`status not in ('succeeded','failed','cancelled')`),
  index("runs_ended").on(t.orgId, t.endedAt).where(sql`ended_at is not null`), // a run that starts need not touch it
  index("runs_deleted").on(t.orgId, t.deletedAt).where(sql`deleted_at is not null`),
  index("runs_code").on(t.orgId, sql`(spec -> 'code' ->> 'sha256')`).where(sql`spec -> 'code' ->> 'sha256' is not null`), // who still needs an archive
  check("runs_status_known", oneOf(t.status, RUN_STATUSES)),
  check("runs_failure_known", oneOf(t.failureClass, FAILURE_CLASSES)),
  check("runs_origin_known", oneOf(t.origin, RUN_ORIGINS)),
  check("runs_spec_of_submitted", sql`origin <> 'submitted' or spec is not null`),
]);

/** Characters of a parameter's value that its index holds: a longer one may be more than an index entry can be. */
export const INDEXED_VALUE = 200;
/** Hyperparameters, searchable. Values as text, as MLflow keeps them. */
export const runParams = pgTable("run_params", {
  runId: text().notNull().references(() => runs.id),
  key: text().notNull(),
  value: text().notNull(),
  experimentId: text().notNull().default(""), // of its run, as a metric's summary has it; a trigger fills it where the writer does not
}, (t) => [
  primaryKey({ columns: [t.runId, t.key] }),
  index("run_params_value").on(t.experimentId, t.key, t.value, t.runId).where(sql`length(value) <= ${sql.raw(String(INDEXED_VALUE))}`), // searched without touching the rows
  index("run_params_long").on(t.experimentId, t.key, t.runId).where(sql`length(value) > ${sql.raw(String(INDEXED_VALUE))}`),
]);
export const runTags = pgTable("run_tags", { runId: text().notNull().references(() => runs.id), key: text().notNull(), value: text().notNull() }, (t) => [
  primaryKey({ columns: [t.runId, t.key] }),
  index("run_tags_key").on(t.key, sql`md5(${t.value})`, t.runId),
]);

/** Grows over all attempts of all runs: a later attempt always has the greater fence. */
export const fences = pgSequence("fences", { startWith: 1 });

/** One try of a run on one cluster. */
export const attempts = pgTable("attempts", {
  id: id("attempt"),
  orgId: text().notNull(),
  runId: text().notNull(),
  clusterId: text().notNull(),
  number: integer().notNull(), // 1, 2, …
  status: text({ enum: ATTEMPT_STATUSES }).notNull().default("assigned"),
  outcome: text({ enum: ATTEMPT_OUTCOMES }), // once ended
  fence: bigint({ mode: "bigint" }).notNull().default(sql`nextval('fences')`),
  leaseUntil: moment().notNull(), // database clock only
  unreachableSince: moment(),
  stopRequestedAt: moment(),
  stopReason: text(), // cancelled, preempted, …
  reportSeq: integer().notNull().default(0), // last report applied
  nodeNames: text().array().notNull().default(sql`'{}'`),
  acceleratorIndexes: integer().array().notNull().default(sql`'{}'`),
  /** What it holds of the cluster while it lives. */
  cpus: doublePrecision().notNull(),
  memoryMib: integer().notNull(),
  gpus: integer().notNull(),
  acceleratorMilli: integer(), // of each node: where its accelerators are slices or shares, what they are together; null: whole ones
  nodes: integer().notNull(),
  scheduler: jsonb().$type<SchedulerWord>(), // its job at the cluster's own scheduler, in that one's words
  exitCode: integer(),
  signal: text(),
  failureClass: text({ enum: FAILURE_CLASSES }),
  evidence: jsonb().$type<Evidence>(),
  assignedAt: moment().notNull().defaultNow(),
  startedAt: moment(),
  endedAt: moment(),
  chargedUntil: moment(), // its use counts for its team's fair share up to here
  usageOpen: boolean().notNull().default(true), // until its last second is charged
  drainedAt: moment(), // logs, metrics and artifacts are complete
  peakMemoryMib: integer(), // the most that it used on a node, as its host saw it
  activeAt: moment(), // when a person last used its shells or app
  metricsOffset: bigint({ mode: "number" }).notNull().default(0), // stdout bytes whose metrics are stored
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.runId], foreignColumns: [runs.orgId, runs.id] }),
  foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] }),
  unique("attempts_run_number").on(t.runId, t.number),
  index("attempts_live").on(t.clusterId, t.status).where(sql`status not in ('ended','lost')`),
  index("attempts_lease").on(t.leaseUntil).where(sql`status not in ('ended','lost')`),
  index("attempts_ended").on(t.clusterId, t.endedAt).where(sql`status = 'ended'`),
  index("attempts_usage").on(t.orgId, t.endedAt).where(sql`usage_open`),
  check("attempts_status_known", oneOf(t.status, ATTEMPT_STATUSES)),
]);

/** What happened to a run, in order, with actor and evidence: its timeline. */
export const runEvents = pgTable("run_events", {
  id: id("runEvent"),
  orgId: text().notNull(),
  runId: text().notNull(),
  attemptId: text(),
  at: moment().notNull().defaultNow(),
  kind: text().notNull(), // run.submitted, attempt.assigned, attempt.running, run.unreachable, run.ended, …
  actor: text(), // a person's name, "agent", "placement"
  message: text().notNull(),
  evidence: jsonb(),
}, (t) => [index("run_events_run").on(t.runId, t.id)]);

/** Per attempt: how far its log is stored. The row's lock orders the chunks of both streams. */
export const logHeads = pgTable("log_heads", {
  attemptId: text().primaryKey().references(() => attempts.id),
  nextSeq: integer().notNull().default(0), // 0 where there are bytes: a retention rule removed its pieces
  stdoutNext: bigint({ mode: "number" }).notNull().default(0),
  stderrNext: bigint({ mode: "number" }).notNull().default(0),
  bytes: bigint({ mode: "number" }).notNull().default(0),
  lines: bigint({ mode: "number" }).notNull().default(0),
  archiveSha256: text(), // once archived, chunks' bodies live in this object
}, (t) => [index("log_heads_archive").on(t.archiveSha256).where(sql`archive_sha256 is not null`)]);
/** A piece of a log, in the order read. `line`: newlines before it in the attempt's whole log, the sparse index for seeking. */
export const logChunks = pgTable("log_chunks", {
  attemptId: text().notNull().references(() => attempts.id),
  seq: integer().notNull(),
  stream: text({ enum: ["stdout", "stderr"] }).notNull(),
  offset: bigint({ mode: "number" }).notNull(), // in its stream
  length: integer().notNull(), // raw bytes
  start: bigint({ mode: "number" }).notNull(), // raw bytes before it in the attempt's whole log
  line: bigint({ mode: "number" }).notNull(),
  lines: integer().notNull(), // newlines in it
  at: moment().notNull(),
  droppedBefore: bigint({ mode: "number" }).notNull().default(0),
  body: bytea(), // zstd; null once archived
  archiveOffset: bigint({ mode: "number" }),
  archiveLength: integer(),
}, (t) => [
  primaryKey({ columns: [t.attemptId, t.seq] }),
  unique("log_chunks_offset").on(t.attemptId, t.stream, t.offset),
  index("log_chunks_line").on(t.attemptId, t.line),
]);

/** One row per (run, key, batch), not a row per point: as arrays while it is small and new, else packed (server/experiments/metrics/codec.ts). Compaction merges small rows. */
export const metricBatches = pgTable("metric_batches", {
  runId: text().notNull().references(() => runs.id),
  key: text().notNull(),
  id: id("metricBatch"),
  attemptId: text(),
  minStep: bigint({ mode: "number" }).notNull(),
  maxStep: bigint({ mode: "number" }).notNull(),
  steps: bigint({ mode: "number" }).array(),
  times: bigint({ mode: "number" }).array(), // Unix ms
  values: doublePrecision().array(), // NaN and ±Infinity as they came
  points: integer(), // in body; null where the arrays say it
  body: bytea(),
  outline: bytea(), // what long charts read instead of body; null: compaction has not looked, empty: it has none
  cellSteps: bigint({ mode: "number" }), // of the outline's widest cell, null without one
  cellMs: bigint({ mode: "number" }),
  chapter: text(), // its metric_chapters; null: in none
}, (t) => [index("metric_batches_series").on(t.runId, t.key, t.minStep), index("metric_batches_loose").on(t.runId, t.key).where(sql`chapter is null`), index("metric_batches_chapter").on(t.chapter).where(sql`chapter is not null`), index("metric_batches_plain").on(t.id).where(sql`outline is null and points >= 2048`), check("metric_batches_held", sql`body is not null or values is not null`)]);
/** How far compaction has looked: batches up to these ids were merged with their neighbours when they had any, and taken together in chapters. One row. */
export const metricCompaction = pgTable("metric_compaction", { id: integer().primaryKey().default(1), after: text().notNull().default(""), chaptered: text().notNull().default("") });
/** Kept on write: the run table's columns and every list read this, never the history. */
export const metricSummaries = pgTable("metric_summaries", {
  runId: text().notNull().references(() => runs.id),
  key: text().notNull(),
  experimentId: text().notNull().default(""), // of its run: an experiment's runs are found and sorted by a metric without reading others
  count: bigint({ mode: "number" }).notNull(),
  min: doublePrecision(), // of finite values
  max: doublePrecision(),
  last: doublePrecision().notNull(), // greatest (step, time)
  lastStep: bigint({ mode: "number" }).notNull(),
  lastTime: bigint({ mode: "number" }).notNull(),
  minStep: bigint({ mode: "number" }).notNull(),
  maxStep: bigint({ mode: "number" }).notNull(),
  minTime: bigint({ mode: "number" }).notNull(),
  maxTime: bigint({ mode: "number" }).notNull(),
}, (t) => [primaryKey({ columns: [t.runId, t.key] }), index("metric_summaries_last").on(t.experimentId, t.key, t.last, t.runId)]);
/** Batches of clients that were taken lately, by the digest of their bytes: one that is sent again, because its answer was lost, changes nothing. */
export const metricReceipts = pgTable("metric_receipts", { runId: text().notNull(), digest: bytea().notNull(), at: moment().notNull().defaultNow() }, (t) => [
  primaryKey({ columns: [t.runId, t.digest] }),
  index("metric_receipts_at").on(t.at),
]);

/** Content-addressed bytes of an organization, outside the database. */
export const objects = pgTable("objects", {
  orgId: text().notNull(),
  sha256: text().notNull(),
  bytes: bigint({ mode: "number" }).notNull(),
  kind: text({ enum: ["code", "artifact", "log"] }).notNull(),
  key: text(), // where the bytes lie; null: under the hash alone, as older releases kept them
  createdAt: moment().notNull().defaultNow(),
  touchedAt: moment().notNull().defaultNow(), // when somebody last sent these bytes: what nothing refers to stays a while after that
}, (t) => [primaryKey({ columns: [t.orgId, t.sha256] }), index("objects_touched").on(t.touchedAt)]);
export const artifacts = pgTable("artifacts", {
  id: id("artifact"),
  orgId: text().notNull(),
  runId: text().notNull(),
  attemptId: text(),
  path: text().notNull(),
  sha256: text().notNull(),
  bytes: bigint({ mode: "number" }).notNull(),
  contentType: text().notNull(),
  isCheckpoint: boolean().notNull().default(false),
  /** Written for TensorBoard: its numbers become metrics of the run. */
  isEventFile: boolean().notNull().default(false),
  readSha256: text(), // the version whose numbers were read
  scalarsRead: bigint({ mode: "number" }).notNull().default(0),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.runId], foreignColumns: [runs.orgId, runs.id] }),
  foreignKey({ columns: [t.orgId, t.sha256], foreignColumns: [objects.orgId, objects.sha256] }),
  unique("artifacts_path").on(t.runId, t.attemptId, t.path).nullsNotDistinct(), // files of clients have no attempt
  index("artifacts_object").on(t.orgId, t.sha256),
  index("artifacts_unread").on(t.id).where(sql`is_event_file and read_sha256 is distinct from sha256`),
]);
