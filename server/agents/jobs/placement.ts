import { and, eq, isNull, lte, or, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { placeQueue } from "../../../domain/agents/queue.ts";
import type { PendingReason } from "../../../domain/experiments/pending.ts";
import { assignRuns } from "../../experiments/commands/attempt-moves.ts";
import { submitted, transact, type RunRecord, type Work } from "../../experiments/commands/transitions.ts";
import { failpoint } from "../../failpoint.ts";
import { loadSnapshots } from "../queries.ts";
import type { AgentServices } from "../services.ts";

/** Queued runs that one pass looks at, from the head. What lies beyond waits behind them. */
export const WINDOW = 1000;
const LOCK = 7_070_010;

export interface Pass {
  placed: number;
  /** Another worker is placing for this organization right now: look again shortly. */
  busy: boolean;
  /** Something was placed and the queue is longer than the window. */
  more: boolean;
}

export type PlacementServices = Pick<AgentServices, "db" | "bus" | "leaseSeconds" | "now">;

/** Organizations with runs that could be placed now. */
export async function listWaitingOrgs({ db }: PlacementServices): Promise<string[]> {
  const rows = await db.selectDistinct({ orgId: runs.orgId }).from(runs).where(and(eq(runs.status, "queued"), or(isNull(runs.notBefore), lte(runs.notBefore, sql`now()`))));
  return rows.map(({ orgId }) => orgId);
}

/**
 * Places as many queued runs of one organization as fit, in one transaction. Only its advisory lock's holder makes attempts,
 * so N workers never promise the same room twice. Runs that were cancelled meanwhile are left out.
 */
export async function placeOrg(services: PlacementServices, orgId: string): Promise<Pass> {
  failpoint("worker.place.begin");
  const pass = await transact(
    services.db,
    services.bus,
    async (work) => {
      const [lock] = await work.tx.execute<{ held: boolean }>(sql`select pg_try_advisory_xact_lock(${LOCK}, hashtext(${orgId})) as held`);
      if (!lock?.held) return { placed: 0, busy: true, more: false };
      return placeHead(work, services, orgId);
    },
    { beforeCommit: () => failpoint("worker.place.before-commit"), afterCommit: () => failpoint("worker.place.after-commit") },
  );
  failpoint("worker.place.after-notify");
  return pass;
}

/** What placement needs of a queued run: with a long queue, every column more costs. */
const WAITING = {
  id: runs.id, orgId: runs.orgId, name: runs.name, status: runs.status, spec: runs.spec, pending: runs.pending, priority: runs.priority, queuedAt: runs.queuedAt,
  attemptCount: runs.attemptCount, cpus: runs.cpus, memoryMib: runs.memoryMib, gpus: runs.gpus, nodes: runs.nodes,
};
type WaitingRun = Pick<RunRecord, keyof typeof WAITING>;

async function placeHead(work: Work, services: PlacementServices, orgId: string): Promise<Pass> {
  const { tx } = work;
  const found = await tx
    .select(WAITING)
    .from(runs)
    .where(and(eq(runs.orgId, orgId), eq(runs.status, "queued"), or(isNull(runs.notBefore), lte(runs.notBefore, sql`now()`))))
    .orderBy(sql`${runs.priority} desc nulls last`, runs.queuedAt, runs.id) // the index's own order
    .limit(WINDOW);
  const queue = found.map(submitted);
  if (queue.length === 0) return { placed: 0, busy: false, more: false };
  const snapshots = await loadSnapshots(tx, orgId);
  const { placed, waiting } = placeQueue(queue, snapshots, services.now());
  const chosen = placed.map(({ runId }) => runId);
  const stillQueued = await lockQueued(tx, chosen);
  const byId = new Map(queue.filter(({ id }) => stillQueued.has(id)).map((run) => [run.id, run]));
  const names = new Map(snapshots.map(({ id, name }) => [id, name]));
  const assigned = placed.flatMap((choice) => {
    const run = byId.get(choice.runId);
    return run ? [{ run: submitted(run), choice, clusterName: names.get(choice.clusterId)! }] : [];
  });
  await assignRuns(work, assigned, services.leaseSeconds);
  await explain(work, queue, waiting);
  const more = assigned.length > 0 && queue.length === WINDOW;
  if (queue.length === WINDOW && !more) await explainRest(work, queue); // while passes still place, the next one comes at once
  return { placed: assigned.length, busy: false, more };
}

/** Locks those that nobody cancelled or holds. A run that is still queued is as it was read: only placement assigns. */
async function lockQueued(tx: Tx, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await tx.select({ id: runs.id }).from(runs).where(and(eq(runs.id, sql`any(${sql.param(ids)}::text[])`), eq(runs.status, "queued"))).for("no key update", { skipLocked: true });
  return new Set(rows.map(({ id }) => id));
}

/** Writes reasons that differ from those on record, and tells their pages. */
async function explain(work: Work, queue: WaitingRun[], waiting: Map<string, PendingReason>): Promise<void> {
  const changed = queue.filter((run) => {
    const reason = waiting.get(run.id);
    return reason && canonical(reason) !== canonical(run.pending);
  });
  if (changed.length === 0) return;
  await work.tx.execute(sql`
    update ${runs} set pending = fresh.pending::jsonb
    from unnest(${sql.param(changed.map(({ id }) => id))}::text[], ${sql.param(changed.map(({ id }) => JSON.stringify(waiting.get(id))))}::text[]) as fresh (id, pending)
    where ${runs.id} = fresh.id and ${runs.status} = 'queued'`);
  for (const run of changed) work.changes.push({ orgId: run.orgId, topic: "run", id: run.id });
}

/** Beyond the window nothing is known but that others go first; written once. */
async function explainRest(work: Work, queue: WaitingRun[]): Promise<void> {
  const last = queue.at(-1)!;
  const behind: PendingReason = { kind: "behind", message: `More than ${WINDOW} runs go first.` };
  await work.tx.execute(sql`
    update ${runs} set pending = ${JSON.stringify(behind)}::text::jsonb
    where ${runs.id} in (
      select id from ${runs} where org_id = ${last.orgId} and status = 'queued' and (not_before is null or not_before <= now()) and (pending is null or pending ->> 'kind' = 'placing')
        and (priority < ${last.priority} or (priority = ${last.priority} and (queued_at, id) > (${last.queuedAt.toISOString()}::timestamptz, ${last.id})))
      limit 5000 for no key update skip locked)`);
}

/** Text that is equal for equal reasons, however jsonb ordered their keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (part !== null && typeof part === "object" && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part)) ?? "null";
}
