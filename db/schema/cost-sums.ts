import { sql } from "drizzle-orm";
import { bigint, check, date, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { CAPACITY_CLASSES, HELD_KINDS, RESOURCE_KINDS } from "../../domain/costs/metering.ts";
import { RUN_STATUSES } from "../../domain/experiments/run-status.ts";
import { COST_PARTS } from "../../domain/costs/split.ts";
import { moment, oneOf } from "./columns.ts";
import { quantity, rolled } from "./costs.ts";

/** A day of one resource of a cluster. */
const asset = () => ({ clusterId: text().notNull(), kind: text({ enum: RESOURCE_KINDS }).notNull(), model: text().notNull(), capacityClass: text({ enum: CAPACITY_CLASSES }).notNull() });
export const place = () => ({ orgId: text().notNull(), day: date().notNull(), projectId: text().notNull() }); // empty: idle

export const ofRuns = () => ({ acceleratorHours: quantity().notNull(), amount: rolled().amount, provisional: rolled().provisional });

// Sums of `cost_daily` that a year of it can be read by, moved on in the transaction that posts.
/** By project and asset. `owners`: whose use is in it, for figures that must tell of no single person. */
export const costProjectDays = pgTable("cost_project_days", { ...place(), ...asset(), owners: text().array().notNull(), ...rolled(), people: integer().notNull().generatedAlwaysAs(sql`cardinality(owners)`) }, (t) => [
  primaryKey({ columns: [t.orgId, t.day, t.projectId, t.clusterId, t.kind, t.model, t.capacityClass] }),
  index("cost_project_days_people").on(t.orgId, t.people, t.day),
]);
/** The same, without assets: of `parts` of them that so many people are in. */
export const costPeopleDays = pgTable("cost_people_days", { ...place(), people: integer().notNull(), parts: integer().notNull(), ...ofRuns() }, (t) => [primaryKey({ columns: [t.orgId, t.day, t.projectId, t.people] })]);
export const costPersonDays = pgTable("cost_person_days", { ...place(), ownerId: text().notNull(), ...ofRuns() }, (t) => [primaryKey({ columns: [t.orgId, t.day, t.projectId, t.ownerId] })]);
export const costExperimentDays = pgTable("cost_experiment_days", { ...place(), experimentId: text().notNull(), ...ofRuns() }, (t) => [primaryKey({ columns: [t.orgId, t.day, t.projectId, t.experimentId] })]);

// What capacity's cost went to.
/** The same money as `cost_project_days`, split: written whole for a day of a cluster, whenever something of it changed. */
export const costParts = pgTable("cost_parts", { ...place(), ...asset(), part: text({ enum: COST_PARTS }).notNull(), ...rolled() }, (t) => [
  primaryKey({ columns: [t.orgId, t.day, t.clusterId, t.projectId, t.kind, t.model, t.capacityClass, t.part] }),
  check("cost_parts_part_known", oneOf(t.part, COST_PARTS)),
]);
/** Sums of the parts, moved on in the statement that writes them: by day, and by month with their assets. */
export const costPartDays = pgTable("cost_part_days", { ...place(), part: text({ enum: COST_PARTS }).notNull(), amount: rolled().amount }, (t) => [primaryKey({ columns: [t.orgId, t.day, t.projectId, t.part] })]);
export const costPartMonths = pgTable("cost_part_months", { orgId: text().notNull(), month: date().notNull(), projectId: text().notNull(), ...asset(), part: text({ enum: COST_PARTS }).notNull(), amount: rolled().amount }, (t) => [
  primaryKey({ columns: [t.orgId, t.month, t.projectId, t.clusterId, t.kind, t.model, t.capacityClass, t.part] }),
]);
/** Days of clusters that are to be split anew. Only added to and taken away, so that nobody who books waits for another. */
export const costSplitMarks = pgTable("cost_split_marks", {
  id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  orgId: text().notNull(),
  clusterId: text().notNull(),
  day: date().notNull(),
  dueAt: moment().notNull(),
}, (t) => [index("cost_split_marks_due").on(t.dueAt), index("cost_split_marks_day").on(t.clusterId, t.day)]);
/** How much of what an attempt held it used on a day: kept, since what was measured is not. */
export const attemptUse = pgTable("attempt_use", {
  attemptId: text().notNull(),
  day: date().notNull(),
  kind: text({ enum: HELD_KINDS }).notNull(),
  orgId: text().notNull(),
  use: integer().notNull(), // thousandths
}, (t) => [primaryKey({ columns: [t.attemptId, t.day, t.kind] }), check("attempt_use_share", sql`use between 0 and 1000`)]);

// Sums of `cost_run_days` by what can change after it was booked. A day of them is written whole, soon after something of it changed.
export const costOutcomeDays = pgTable("cost_outcome_days", { ...place(), outcome: text({ enum: RUN_STATUSES }).notNull(), ...ofRuns() }, (t) => [primaryKey({ columns: [t.orgId, t.day, t.projectId, t.outcome] })]);
/** `runs`: how many runs there were with it. Values may be longer than what an index holds. */
export const costTagDays = pgTable("cost_tag_days", { ...place(), key: text().notNull(), value: text().notNull(), runs: integer().notNull(), ...ofRuns() }, (t) => [index("cost_tag_days_day").on(t.orgId, t.day), index("cost_tag_days_key").on(t.orgId, t.key, t.day)]);
/** A day, or the days of a run, that are no longer what they were: read run by run until they are written anew. Only added to and taken away. */
export const costRunMarks = pgTable("cost_run_marks", {
  id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  orgId: text().notNull(),
  day: date(),
  runId: text(),
}, (t) => [index("cost_run_marks_org").on(t.orgId), check("cost_run_marks_one", sql`num_nonnulls(day, run_id) = 1`)]);
