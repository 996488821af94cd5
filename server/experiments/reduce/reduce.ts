import type { SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { statementOf } from "../../../db/statement.ts";
import type { ReducerPool } from "./pool.ts";
import { type Reading, readParts, type RunRow } from "./readings.ts";
import { type Answers, type Kind, reductionOf, type Task, type TaskOf } from "./reductions.ts";

/** What a chart is read from, in the name of one organization. */
export interface Source {
  db: DbOrTx;
  orgId: string;
  readings: Reading<SQL>[];
}

const shared = globalThis as typeof globalThis & { droverReducers?: ReducerPool };

export function setReducers(pool: ReducerPool): void {
  shared.droverReducers = pool;
}

/**
 * Reads and reduces a chart in a thread, so that a long one delays nobody else's request, nor has the event loop's heap collected
 * for its megabytes; here where the process has none, as in tests and tools.
 */
export async function reduce<K extends Kind>(task: TaskOf<K>, { db, orgId, readings }: Source): Promise<Answers[K]> {
  if (shared.droverReducers) return shared.droverReducers.reduce(task, orgId, readings.map(({ lines, points, across }) => ({ lines, points: statementOf(points), across: across && statementOf(across) })));
  const reduction = reductionOf(task as Task);
  await readParts(readings, (statement) => db.execute<RunRow>(statement), reduction.add);
  return reduction.finish() as Answers[K];
}
