import { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, lt, ne, sql } from "drizzle-orm";
import type { DbOrTx } from "../../db/client.ts";
import { agents } from "../../db/schema/agents.ts";
import { accelerators, clusterEvents, clusters, nodes, telemetryLatest } from "../../db/schema/clusters.ts";
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
      cpus: attempts.cpus, memoryMib: attempts.memoryMib, gpus: attempts.gpus, runId: runs.id, runName: runs.name, projectId: runs.projectId,
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

/** Slugs that start with this one, for choosing a free one. */
export async function listSlugsLike(db: DbOrTx, orgId: string, slug: string): Promise<Set<string>> {
  const rows = await db.select({ slug: clusters.slug }).from(clusters).where(and(eq(clusters.orgId, orgId), sql`starts_with(${clusters.slug}, ${slug})`));
  return new Set(rows.map((row) => row.slug));
}

/** An agent that may speak: enrolled, not revoked, not locked. */
export async function hasLiveAgent(db: DbOrTx, clusterId: string): Promise<boolean> {
  const [row] = await db.select({ n: count() }).from(agents).where(and(eq(agents.clusterId, clusterId), isNull(agents.revokedAt), isNull(agents.clonedAt), isNotNull(agents.publicKey)));
  return (row?.n ?? 0) > 0;
}
