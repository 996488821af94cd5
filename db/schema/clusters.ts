import { bigint, boolean, check, doublePrecision, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { DRIVERS } from "../../domain/experiments/run-spec.ts";
import type { ForeignJob, Surroundings } from "../../domain/agents/scheduler.ts";
import type { Capabilities } from "../../domain/clusters/capabilities.ts";
import { CAPACITY_CLASSES } from "../../domain/costs/metering.ts";
import { orgs } from "./access.ts";
import { id, moment, oneOf, timestamps } from "./columns.ts";

/** A pool of machines behind one agent. Never deleted: attempts and costs point here. */
export const clusters = pgTable("clusters", {
  id: id("cluster"),
  orgId: text().notNull().references(() => orgs.id),
  slug: text().notNull(),
  name: text().notNull(),
  region: text().notNull().default("local"),
  driver: text({ enum: DRIVERS }), // null until its agent joined once
  capabilities: jsonb().$type<Capabilities>(),
  policy: text(), // the agent's local policy, in words
  capacityClass: text({ enum: CAPACITY_CLASSES }).notNull().default("owned"), // how it is paid for
  drainedAt: moment(), // takes no new work
  revokedAt: moment(),
  /** Bumped whenever the set of desired attempts may have changed; wakes the long poll. */
  ...timestamps,
}, (t) => [
  unique("clusters_org_id").on(t.orgId, t.id),
  unique("clusters_org_slug").on(t.orgId, t.slug),
  check("clusters_class_known", oneOf(t.capacityClass, CAPACITY_CLASSES)),
  check("clusters_driver_known", oneOf(t.driver, DRIVERS)),
]);

/** What a cluster's scheduler has besides nodes, as its agent last told: one row, written whole. */
export const clusterSchedulers = pgTable("cluster_schedulers", {
  clusterId: text().primaryKey(),
  orgId: text().notNull(),
  report: jsonb().$type<Surroundings>().notNull(),
  jobs: jsonb().$type<ForeignJob[]>().notNull(), // from outside Drover
  jobCount: integer().notNull(),
  seenAt: moment().notNull(),
}, (t) => [foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] })]);

export const nodes = pgTable("nodes", {
  id: id("node"),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  name: text().notNull(),
  cpus: doublePrecision().notNull(),
  memoryMib: integer().notNull(),
  diskMib: bigint({ mode: "number" }).notNull(),
  state: text({ enum: ["up", "off", "draining", "down", "gone"] }).notNull(), // as the agent reports; off: its scheduler starts it for a job; gone: no longer reported
  stateReason: text(),
  partitions: text().array(), // of its scheduler; null where it has none
  features: text().array(),
  reserved: boolean().notNull().default(false), // by its scheduler, for those that a reservation names
  topology: text().array(), // switches or blocks, the nearest to the root first; null where its scheduler knows none
  drainedAt: moment(), // asked for in Drover
  drainedBy: text(),
  drainReason: text(),
  seenAt: moment().notNull(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] }),
  unique("nodes_cluster_name").on(t.clusterId, t.name),
]);

export const accelerators = pgTable("accelerators", {
  id: id("accelerator"),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  nodeId: text().notNull().references(() => nodes.id, { onDelete: "cascade" }),
  index: integer().notNull(),
  uuid: text().notNull(),
  model: text().notNull(),
  memoryMib: integer().notNull(),
  health: text({ enum: ["ok", "degraded", "failed"] }).notNull(),
  healthReason: text(),
  attemptId: text(), // who holds it now
  parentUuid: text(), // of a slice or share: its GPU
  milli: integer().notNull().default(1000), // of that GPU; a whole one is all of itself
  shares: integer(), // its scheduler gives it whole, or in so many shares
  present: boolean().notNull().default(true),
  ...timestamps,
}, (t) => [unique("accelerators_node_index").on(t.nodeId, t.index), index("accelerators_cluster").on(t.clusterId)]);

/** What happened to a cluster, its agent, nodes and accelerators: the cluster page's timeline. */
export const clusterEvents = pgTable("cluster_events", {
  id: id("clusterEvent"),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  at: moment().notNull().defaultNow(),
  kind: text().notNull(), // agent.joined, agent.silent, agent.back, node.added, node.drained, gpu.xid, …
  subject: text(), // node or accelerator
  actor: text(),
  message: text().notNull(),
  evidence: jsonb(),
}, (t) => [index("cluster_events_cluster").on(t.clusterId, t.id), foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] })]);

/** Samples as arrays, one row per (subject, key, batch). Partitioned by day in the migration; old days are dropped. */
export const telemetry = pgTable("telemetry", {
  clusterId: text().notNull(),
  subject: text({ enum: ["node", "accelerator", "attempt"] }).notNull(),
  subjectId: text().notNull(), // node name · "<node>/<index>" · attempt id
  key: text().notNull(),
  at: moment().notNull(), // of the first sample
  times: bigint({ mode: "number" }).array().notNull(), // Unix ms, server's clock
  values: doublePrecision().array().notNull(),
}, (t) => [index("telemetry_subject").on(t.clusterId, t.subject, t.subjectId, t.key, t.at)]);
/** The newest value of each series, for lists. */
export const telemetryLatest = pgTable("telemetry_latest", {
  clusterId: text().notNull(),
  subject: text().notNull(),
  subjectId: text().notNull(),
  key: text().notNull(),
  at: moment().notNull(),
  value: doublePrecision().notNull(),
}, (t) => [primaryKey({ columns: [t.clusterId, t.subject, t.subjectId, t.key] })]);

/** Findings about nodes that somebody looked at and set aside: each stays so until it says something new. */
export const setAsideFindings = pgTable("set_aside_findings", {
  nodeId: text().notNull().references(() => nodes.id, { onDelete: "cascade" }),
  key: text().notNull(),
  orgId: text().notNull(),
  by: text().notNull(), // a name, as it was then
  at: moment().notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.nodeId, t.key] })]);
