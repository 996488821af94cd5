import { sql } from "drizzle-orm";
import { index, pgTable, text } from "drizzle-orm/pg-core";
import { moment } from "./columns.ts";
import { runs } from "./experiments.ts";

/**
 * What an ended run logged, as MLflow's searches answer it: so that a page of runs reads a row of each and not all of its values.
 * Triggers make a row of each run that ends, and empty it with every later change (db/migrations/0046_run_texts.sql); the worker
 * writes what is empty. A run without a text is read from its values.
 */
export const runTexts = pgTable("run_texts", {
  runId: text().primaryKey().references(() => runs.id),
  experimentId: text().notNull(), // of its run: whose rows may be read is asked once for a statement
  body: text(), // null: to be written
  owedAt: moment().notNull().defaultNow(), // when it became empty
}, (t) => [index("run_texts_owed").on(t.owedAt).where(sql`body is null`)]);
