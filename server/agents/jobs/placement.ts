import { and, eq, isNull, lte, or, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { milliHeld } from "../../../domain/agents/accelerators.ts";
import { sameReason, type PendingReason } from "../../../domain/experiments/pending.ts";
import { placePass } from "../../../domain/queue/pass.ts";
import type { QueuePolicy } from "../../../domain/queue/policy.ts";
import { loadHourPrices } from "../../costs/queries/estimate.ts";
import { assignRuns } from "../../experiments/commands/attempt-moves.ts";
import { transact, type Work } from "../../experiments/commands/transitions.ts";
import { failpoint } from "../../failpoint.ts";
import { checkEstimates } from "../../queue/commands/estimates.ts";
import { preemptAttempts } from "../../queue/commands/preempt.ts";
import { chargeUsage } from "../../queue/commands/usage.ts";
import { loadPolicy, loadQuotas, loadShares } from "../../queue/queries/policy.ts";
import { loadBeyond, loadWaiting, type Place, type QueueWindow, WINDOW, type WaitingRow } from "../../queue/queries/waiting.ts";
import { loadSnapshots } from "../queries/snapshots.ts";
import type { AgentServices } from "../services.ts";
import { LOCKS } from "../../locks.ts";

export interface Pass {
  placed: number;
  /** Another worker is placing for this organization right now: look again shortly. */
  busy: boolean;
  /** Something was placed and the queue is longer than the window. */
  more: boolean;
}

export type PlacementServices = Pick<AgentServices, "db" | "bus" | "leaseSeconds" | "now"> & { window?: QueueWindow };

/** How far the looks beyond the window have come, by organization. Another worker, or one that starts anew, begins behind the window: nothing is lost by it. */
const lookedTo = new Map<string, Place>();

/** Organizations with runs that could be placed now. */
export async function listWaitingOrgs({ db }: PlacementServices): Promise<string[]> {
  const rows = await db.selectDistinct({ orgId: runs.orgId }).from(runs).where(and(eq(runs.status, "queued"), isNull(runs.heldAt), or(isNull(runs.notBefore), lte(runs.notBefore, sql`now()`))));
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
      const [[lock], policy] = await Promise.all([work.tx.execute<{ held: boolean }>(sql`select pg_try_advisory_xact_lock(${LOCKS.placement}, hashtext(${orgId})) as held`), loadPolicy(work.tx, orgId)]);
      if (!lock?.held) return { placed: 0, busy: true, more: false };
      return placeHead(work, services, orgId, policy);
    },
    { beforeCommit: () => failpoint("worker.place.before-commit"), afterCommit: () => failpoint("worker.place.after-commit") },
  );
  failpoint("worker.place.after-notify");
  return pass;
}

async function placeHead(work: Work, services: PlacementServices, orgId: string, policy: QueuePolicy): Promise<Pass> {
  const { tx } = work;
  await chargeUsage(tx, orgId, policy, "ended");
  const window = services.window ?? WINDOW;
  const queue = await loadWaiting(tx, orgId, window.head);
  if (queue.length === 0) return { placed: 0, busy: false, more: false };
  const now = services.now();
  const [snapshots, quotas, shares, prices] = await Promise.all([loadSnapshots(tx, orgId), loadQuotas(tx, orgId), loadShares(tx, orgId, policy), loadHourPrices(tx, orgId, now)]);
  const isLong = queue.length === window.head;
  // What fills the window may all wait for what never comes, while those behind it would fit elsewhere.
  const seen = new Map(queue.map((run) => [run.id, run.spec.cluster]));
  const beyond = isLong ? (await loadBeyond(tx, orgId, window.beyond, queue.at(-1)!, lookedTo.get(orgId))).filter(({ id }) => !seen.has(id)) : [];
  for (const { id, spec } of beyond) seen.set(id, spec.cluster);
  if (beyond.length > 0) lookedTo.set(orgId, beyond.at(-1)!);
  else lookedTo.delete(orgId);
  const { placed, waiting, victims } = placePass({ queue, beyond, clusters: snapshots, now, policy, quotas, shares, ...prices });
  const chosen = placed.map(({ runId }) => runId);
  const byId = await lockQueued(tx, chosen, seen);
  const places = new Map(snapshots.map((cluster) => [cluster.id, cluster]));
  const specs = new Map([...queue, ...beyond].map(({ id, spec }) => [id, spec]));
  const assigned = placed.flatMap((choice) => {
    const run = byId.get(choice.runId);
    const cluster = places.get(choice.clusterId)!;
    const { resources } = specs.get(choice.runId)!;
    const milli = resources.gpuModel === null ? null : milliHeld(cluster.nodes.find(({ name }) => name === choice.nodeNames[0]), choice.accelerators, resources); // parts are had only by asking for them
    return run ? [{ run, choice, milli, clusterName: cluster.name }] : [];
  });
  await Promise.all([assignRuns(work, assigned, services.leaseSeconds), checkEstimates(tx, assigned.map(({ run }) => run.id))]);
  await preemptAttempts(work, victims);
  for (const { id } of beyond) if (["busy", "behind"].includes(waiting.get(id)?.kind ?? "")) waiting.set(id, BEHIND);
  await explain(work, [...queue, ...beyond], waiting);
  const more = assigned.length > 0 && isLong;
  if (isLong && !more) await explainRest(work, queue); // while passes still place, the next one comes at once
  return { placed: assigned.length, busy: false, more };
}

/** What an attempt takes over from its run: not its spec, which for thousands of runs would be most of what a pass reads. */
const ASSIGNED = { id: runs.id, orgId: runs.orgId, status: runs.status, attemptCount: runs.attemptCount, cpus: runs.cpus, memoryMib: runs.memoryMib, gpus: runs.gpus, nodes: runs.nodes };

/** Locks those that nobody cancelled, held, moved or has in hand right now. `seen`: the cluster that each was bound to when it was looked at. */
async function lockQueued(tx: Tx, ids: string[], seen: ReadonlyMap<string, string | null>) {
  if (ids.length === 0) return new Map<string, never>();
  const rows = await tx.select({ ...ASSIGNED, cluster: sql<string | null>`${runs.spec} ->> 'cluster'` }).from(runs).where(and(eq(runs.id, sql`any(${sql.param(ids)}::text[])`), eq(runs.status, "queued"), isNull(runs.heldAt))).for("no key update", { skipLocked: true });
  return new Map(rows.flatMap(({ cluster, ...run }) => (cluster === seen.get(run.id) ? [[run.id, run]] : [])));
}

/** Writes reasons that differ from those on record, and tells their pages. */
async function explain(work: Work, queue: WaitingRow[], waiting: Map<string, PendingReason>): Promise<void> {
  const changed = queue.filter((run) => {
    const reason = waiting.get(run.id);
    return reason && !sameReason(reason, run.pending);
  });
  if (changed.length === 0) return;
  // Whoever has one in hand changes it, and would wait for us as we for them where both go on to others: the next pass tells those.
  await work.tx.execute(sql`
    with ours as (select id from ${runs} where id = any(${sql.param(changed.map(({ id }) => id))}::text[]) and status = 'queued' and held_at is null for no key update skip locked)
    update ${runs} set pending = fresh.pending::jsonb
    from unnest(${sql.param(changed.map(({ id }) => id))}::text[], ${sql.param(changed.map(({ id }) => JSON.stringify(waiting.get(id))))}::text[]) as fresh (id, pending) join ours on ours.id = fresh.id
    where ${runs.id} = fresh.id`);
  for (const run of changed) work.changes.push({ orgId: run.orgId, topic: "run", id: run.id });
}

/** Of those beyond the window nothing more is told while they could start somewhere, now or later. */
const BEHIND: PendingReason = { kind: "behind", message: `More than ${WINDOW.head} runs go first.` };

/** Beyond the window nothing is known but that others go first; written once. */
async function explainRest(work: Work, queue: WaitingRow[]): Promise<void> {
  const last = queue.at(-1)!;
  await work.tx.execute(sql`
    update ${runs} set pending = ${JSON.stringify(BEHIND)}::text::jsonb
    where ${runs.id} in (
      select id from ${runs} where org_id = ${last.orgId} and status = 'queued' and held_at is null and (not_before is null or not_before <= now()) and (pending is null or pending ->> 'kind' = 'placing')
        and (priority < ${last.priority} or (priority = ${last.priority} and (queued_at, id) > (${new Date(last.queuedAt).toISOString()}::timestamptz, ${last.id})))
      limit 5000 for no key update skip locked)`);
}
