import { foreignKey, index, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { projects } from "./access.ts";
import { id, moment, timestamps } from "./columns.ts";
import { runs } from "./experiments.ts";

/** A data set as a run saw it: a name, and the digest of what was in it. */
export const datasets = pgTable("datasets", {
  id: id("dataset"),
  orgId: text().notNull(),
  projectId: text().notNull(),
  name: text().notNull(),
  digest: text().notNull(),
  sourceType: text().notNull(),
  source: text().notNull(),
  schema: text(),
  profile: text(),
  ...timestamps,
}, (t) => [foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }), unique("datasets_once").on(t.projectId, t.name, t.digest)]);
/** `tags` says what for, such as `mlflow.data.context: training`. */
export const runInputs = pgTable("run_inputs", {
  runId: text().notNull().references(() => runs.id),
  datasetId: text().notNull().references(() => datasets.id),
  tags: jsonb().$type<Record<string, string>>().notNull().default({}),
  createdAt: moment().notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.runId, t.datasetId] }), index("run_inputs_dataset").on(t.datasetId, t.runId)]);
