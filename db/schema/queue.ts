import { sql } from "drizzle-orm";
import { boolean, check, doublePrecision, foreignKey, index, integer, jsonb, pgTable, text, unique } from "drizzle-orm/pg-core";
import type { QueuePolicy } from "../../domain/queue/policy.ts";
import { orgs, teams } from "./access.ts";
import { id, moment, oneOf, timestamps } from "./columns.ts";
import { experiments, runs } from "./experiments.ts";

/** What a team or a project may hold of accelerators of one model. `scopeId` is a team's or a project's id, of this organization. */
export const quotas = pgTable("quotas", {
  id: id("quota"),
  orgId: text().notNull().references(() => orgs.id),
  scope: text({ enum: ["team", "project"] }).notNull(),
  scopeId: text().notNull(),
  model: text().notNull(), // as in a spec's gpuModel; * is every model
  guaranteed: integer().notNull(),
  borrow: boolean().notNull(),
  limit: integer("most"), // null: no limit
  ...timestamps,
}, (t) => [
  unique("quotas_once").on(t.orgId, t.scope, t.scopeId, t.model),
  check("quotas_scope_known", oneOf(t.scope, ["team", "project"])),
]);

/** How an organization shares its clusters; the defaults of domain/queue/policy.ts hold without a row. */
export const queuePolicies = pgTable("queue_policies", { orgId: text().primaryKey().references(() => orgs.id), policy: jsonb().$type<QueuePolicy>().notNull(), ...timestamps });

/** Per team: decayed use, kept on write. No pass ever reads the history behind it. */
export const teamUsage = pgTable("team_usage", {
  teamId: text().primaryKey(),
  orgId: text().notNull(),
  weight: doublePrecision().notNull().default(1),
  used: doublePrecision().notNull().default(0), // accelerator-seconds as they counted at asOf
  asOf: moment().notNull().defaultNow(),
}, (t) => [index("team_usage_org").on(t.orgId), foreignKey({ columns: [t.orgId, t.teamId], foreignColumns: [teams.orgId, teams.id] })]);

/** How long the newest runs of an experiment took: what an estimate rests on. Kept when one ends. */
export const durationHistory = pgTable("duration_history", {
  experimentId: text().primaryKey(),
  orgId: text().notNull(),
  samples: integer().notNull(),
  p50Seconds: doublePrecision().notNull(),
  p90Seconds: doublePrecision().notNull(),
  updatedAt: moment().notNull().defaultNow(),
}, (t) => [foreignKey({ columns: [t.orgId, t.experimentId], foreignColumns: [experiments.orgId, experiments.id] })]);

/** When a waiting run may start, as first told and as told now; and when it did, so that the error of estimates is known. */
export const startEstimates = pgTable("start_estimates", {
  runId: text().primaryKey(),
  orgId: text().notNull(),
  firstToldAt: moment().notNull().defaultNow(),
  firstStart: moment().notNull(),
  start: moment().notNull(),
  basis: text().notNull(),
  actualStart: moment(),
}, (t) => [
  foreignKey({ columns: [t.orgId, t.runId], foreignColumns: [runs.orgId, runs.id] }),
  index("start_estimates_checked").on(t.orgId, t.actualStart).where(sql`actual_start is not null`),
]);
