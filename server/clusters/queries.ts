import { and, asc, desc, eq, gt, inArray, isNull, lt, ne, sql } from "drizzle-orm";
import type { DbOrTx } from "../../db/client.ts";
import { agents, enrolments } from "../../db/schema/agents.ts";
import { accelerators, clusterEvents, clusters, clusterSchedulers, nodes, telemetryLatest } from "../../db/schema/clusters.ts";
import { attempts, runs } from "../../db/schema/experiments.ts";
import type { ClusterEventView } from "../../domain/clusters/cluster-view.ts";
import type { ListClusterEvents } from "../../domain/clusters/inputs.ts";
import type { AgentSigns } from "../../domain/clusters/reachability.ts";
import { LIVE_ATTEMPT_STATUSES } from "../../domain/experiments/attempt-status.ts";
import { notFound } from "../../domain/shared/errors.ts";
import { env } from "../../env.ts";

/** Samples older than this say nothing about now. */
const FRESH_SAMPLE = sql`now() - interval '60 seconds'`;

export type ClusterRecord = typeof clusters.$inferSelect;
export type NodeRecord = typeof nodes.$inferSelect;
export type AcceleratorRecord = typeof accelerators.$inferSelect;
export type AgentRecord = typeof agents.$inferSelect & Pick<AgentSigns, "fresh">;

/** @throws DomainError "not_found" for another organization's cluster too. */
export async function getCluster(db: DbOrTx, orgId: string, id: string): Promise<ClusterRecord> {
  const [row] = await db.select().from(clusters).where(and(eq(clusters.orgId, orgId), eq(clusters.id, id)));
  if (!row) throw notFound();
  return row;
}

export function listClusterRecords(db: DbOrTx, orgId: string): Promise<ClusterRecord[]> {
  return db.select().from(clusters).where(eq(clusters.orgId, orgId)).orderBy(asc(clusters.name), asc(clusters.id)).limit(1000);
}

/** The newest agent of each cluster. */
export async function listAgents(db: DbOrTx, clusterIds: string[]): Promise<Map<string, AgentRecord>> {
  if (clusterIds.length === 0) return new Map();
  const fresh = sql<boolean>`coalesce(${agents.lastSeenAt} > now() - make_interval(secs => ${env().DROVER_LEASE_SECONDS}), false)`;
  const rows = await db.selectDistinctOn([agents.clusterId], { agent: agents, fresh }).from(agents).where(inArray(agents.clusterId, clusterIds)).orderBy(agents.clusterId, desc(agents.id));
  return new Map(rows.map(({ agent, fresh: isFresh }) => [agent.clusterId, { ...agent, fresh: isFresh }]));
}

export function listNodes(db: DbOrTx, clusterIds: string[]): Promise<NodeRecord[]> {
  if (clusterIds.length === 0) return Promise.resolve([]);
  return db.select().from(nodes).where(and(inArray(nodes.clusterId, clusterIds), ne(nodes.state, "gone"))).orderBy(asc(nodes.name));
}

export function listAccelerators(db: DbOrTx, clusterIds: string[]): Promise<AcceleratorRecord[]> {
  if (clusterIds.length === 0) return Promise.resolve([]);
  return db.select().from(accelerators).where(and(inArray(accelerators.clusterId, clusterIds), eq(accelerators.present, true))).orderBy(asc(accelerators.nodeId), asc(accelerators.index));
}

/** Live attempts with what they hold per node, and their runs. */
export function listHolds(db: DbOrTx, clusterIds: string[]) {
  if (clusterIds.length === 0) return Promise.resolve([]);
  return db
    .select({
      attemptId: attempts.id, clusterId: attempts.clusterId, status: attempts.status, nodeNames: attempts.nodeNames, acceleratorIndexes: attempts.acceleratorIndexes,
      cpus: attempts.cpus, memoryMib: attempts.memoryMib, gpus: attempts.gpus, acceleratorMilli: attempts.acceleratorMilli, runId: runs.id, runName: runs.name, projectId: runs.projectId,
    })
    .from(attempts)
    .innerJoin(runs, eq(runs.id, attempts.runId))
    .where(and(inArray(attempts.clusterId, clusterIds), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES])))
    .orderBy(asc(attempts.id));
}
export type Hold = Awaited<ReturnType<typeof listHolds>>[number];

/** The newest fresh sample of each series, by `<subject> <id> <key>`. */
export async function latestSamples(db: DbOrTx, clusterIds: string[]): Promise<Map<string, number>> {
  if (clusterIds.length === 0) return new Map();
  const t = telemetryLatest;
  const rows = await db
    .select({ clusterId: t.clusterId, subject: t.subject, subjectId: t.subjectId, key: t.key, value: t.value })
    .from(t)
    .where(and(inArray(t.clusterId, clusterIds), inArray(t.subject, ["node", "accelerator"]), gt(t.at, FRESH_SAMPLE)));
  return new Map(rows.map((row) => [`${row.clusterId} ${row.subject} ${row.subjectId} ${row.key}`, row.value]));
}

/** How many jobs each node has that others gave to the cluster's scheduler, by its name. */
export async function countOutsideJobs(db: DbOrTx, clusterId: string): Promise<Map<string, number>> {
  const s = clusterSchedulers;
  const rows = await db.execute<{ name: string; jobs: number }>(sql`select name, count(*)::int as jobs
    from ${s}, jsonb_array_elements(${s.jobs}) job, jsonb_array_elements_text(job -> 'nodes') name where ${s.clusterId} = ${clusterId} group by name`);
  return new Map(rows.map(({ name, jobs }) => [name, jobs]));
}

/** Newest first. */
export async function listClusterEvents(db: DbOrTx, orgId: string, { id, cursor, limit }: ListClusterEvents): Promise<{ items: ClusterEventView[]; nextCursor: string | null }> {
  await getCluster(db, orgId, id);
  const e = clusterEvents;
  const found = await db
    .select({ id: e.id, at: e.at, kind: e.kind, subject: e.subject, actor: e.actor, message: e.message, evidence: e.evidence })
    .from(e)
    .where(and(eq(e.orgId, orgId), eq(e.clusterId, id), cursor ? lt(e.id, cursor) : undefined))
    .orderBy(desc(e.id))
    .limit(limit + 1);
  const items = found.slice(0, limit);
  return { items, nextCursor: found.length > limit ? items.at(-1)!.id : null };
}

export async function getNode(db: DbOrTx, orgId: string, nodeId: string): Promise<NodeRecord> {
  const [row] = await db.select().from(nodes).where(and(eq(nodes.orgId, orgId), eq(nodes.id, nodeId)));
  if (!row) throw notFound();
  return row;
}

/** Whether any agent ever enrolled here, revoked or not. */
export async function hadAgent(db: DbOrTx, clusterId: string): Promise<boolean> {
  const [row] = await db.select({ id: agents.id }).from(agents).where(eq(agents.clusterId, clusterId)).limit(1);
  return row !== undefined;
}

/** Who drained the cluster last, and why: the newest event of that kind. */
export async function lastDrain(db: DbOrTx, clusterId: string): Promise<{ by: string | null; reason: string | null } | null> {
  const [row] = await db
    .select({ by: clusterEvents.actor, reason: sql<string | null>`${clusterEvents.evidence} ->> 'reason'` })
    .from(clusterEvents)
    .where(and(eq(clusterEvents.clusterId, clusterId), eq(clusterEvents.kind, "cluster.drained")))
    .orderBy(desc(clusterEvents.id))
    .limit(1);
  return row ?? null;
}

/** Until when an enrolment code of this cluster can still be used; null when none can. */
export async function openCodeUntil(db: DbOrTx, clusterId: string): Promise<Date | null> {
  const [row] = await db
    .select({ expiresAt: enrolments.expiresAt })
    .from(enrolments)
    .where(and(eq(enrolments.clusterId, clusterId), isNull(enrolments.usedAt), gt(enrolments.expiresAt, sql`now()`)))
    .orderBy(desc(enrolments.expiresAt))
    .limit(1);
  return row?.expiresAt ?? null;
}
