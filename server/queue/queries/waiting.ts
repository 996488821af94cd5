import { and, asc, eq, isNotNull, isNull, lt, lte, or, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { accelerators } from "../../../db/schema/clusters.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { durationHistory } from "../../../db/schema/queue.ts";
import { kindOn } from "../../../domain/agents/accelerators.ts";
import type { PendingReason } from "../../../domain/experiments/pending.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import type { Durations } from "../../../domain/queue/durations.ts";
import type { Waiting } from "../../../domain/queue/order.ts";

/** Queued runs that one look takes in: from the head, and of those beyond it a slice, with each look the next. */
export const WINDOW = { head: 5000, beyond: 1000 };
export type QueueWindow = typeof WINDOW;

/** Queued, not held, and not waiting out a backoff. */
export const placeable = (orgId: string) => and(eq(runs.orgId, orgId), eq(runs.status, "queued"), isNotNull(runs.spec), isNull(runs.heldAt), or(isNull(runs.notBefore), lte(runs.notBefore, sql`now()`)));

/** A spec without what only its process reads: five thousand of them are read on every pass. */
const LEAN_SPEC = sql<RunSpec>`(${runs.spec} - '{command,env,params,tags,artifacts}'::text[])`;

export type WaitingRow = Waiting & { orgId: string; pending: PendingReason | null; durations: Durations | null };

/** A place in the queue as it is read, by priority and age. `queuedAt`: Unix ms. */
export type Place = Pick<Waiting, "priority" | "queuedAt" | "id">;

const goesFirst = (a: Place, b: Place): boolean => (a.priority - b.priority || b.queuedAt - a.queuedAt || (a.id < b.id ? 1 : -1)) > 0;

/** The queue as the policies look at it, by priority and age; domain/queue/order.ts decides who goes first. */
export const loadWaiting = (db: DbOrTx, orgId: string, limit = WINDOW.head): Promise<WaitingRow[]> => readWaiting(db, placeable(orgId), limit);

/** A run as if it waited, whatever became of it: what its place in the queue would be. */
export const loadAsWaiting = async (db: DbOrTx, orgId: string, id: string): Promise<WaitingRow | undefined> => (await readWaiting(db, and(eq(runs.orgId, orgId), eq(runs.id, id)), 1))[0];

/** The next of the runs behind `last`, the end of a window: those behind where the look before ended, or the first again once it came to the end. */
export async function loadBeyond(db: DbOrTx, orgId: string, limit: number, last: Place, lookedTo: Place | undefined): Promise<WaitingRow[]> {
  const from = lookedTo && goesFirst(last, lookedTo) ? lookedTo : last;
  // Two ranges of the index, each read from where it begins: one condition for both would read everything ahead of them.
  const alike = await readWaiting(db, and(placeable(orgId), eq(runs.priority, from.priority), sql`(${runs.queuedAt}, ${runs.id}) > (${new Date(from.queuedAt).toISOString()}::timestamptz, ${from.id})`), limit);
  const lower = alike.length < limit ? await readWaiting(db, and(placeable(orgId), lt(runs.priority, from.priority)), limit - alike.length) : [];
  return alike.length + lower.length > 0 || from === last ? [...alike, ...lower] : loadBeyond(db, orgId, limit, last, undefined);
}

async function readWaiting(db: DbOrTx, where: SQL | undefined, limit: number): Promise<WaitingRow[]> {
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
      attained: sql<number>`${runs.attainedSeconds} - ${runs.sparedSeconds}`.mapWith(Number),
      spared: runs.sparedSeconds,
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
    .where(where)
    .orderBy(sql`${runs.priority} desc nulls last`, asc(runs.queuedAt), asc(runs.id)) // the index's own order
    .limit(limit);
  const partOf = rows.some((row) => row.spec.resources.gpuModel !== null) ? await partsThere(db, rows[0]!.orgId) : () => 1;
  return rows.map(({ samples, p50, p90, ...row }) => ({ ...row, part: partOf(row.spec.resources.gpuModel), queuedAt: row.queuedAt.getTime(), durations: samples === null ? null : { samples, p50: p50!, p90: p90! } }));
}

/** How much of an accelerator each is that answers to a wanted model; 1 where none does. */
async function partsThere(db: DbOrTx, orgId: string): Promise<(gpuModel: string | null) => number> {
  const kinds = await db.selectDistinctOn([accelerators.model, accelerators.shares], { index: accelerators.index, model: accelerators.model, milli: accelerators.milli, shares: accelerators.shares }).from(accelerators).where(and(eq(accelerators.orgId, orgId), eq(accelerators.present, true)));
  const there = { accelerators: kinds.map((kind) => ({ ...kind, free: true, ok: true })) };
  return (gpuModel) => (kindOn(there, gpuModel)?.milli ?? 1000) / 1000;
}
