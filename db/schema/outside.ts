import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { EVIDENCE } from "../../domain/costs/metering.ts";
import { projects } from "./access.ts";
import { clusters } from "./clusters.ts";
import { id, moment, oneOf } from "./columns.ts";
import { asset } from "./costs.ts";

const OUTSIDE_EVIDENCE = EVIDENCE.filter((one) => one !== "measured");

/**
 * A stretch of a job that others gave to a cluster's scheduler, as its accounting has it. Two stretches of one job never overlap: an
 * exclusion constraint in the migration refuses it.
 */
export const outsideJobs = pgTable("outside_jobs", {
  id: id("outsideJob"),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  job: text().notNull(),
  name: text().notNull(),
  user: text("user_name").notNull(),
  account: text().notNull(),
  projectId: text(), // of Drover, that was named for its account when it was first seen
  startedAt: moment().notNull(),
  aliveAt: moment().notNull(), // when its scheduler last had it running
  endedAt: moment(),
  evidence: text({ enum: EVIDENCE }).notNull(),
}, (t) => [
  unique("outside_jobs_once").on(t.clusterId, t.job, t.startedAt),
  index("outside_jobs_open").on(t.clusterId).where(sql`ended_at is null`),
  foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] }),
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  check("outside_jobs_forward", sql`ended_at is null or ended_at >= started_at`),
  check("outside_jobs_evidence_known", oneOf(t.evidence, OUTSIDE_EVIDENCE)),
]);

/** What it holds of an asset, from when to when: what usage_intervals are of attempts. Of no asset twice at once: an exclusion constraint again. */
export const outsideUsage = pgTable("outside_usage", {
  id: id("outsideUsage"),
  ...asset(),
  milli: integer().notNull(),
  outsideJobId: text().notNull().references(() => outsideJobs.id),
  fromAt: moment().notNull(),
  untilAt: moment(), // null: still held, as far as anybody knows
  evidence: text({ enum: EVIDENCE }).notNull(),
}, (t) => [
  index("outside_usage_asset").on(t.clusterId, t.node, t.kind, t.untilAt),
  index("outside_usage_job").on(t.outsideJobId),
  check("outside_usage_milli", sql`milli > 0`),
  check("outside_usage_forward", sql`until_at is null or until_at >= from_at`),
  check("outside_usage_evidence_known", oneOf(t.evidence, OUTSIDE_EVIDENCE)),
]);

/** Per cluster: what is counted of such jobs since when, and up to when the accounting was heard. */
export const outsideClocks = pgTable("outside_clocks", {
  clusterId: text().primaryKey(),
  orgId: text().notNull(),
  since: moment().notNull(),
  toldTo: moment().notNull(),
}, (t) => [foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] })]);

/** Which project pays for jobs of an account, or of one of its users, from now on. */
export const outsideAccounts = pgTable("outside_accounts", {
  orgId: text().notNull(),
  clusterId: text().notNull(),
  account: text().notNull(),
  user: text("user_name").notNull(), // empty: whoever has none of their own
  projectId: text().notNull(),
  namedBy: text().notNull(),
  namedAt: moment().notNull().defaultNow(),
}, (t) => [
  primaryKey({ columns: [t.clusterId, t.account, t.user] }),
  foreignKey({ columns: [t.orgId, t.clusterId], foreignColumns: [clusters.orgId, clusters.id] }),
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
]);
