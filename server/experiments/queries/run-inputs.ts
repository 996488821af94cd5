import { asc, eq, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { datasets, runInputs } from "../../../db/schema/datasets.ts";
import type { RunInput } from "../../../domain/experiments/run-view.ts";

/** A run page shows no more; clients may log tens of thousands. */
const MOST = 50;

/** What a run said it read, in the order in which it did; each with how many there are in all. */
export const listRunInputs = (db: DbOrTx, runId: string): Promise<(RunInput & { total: number })[]> =>
  db
    .select({ id: datasets.id, name: datasets.name, digest: datasets.digest, context: sql<string | null>`${runInputs.tags} ->> 'mlflow.data.context'`, total: sql<number>`(count(*) over ())::int` })
    .from(runInputs)
    .innerJoin(datasets, eq(datasets.id, runInputs.datasetId))
    .where(eq(runInputs.runId, runId))
    .orderBy(asc(runInputs.createdAt), asc(datasets.id))
    .limit(MOST);
