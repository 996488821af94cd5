import { sql } from "drizzle-orm";
import { bigint, check, foreignKey, index, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { SERVED_KINDS, STORED_WHAT } from "../../domain/costs/metering.ts";
import { FACETS } from "../../domain/costs/spend-by.ts";
import { orgs, projects } from "./access.ts";
import { id, moment, oneOf } from "./columns.ts";
import { ofRuns, place } from "./cost-sums.ts";

// ── what is stored ───────────────────────────────────────────────────────────────────────────────────────
/** What a project has in the object store, from when to when. Nothing is counted twice: an exclusion constraint in the migration refuses it. */
export const storedIntervals = pgTable("stored_intervals", {
  id: id("storedInterval"),
  orgId: text().notNull(),
  projectId: text().notNull(),
  what: text({ enum: STORED_WHAT }).notNull(),
  bytes: bigint({ mode: "bigint" }).notNull(),
  fromAt: moment().notNull(),
  untilAt: moment().notNull(), // the end of the hour of the last look at which it was so
  evidence: text({ enum: ["measured", "inferred"] }).notNull(), // inferred: nobody looked, and it was so before
}, (t) => [
  index("stored_intervals_hour").on(t.orgId, t.what, t.untilAt),
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  check("stored_intervals_evidence_known", oneOf(t.evidence, ["measured", "inferred"])),
  check("stored_intervals_some", sql`bytes > 0`),
  check("stored_intervals_forward", sql`until_at >= from_at`),
  check("stored_intervals_what_known", oneOf(t.what, STORED_WHAT)),
]);
/** Per organization: until when its store was looked at. */
export const storedClocks = pgTable("stored_clocks", { orgId: text().primaryKey().references(() => orgs.id), lookedAt: moment().notNull() });

// ── what is served ───────────────────────────────────────────────────────────────────────────────────────
/** Who counts what an endpoint serves, such as one replica of a release; and whose it is. */
export const servedMeters = pgTable("served_meters", {
  id: id("servedMeter"),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  projectId: text().notNull(),
  ownerId: text().notNull(),
  endpointId: text().notNull(),
  releaseId: text(),
  pipelineId: text(),
  counter: text().notNull(),
}, (t) => [unique("served_meters_once").on(t.orgId, t.endpointId, t.counter), index("served_meters_endpoint").on(t.clusterId, t.endpointId), foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] })]);
/** How much of it was served within an hour. What a meter counted of a stretch of time is counted once: an exclusion constraint again. */
export const servedCounts = pgTable("served_counts", {
  id: id("servedCount"),
  orgId: text().notNull(),
  meterId: text().notNull().references(() => servedMeters.id),
  key: text().notNull(), // of the message that told it: told again, it changes nothing
  kind: text({ enum: SERVED_KINDS }).notNull(),
  model: text().notNull(), // what was served, and of tokens in which direction
  count: bigint({ mode: "bigint" }).notNull(),
  fromAt: moment().notNull(),
  untilAt: moment().notNull(),
}, (t) => [
  unique("served_counts_once").on(t.meterId, t.key, t.kind, t.model),
  index("served_counts_hour").on(t.meterId, t.kind, t.fromAt),
  check("served_counts_some", sql`count > 0`),
  check("served_counts_forward", sql`until_at > from_at`),
  check("served_counts_kind_known", oneOf(t.kind, SERVED_KINDS)),
]);

// ── sums by what only some charges have ──────────────────────────────────────────────────────────────────
/** By sweep, endpoint, release and pipeline, moved on in the transaction that posts: of the charges that have one. */
export const costFacetDays = pgTable("cost_facet_days", { ...place(), facet: text({ enum: FACETS }).notNull(), key: text().notNull(), ...ofRuns() }, (t) => [
  primaryKey({ columns: [t.orgId, t.facet, t.day, t.projectId, t.key] }),
  check("cost_facet_days_facet_known", oneOf(t.facet, FACETS)),
]);
