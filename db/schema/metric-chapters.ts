import { bigint, doublePrecision, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { bytea } from "./columns.ts";
import { runs } from "./experiments.ts";

/**
 * Outlines of neighbouring large batches taken together, at several levels: what charts of long series read instead of the batches.
 * A batch says itself which chapter it is in, so that no point is read twice, nor missed where one came late between others.
 */
export const metricChapters = pgTable("metric_chapters", {
  id: text().primaryKey(), // of the first of its batches: chapters and batches sort together, as they came
  runId: text().notNull().references(() => runs.id),
  key: text().notNull(),
  minStep: bigint({ mode: "number" }).notNull(),
  maxStep: bigint({ mode: "number" }).notNull(),
  minTime: bigint({ mode: "number" }).notNull(), // Unix ms
  maxTime: bigint({ mode: "number" }).notNull(),
  cellSteps: doublePrecision().array().notNull(), // of the widest cell of each level, narrow cells first
  cellMs: doublePrecision().array().notNull(),
  starts: integer().array().notNull(), // where each level's outline begins in `outlines`, from 1; and where the last one ends
  outlines: bytea().notNull(), // never compressed, so that one level is read without the others
}, (t) => [index("metric_chapters_series").on(t.runId, t.key)]);
