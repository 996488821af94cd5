import { and, eq, isNull, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { startEstimates } from "../../../db/schema/queue.ts";

/** These start now: what was told of them can be checked against it. */
export async function checkEstimates(tx: Tx, runIds: readonly string[]): Promise<void> {
  if (runIds.length === 0) return;
  await tx.update(startEstimates).set({ actualStart: sql`now()` }).where(and(eq(startEstimates.runId, sql`any(${sql.param([...runIds])}::text[])`), isNull(startEstimates.actualStart)));
}
