import { bigint, foreignKey, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./columns.ts";
import { objects, runs } from "./experiments.ts";

/** The newest checkpoint of a run that is kept outside of its cluster. */
export const runCheckpoints = pgTable("run_checkpoints", {
  runId: text().primaryKey(),
  orgId: text().notNull(),
  attemptId: text().notNull(),
  attemptNumber: integer().notNull(),
  files: integer().notNull(),
  bytes: bigint({ mode: "number" }).notNull(),
  storedAt: moment().notNull().defaultNow(),
}, (t) => [foreignKey({ columns: [t.orgId, t.runId], foreignColumns: [runs.orgId, runs.id] })]);
export const runCheckpointFiles = pgTable("run_checkpoint_files", {
  runId: text().notNull().references(() => runCheckpoints.runId),
  path: text().notNull(),
  orgId: text().notNull(),
  sha256: text().notNull(),
  bytes: bigint({ mode: "number" }).notNull(),
}, (t) => [
  primaryKey({ columns: [t.runId, t.path] }),
  foreignKey({ columns: [t.orgId, t.sha256], foreignColumns: [objects.orgId, objects.sha256] }),
  index("run_checkpoint_files_object").on(t.orgId, t.sha256),
]);
