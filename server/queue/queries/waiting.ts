import { and, asc, eq, isNotNull, isNull, lte, or, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { durationHistory } from "../../../db/schema/queue.ts";
import type { PendingReason } from "../../../domain/experiments/pending.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import type { Durations } from "../../../domain/queue/durations.ts";
import type { Waiting } from "../../../domain/queue/order.ts";

/** Queued runs that one look takes in, from the head. What lies beyond waits behind them. */
export const WINDOW = 5000;

/** Queued, not held, and not waiting out a backoff. */
export const placeable = (orgId: string) => and(eq(runs.orgId, orgId), eq(runs.status, "queued"), isNotNull(runs.spec), isNull(runs.heldAt), or(isNull(runs.notBefore), lte(runs.notBefore, sql`now()`)));

/** A spec without what only its process reads: five thousand of them are read on every pass. */
const LEAN_SPEC = sql<RunSpec>`(${runs.spec} - '{command,env,params,tags,artifacts}'::text[])`;

export type WaitingRow = Waiting & { orgId: string; pending: PendingReason | null; durations: Durations | null };

/** The queue as the policies look at it, by priority and age; domain/queue/order.ts decides who goes first. */
export async function loadWaiting(db: DbOrTx, orgId: string, limit = WINDOW): Promise<WaitingRow[]> {
  const rows = await db
    .select({
      id: runs.id,
      orgId: runs.orgId,
      name: runs.name,
      spec: LEAN_SPEC,
      teamId: projects.teamId,
      projectId: runs.projectId,
      ownerId: runs.ownerId,
      gpus: sql<number>`${runs.gpus} * ${runs.nodes}`.mapWith(Number),
      priority: runs.priority,
      queuedAt: runs.queuedAt,
      attained: runs.attainedSeconds,
      excluded: runs.excludedNodes,
      near: runs.checkpointClusterId,
      pending: runs.pending,
      samples: durationHistory.samples,
      p50: durationHistory.p50Seconds,
      p90: durationHistory.p90Seconds,
    })
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .leftJoin(durationHistory, eq(durationHistory.experimentId, runs.experimentId))
    .where(placeable(orgId))
    .orderBy(sql`${runs.priority} desc nulls last`, asc(runs.queuedAt), asc(runs.id)) // the index's own order
    .limit(limit);
  return rows.map(({ samples, p50, p90, ...row }) => ({ ...row, queuedAt: row.queuedAt.getTime(), durations: samples === null ? null : { samples, p50: p50!, p90: p90! } }));
}
