import { and, asc, eq, inArray, isNull, ne, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { agents } from "../../../db/schema/agents.ts";
import { accelerators, clusterSchedulers, clusters, nodes } from "../../../db/schema/clusters.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import { durationHistory } from "../../../db/schema/queue.ts";
import { take, type ClusterSnapshot, type LiveHold } from "../../../domain/agents/placement.ts";
import { foreignHolds, type ForeignJob, type Surroundings } from "../../../domain/agents/scheduler.ts";
import { takesWork } from "../../../domain/clusters/cluster-view.ts";
import { LIVE_ATTEMPT_STATUSES } from "../../../domain/experiments/attempt-status.ts";
import { remainingSeconds } from "../../../domain/queue/durations.ts";
import { env } from "../../../env.ts";

/**
 * Every cluster of an organization as placement sees it: what its agent reported, minus what live attempts hold. The
 * holds count from the moment of placement, so nothing is promised twice while an agent has yet to hear of it.
 * `knows`: whose runs may be named in what is said about them; nobody's, unless said otherwise.
 */
export async function loadSnapshots(db: DbOrTx, orgId: string, knows: (project: { id: string; teamId: string }) => boolean = () => false): Promise<ClusterSnapshot[]> {
  const [places, hosts, gpus, holds, schedulers] = await Promise.all([listPlaces(db, orgId), listHosts(db, orgId), listGpus(db, orgId), listHolds(db, orgId), listSchedulers(db, orgId)]);
  return places.map((place) => {
    const scheduler = schedulers.get(place.id);
    const snapshot: ClusterSnapshot = {
      ...place,
      defaultPartition: scheduler?.partitions.find(({ isDefault }) => isDefault)?.name ?? null,
      ...(scheduler ? { partitions: scheduler.partitions, qos: scheduler.qos, reservations: scheduler.reservations } : {}),
      nodes: hosts
        .filter((host) => host.clusterId === place.id)
        .map((host) => ({
          name: host.name,
          usable: takesWork(host.state) && host.drainedAt === null,
          cpus: host.cpus,
          memoryMib: host.memoryMib,
          freeCpus: host.cpus,
          freeMemoryMib: host.memoryMib,
          partitions: host.partitions,
          features: host.features,
          reserved: host.reserved,
          topology: host.topology,
          accelerators: gpus.filter((gpu) => gpu.nodeId === host.id).map((gpu) => ({ index: gpu.index, model: gpu.model, milli: gpu.milli, of: gpu.parentUuid, shares: gpu.shares, free: !gpu.heldByLost, ok: gpu.health !== "failed" })),
        })),
      live: [],
    };
    for (const { clusterId, ...hold } of holds) {
      if (clusterId === place.id) take(snapshot, { clusterId, nodeNames: hold.nodeNames, accelerators: hold.accelerators }, knows({ id: hold.claim!.projectId, teamId: hold.claim!.teamId }) ? hold : { ...hold, runName: "Another run" });
    }
    for (const { nodeNames, accelerators: none, ...hold } of foreignHolds(scheduler?.jobs ?? [])) take(snapshot, { clusterId: place.id, nodeNames, accelerators: none }, hold);
    return snapshot;
  });
}

async function listPlaces(db: DbOrTx, orgId: string) {
  const lease = sql`make_interval(secs => ${env().DROVER_LEASE_SECONDS})`;
  const rows = await db
    .select({
      id: clusters.id,
      slug: clusters.slug,
      name: clusters.name,
      region: clusters.region,
      driver: clusters.driver,
      capabilities: clusters.capabilities,
      drained: sql<boolean>`${clusters.drainedAt} is not null`,
      // In a select from one table drizzle writes columns without their table: inside the subquery that would be another table's.
      reachable: sql<boolean>`exists (select 1 from ${agents} a where a.cluster_id = ${clusters}.id and a.revoked_at is null and a.cloned_at is null
        and a.unreachable_since is null and a.last_seen_at > now() - ${lease})`,
    })
    .from(clusters)
    .where(and(eq(clusters.orgId, orgId), isNull(clusters.revokedAt)))
    .orderBy(asc(clusters.slug));
  return rows;
}

function listHosts(db: DbOrTx, orgId: string) {
  return db.select().from(nodes).where(and(eq(nodes.orgId, orgId), ne(nodes.state, "gone"))).orderBy(asc(nodes.clusterId), asc(nodes.name));
}

/** `heldByLost`: the agent still reports it held by an attempt that was given up, so its process may yet live. */
function listGpus(db: DbOrTx, orgId: string) {
  return db
    .select({ nodeId: accelerators.nodeId, index: accelerators.index, model: accelerators.model, milli: accelerators.milli, parentUuid: accelerators.parentUuid, shares: accelerators.shares, health: accelerators.health, heldByLost: sql<boolean>`${attempts.id} is not null` })
    .from(accelerators)
    .leftJoin(attempts, and(eq(attempts.id, accelerators.attemptId), eq(attempts.status, "lost")))
    .where(and(eq(accelerators.orgId, orgId), eq(accelerators.present, true)))
    .orderBy(asc(accelerators.nodeId), asc(accelerators.index));
}

/** The clusters' own schedulers, by cluster: the jobs that others gave to them, and what bounds a run's time and place. */
async function listSchedulers(db: DbOrTx, orgId: string): Promise<Map<string, { jobs: ForeignJob[] } & Pick<Surroundings, "partitions" | "qos" | "reservations">>> {
  const rows = await db
    .select({ clusterId: clusterSchedulers.clusterId, jobs: clusterSchedulers.jobs, partitions: part("partitions"), qos: part("qos"), reservations: part("reservations") })
    .from(clusterSchedulers)
    .where(eq(clusterSchedulers.orgId, orgId));
  return new Map(rows.map(({ clusterId, ...scheduler }) => [clusterId, scheduler]));
}

const part = <Key extends keyof Surroundings>(key: Key) => sql<Surroundings[Key]>`${clusterSchedulers.report} -> ${key}::text`;

async function listHolds(db: DbOrTx, orgId: string): Promise<(LiveHold & { clusterId: string })[]> {
  const rows = await db
    .select({
      clusterId: attempts.clusterId,
      runId: runs.id,
      runName: runs.name,
      nodeNames: attempts.nodeNames,
      accelerators: attempts.acceleratorIndexes,
      cpus: attempts.cpus,
      memoryMib: attempts.memoryMib,
      gpus: attempts.gpus,
      gpuModel: sql<string | null>`${runs.spec} -> 'resources' ->> 'gpuModel'`,
      since: sql<number>`(extract(epoch from coalesce(${attempts.startedAt}, ${attempts.assignedAt})) * 1000)::float8`,
      maxDuration: sql<number | null>`(${runs.spec} ->> 'maxDuration')::int`,
      attemptId: attempts.id,
      teamId: projects.teamId,
      projectId: runs.projectId,
      ownerId: runs.ownerId,
      priority: runs.priority,
      preemptible: sql<boolean>`coalesce((${runs.spec} ->> 'preemptible')::boolean, false)`,
      stopping: sql<boolean>`${attempts.stopRequestedAt} is not null`,
      attained: sql<number>`${runs.attainedSeconds} - ${runs.sparedSeconds} + ${UNCHARGED} * ${HELD_PER_NODE} * ${attempts.nodes}`.mapWith(Number),
      ran: sql<number>`${runs.attainedSeconds} / (greatest(1, ${attempts.gpus}) * ${attempts.nodes}) + ${UNCHARGED}`.mapWith(Number),
      now: sql<number>`(extract(epoch from now()) * 1000)::float8`,
      samples: durationHistory.samples,
      p50: durationHistory.p50Seconds,
      p90: durationHistory.p90Seconds,
    })
    .from(attempts)
    .innerJoin(runs, eq(runs.id, attempts.runId))
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .leftJoin(durationHistory, eq(durationHistory.experimentId, runs.experimentId))
    .where(and(eq(attempts.orgId, orgId), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES])))
    .orderBy(asc(attempts.id));
  return rows.map(({ since, maxDuration, ran, now, samples, p50, p90, attemptId, teamId, projectId, ownerId, priority, preemptible, stopping, attained, ...row }) => {
    const left = samples === null ? null : remainingSeconds({ samples, p50: p50!, p90: p90! }, ran);
    return {
      ...row,
      endsBy: maxDuration === null ? null : Math.round(since) + maxDuration * 1000,
      claim: { attemptId, teamId, projectId, ownerId, priority, preemptible, stopping, attained, startedAt: Math.round(since), expectedEndsBy: left === null ? null : Math.round(now + left * 1000) },
    };
  });
}

/** Accelerators that an attempt holds of each node, of slices and shares their part; the machine counts as one where it holds none. */
const HELD_PER_NODE = sql`coalesce(${attempts.acceleratorMilli} / 1000.0, greatest(1, ${attempts.gpus}))::float8`;
/** Seconds of a live attempt that are not in its run's attained use yet. */
const UNCHARGED = sql`coalesce(greatest(0, extract(epoch from now() - coalesce(${attempts.chargedUntil}, ${attempts.startedAt}))), 0)::float8`;
