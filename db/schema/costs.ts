import { sql } from "drizzle-orm";
import { boolean, check, date, foreignKey, index, integer, jsonb, numeric, pgTable, primaryKey, smallint, text } from "drizzle-orm/pg-core";
import { CAPACITY_CLASSES, EVIDENCE, HELD_KINDS, JOURNAL_EVIDENCE, RESOURCE_KINDS } from "../../domain/costs/metering.ts";
import { WITNESS_SOURCES, type WitnessedPart } from "../../domain/costs/witness.ts";
import { orgs } from "./access.ts";
import { clusters } from "./clusters.ts";
import { id, moment, oneOf, timestamps } from "./columns.ts";
import { attempts } from "./experiments.ts";

/** Drizzle keeps numeric as text, and so do we: money never becomes a JavaScript number. */
const money = () => numeric({ precision: 38, scale: 18 });
export const quantity = () => numeric({ precision: 38, scale: 10 });
const price = () => numeric({ precision: 20, scale: 8 });
/** What is metered together: all of one kind on one node; `model` is empty for cores and memory. */
export const asset = () => ({ orgId: text().notNull(), clusterId: text().notNull(), node: text().notNull(), kind: text({ enum: HELD_KINDS }).notNull(), model: text().notNull() });
/** What is charged together: an asset, or what an organization stores (its own id for the cluster, what for the node), or what an endpoint serves (its id for the node). */
const charged = () => ({ ...asset(), kind: text({ enum: RESOURCE_KINDS }).notNull() });

// ── metering ─────────────────────────────────────────────────────────────────────────────────────────────
/** Per attempt: how far its agent's usage journal is stored, and the last proof that it lived. */
export const usageMeters = pgTable("usage_meters", {
  attemptId: text().primaryKey().references(() => attempts.id),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  runId: text().notNull(),
  nextEvent: integer().notNull().default(0),
  openedAt: moment(),
  aliveAt: moment(),
  closedAt: moment(),
  // What the attempt is for, where it is for one of these.
  sweepId: text(),
  endpointId: text(),
  releaseId: text(),
  pipelineId: text(),
  hostAheadMs: integer(), // of the host's wall clock before the server's, when it was last heard
}, (t) => [index("usage_meters_open").on(t.clusterId).where(sql`opened_at is not null and closed_at is null`)]);

/**
 * Who held how much of an asset, from when to when. A named device is held by one attempt at a time: the exclusion
 * constraint in the migration refuses anything else, and so any double count.
 */
export const usageIntervals = pgTable("usage_intervals", {
  id: id("usageInterval"),
  ...asset(),
  milli: integer().notNull(),
  device: text(),
  attemptId: text().notNull().references(() => attempts.id),
  runId: text().notNull(),
  event: integer().notNull(), // of the journal: the open or change that began it
  fromAt: moment().notNull(),
  untilAt: moment(), // null: still held, as far as anybody knows
  evidence: text({ enum: JOURNAL_EVIDENCE }).notNull(),
}, (t) => [
  index("usage_intervals_asset").on(t.clusterId, t.node, t.kind, t.fromAt),
  index("usage_intervals_attempt").on(t.attemptId),
  index("usage_intervals_run").on(t.runId),
  check("usage_intervals_milli", sql`milli > 0`),
  check("usage_intervals_forward", sql`until_at is null or until_at >= from_at`),
  check("usage_intervals_evidence_known", oneOf(t.evidence, JOURNAL_EVIDENCE)),
]);

/** How much of an asset there was. Written from what agents report of their nodes. */
export const capacityIntervals = pgTable("capacity_intervals", {
  id: id("capacityInterval"),
  ...asset(),
  milli: integer().notNull(),
  capacityClass: text({ enum: CAPACITY_CLASSES }).notNull(),
  fromAt: moment().notNull(),
  untilAt: moment(),
}, (t) => [
  foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] }),
  check("capacity_intervals_class_known", oneOf(t.capacityClass, CAPACITY_CLASSES)),
]);

/** Claims that contradict each other. Nothing is corrected in silence: somebody looks, and says what holds. `evidence` has the figures. */
export const usageReviews = pgTable("usage_reviews", {
  id: id("usageReview"),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  attemptId: text(),
  message: text().notNull(),
  evidence: jsonb(),
  openedAt: moment().notNull().defaultNow(),
  resolvedAt: moment(),
  resolvedBy: text(),
  resolvedByName: text(),
  note: text(), // what whoever resolved it found
}, (t) => [index("usage_reviews_open").on(t.orgId).where(sql`resolved_at is null`), index("usage_reviews_org").on(t.orgId, t.openedAt)]);

/** What a scheduler's own accounting said of an ended attempt, as it was told, once. It changes nothing of what is counted. */
export const usageWitnesses = pgTable("usage_witnesses", {
  attemptId: text().primaryKey().references(() => attempts.id),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  source: text({ enum: WITNESS_SOURCES }).notNull(),
  parts: jsonb().$type<WitnessedPart[]>().notNull(),
  agrees: boolean().notNull(),
  heardAt: moment().notNull().defaultNow(),
}, (t) => [index("usage_witnesses_cluster").on(t.clusterId, t.heardAt), check("usage_witnesses_source_known", oneOf(t.source, WITNESS_SOURCES))]);
/** Per cluster: whether there is a second witness; `trouble` says why it cannot be asked. */
export const clusterWitnesses = pgTable("cluster_witnesses", {
  clusterId: text().primaryKey(),
  orgId: text().notNull(),
  source: text({ enum: WITNESS_SOURCES }).notNull(),
  trouble: text(),
  heardAt: moment().notNull(),
}, (t) => [foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] }), check("cluster_witnesses_source_known", oneOf(t.source, WITNESS_SOURCES))]);

// ── prices ───────────────────────────────────────────────────────────────────────────────────────────────
/** `ratingVersion` grows with every change of prices; a report names the one it was made with. */
export const costSettings = pgTable("cost_settings", {
  orgId: text().primaryKey().references(() => orgs.id),
  currency: text().notNull().default("USD"),
  ratingVersion: integer().notNull().default(0),
  ...timestamps,
});
/** Only ever added to (a trigger holds it): what a price was known to be stays readable. */
export const priceLines = pgTable("price_lines", {
  id: id("priceLine"),
  orgId: text().notNull().references(() => orgs.id),
  version: integer().notNull(),
  kind: text({ enum: RESOURCE_KINDS }).notNull(),
  clusterId: text(),
  model: text(),
  capacityClass: text({ enum: CAPACITY_CLASSES }),
  validFrom: moment().notNull(),
  currency: text(), // of `unitPrice`; null: the organization's own
  unitPrice: price(), // null: this scope has no price of its own from then on
  note: text(),
  createdBy: text().notNull(),
  createdAt: moment().notNull().defaultNow(),
}, (t) => [
  index("price_lines_org").on(t.orgId, t.version),
  check("price_lines_currency", sql`currency is null or unit_price is not null`),
  check("price_lines_positive", sql`unit_price is null or unit_price >= 0`),
  foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] }),
]);

/** What one unit of another currency is worth in the organization's own, from a UTC day on. Only ever added to. */
export const exchangeRates = pgTable("exchange_rates", {
  id: id("exchangeRate"),
  orgId: text().notNull().references(() => orgs.id),
  version: integer().notNull(),
  currency: text().notNull(),
  validFrom: date().notNull(),
  rate: price().notNull(),
  note: text(),
  createdBy: text().notNull(),
  createdAt: moment().notNull().defaultNow(),
}, (t) => [index("exchange_rates_org").on(t.orgId, t.currency, t.validFrom), check("exchange_rates_positive", sql`rate > 0`)]);

// ── rating and ledger ────────────────────────────────────────────────────────────────────────────────────
/** Asset-hours whose facts changed since they were rated. A row is taken away in the transaction that posts its charges. */
export const dirtyHours = pgTable("dirty_hours", { ...charged(), hour: moment().notNull(), markedAt: moment().notNull().defaultNow() }, (t) => [
  primaryKey({ columns: [t.clusterId, t.node, t.kind, t.model, t.hour] }),
  index("dirty_hours_org").on(t.orgId, t.hour),
  index("dirty_hours_turn").on(t.markedAt, t.clusterId, t.node, t.kind, t.model, t.hour), // in the order in which they are booked
]);
/** Per cluster: the hour before which everything is over, so that what nobody held is known. */
export const costClocks = pgTable("cost_clocks", { clusterId: text().primaryKey(), orgId: text().notNull(), completeTo: moment().notNull() });

/**
 * Double entry, only ever added to. A transaction is one asset-hour: what each holder (or nobody) is charged, and the
 * same sum taken from the asset. Partitioned by month of `hour` in the migration, which also holds that it balances.
 */
export const ledgerEntries = pgTable("ledger_entries", {
  id: text().notNull(),
  ...charged(),
  transactionId: text().notNull(),
  line: smallint().notNull(),
  hour: moment().notNull(),
  period: text().notNull(), // the month in which it is booked, 2026-11
  chargeClass: text({ enum: ["Correction"] }), // of a period that was closed
  ratingVersion: integer().notNull(),
  account: text().notNull(), // project:<id> · outside:<account> · idle:<cluster> · asset:<cluster>/<node>/<kind>
  capacityClass: text({ enum: CAPACITY_CLASSES }).notNull(),
  attemptId: text(), // what held it: an attempt, or a job from outside Drover; null: nobody
  runId: text(),
  projectId: text(), // of a job from outside whose account has none: outside:<account>
  experimentId: text(), // of jobs from outside: outside
  ownerId: text(), // of jobs from outside: outside:<user>
  sweepId: text(),
  endpointId: text(),
  releaseId: text(),
  pipelineId: text(),
  priceId: text(),
  rateId: text(), // by which a price in another currency was converted
  unitPrice: price().notNull(),
  quantity: quantity().notNull(),
  amount: money().notNull(),
  evidence: text({ enum: EVIDENCE }).notNull(),
  reverses: boolean().notNull().default(false),
  postedAt: moment().notNull().defaultNow(),
}, (t) => [
  primaryKey({ columns: [t.id, t.hour] }),
  index("ledger_entries_asset").on(t.clusterId, t.node, t.kind, t.hour),
  index("ledger_entries_run").on(t.runId),
  index("ledger_entries_less_free").on(t.orgId, t.hour).where(sql`line > 0 and attempt_id is null and quantity < 0`),
]);

export const rolled = () => ({ quantity: quantity().notNull(), amount: money().notNull(), provisional: money().notNull() });
const dimensions = () => ({
  orgId: text().notNull(),
  projectId: text().notNull(), // empty, with the next two: idle
  ownerId: text().notNull(),
  experimentId: text().notNull(),
  clusterId: text().notNull(),
  kind: text({ enum: RESOURCE_KINDS }).notNull(),
  model: text().notNull(),
  capacityClass: text({ enum: CAPACITY_CLASSES }).notNull(),
});
/** Sums of the ledger, moved on in the transaction that posts: always its exact sums. */
export const costDaily = pgTable("cost_daily", { day: date().notNull(), ...dimensions(), ...rolled() }, (t) => [
  primaryKey({ columns: [t.orgId, t.day, t.projectId, t.ownerId, t.experimentId, t.clusterId, t.kind, t.model, t.capacityClass] }),
]);
/** The same by run and UTC day: what telling runs apart by anything of their own adds up. */
export const costRunDays = pgTable("cost_run_days", {
  runId: text().notNull(),
  day: date().notNull(),
  orgId: text().notNull(),
  acceleratorHours: quantity().notNull(),
  amount: money().notNull(),
  provisional: money().notNull(),
}, (t) => [primaryKey({ columns: [t.runId, t.day] }), index("cost_run_days_org").on(t.orgId, t.day)]);
/** What a version of the prices changed of hours that were rated by an older one: taken back and charged anew. */
export const costRepriced = pgTable("cost_repriced", {
  orgId: text().notNull(),
  version: integer().notNull(),
  month: text().notNull(), // of the hours, 2026-11
  projectId: text().notNull(), // empty: idle
  kind: text({ enum: RESOURCE_KINDS }).notNull(),
  quantity: quantity().notNull(),
  before: money().notNull(),
  after: money().notNull(),
}, (t) => [primaryKey({ columns: [t.orgId, t.version, t.month, t.projectId, t.kind] })]);
export const costRuns = pgTable("cost_runs", {
  runId: text().primaryKey(),
  orgId: text().notNull(),
  projectId: text().notNull(),
  experimentId: text().notNull(),
  ownerId: text().notNull(),
  firstHour: moment().notNull(),
  lastHour: moment().notNull(),
  acceleratorHours: quantity().notNull(),
  amount: money().notNull(),
  provisional: money().notNull(),
}, (t) => [index("cost_runs_last").on(t.orgId, t.lastHour), index("cost_runs_experiment").on(t.experimentId), index("cost_runs_dearest").on(t.orgId, t.amount.desc().nullsFirst(), t.runId)]);
