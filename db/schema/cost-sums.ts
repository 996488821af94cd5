import { sql } from "drizzle-orm";
import { bigint, check, date, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { CAPACITY_CLASSES, HELD_KINDS } from "../../domain/costs/metering.ts";
import { COST_PARTS } from "../../domain/costs/split.ts";
import { moment, oneOf } from "./columns.ts";
import { quantity, rolled } from "./costs.ts";

/** A day of one resource of a cluster. */
const asset = () => ({ clusterId: text().notNull(), kind: text({ enum: HELD_KINDS }).notNull(), model: text().notNull(), capacityClass: text({ enum: CAPACITY_CLASSES }).notNull() });
const place = () => ({ orgId: text().notNull(), day: date().notNull(), projectId: text().notNull() }); // empty: idle

// Sums of `cost_daily` that a year of it can be read by, moved on in the transaction that posts.
/** By project and asset. `owners`: whose use is in it, for figures that must tell of no single person. */
export const costProjectDays = pgTable("cost_project_days", { ...place(), ...asset(), owners: text().array().notNull(), ...rolled() }, (t) => [
  primaryKey({ columns: [t.orgId, t.day, t.projectId, t.clusterId, t.kind, t.model, t.capacityClass] }),
]);
const ofRuns = () => ({ acceleratorHours: quantity().notNull(), amount: rolled().amount, provisional: rolled().provisional });
export const costPersonDays = pgTable("cost_person_days", { ...place(), ownerId: text().notNull(), ...ofRuns() }, (t) => [primaryKey({ columns: [t.orgId, t.day, t.projectId, t.ownerId] })]);
export const costExperimentDays = pgTable("cost_experiment_days", { ...place(), experimentId: text().notNull(), ...ofRuns() }, (t) => [primaryKey({ columns: [t.orgId, t.day, t.projectId, t.experimentId] })]);

// What capacity's cost went to.
/** The same money as `cost_project_days`, split: written whole for a day of a cluster, whenever something of it changed. */
export const costParts = pgTable("cost_parts", { ...place(), ...asset(), part: text({ enum: COST_PARTS }).notNull(), ...rolled() }, (t) => [
  primaryKey({ columns: [t.orgId, t.day, t.clusterId, t.projectId, t.kind, t.model, t.capacityClass, t.part] }),
  check("cost_parts_part_known", oneOf(t.part, COST_PARTS)),
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
