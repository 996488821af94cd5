import { and, asc, eq, inArray, isNull, lt, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { runTexts } from "../../../db/schema/run-texts.ts";
import { loadRunBodies } from "../queries/mlflow-runs.ts";

/** Runs that one transaction writes: it holds their locks, for which whoever logs to one of them waits. */
const BATCH = 500;
/** A run that is still being annotated would be written again with every change. */
const QUIET_SECONDS = 10;

/**
 * Writes the texts of ended runs that have none, or whose values changed. A run that somebody else has is left for the next pass:
 * what is being changed there would not be in its text, nor empty it any more. @returns how many were written.
 */
export async function writeRunTexts({ db }: { db: Db }, quietSeconds = QUIET_SECONDS): Promise<number> {
  for (let written = 0; ; ) {
    const owed = await db
      .select({ id: runTexts.runId })
      .from(runTexts)
      .where(and(isNull(runTexts.body), lt(runTexts.owedAt, sql`now() - make_interval(secs => ${quietSeconds})`)))
      .orderBy(asc(runTexts.owedAt))
      .limit(BATCH);
    const now = await writeTexts(db, owed.map(({ id }) => id));
    written += now;
    if (owed.length < BATCH || now === 0) return written;
  }
}

const writeTexts = (db: Db, ids: string[]): Promise<number> =>
  db.transaction(async (tx) => {
    const locked = await tx.select({ id: runs.id }).from(runs).where(inArray(runs.id, ids)).for("update", { skipLocked: true });
    const made = await loadRunBodies(tx, locked.map(({ id }) => id)); // by a statement of its own: it sees all that was committed before the locks were had
    await tx
      .update(runTexts)
      .set({ body: sql`made.body` })
      .from(sql`unnest(${sql.param(made.map(({ id }) => id))}::text[], ${sql.param(made.map(({ body }) => body))}::text[]) as made (id, body)`)
      .where(and(eq(runTexts.runId, sql`made.id`), isNull(runTexts.body)));
    return made.length;
  });
