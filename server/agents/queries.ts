import { and, asc, desc, eq, exists, gt, inArray, isNotNull, isNull, or, sql } from "drizzle-orm";
import type { JobSpec } from "../../agent/protocol/messages.ts";
import type { Db, DbOrTx } from "../../db/client.ts";
import { projects, serviceAccounts, users } from "../../db/schema/access.ts";
import { agents, agentSessions, tunnels } from "../../db/schema/agents.ts";
import { clusters, nodes } from "../../db/schema/clusters.ts";
import { runCheckpointFiles } from "../../db/schema/checkpoints.ts";
import { attempts, objects, runs } from "../../db/schema/experiments.ts";
import { LIVE_ATTEMPT_STATUSES } from "../../domain/experiments/attempt-status.ts";
import { fewestNodes, isElastic } from "../../domain/experiments/node-count.ts";
import type { RunSpec } from "../../domain/experiments/run-spec.ts";
import { env } from "../../env.ts";
import { appToken, runToken } from "../experiments/run-token.ts";

/** What every signed message is checked against. */
export interface AgentIdentity {
  id: string;
  orgId: string;
  clusterId: string;
  clusterName: string;
  publicKey: string;
  revoked: boolean;
  cloned: boolean;
  /** The one session that may speak. */
  session: string | null;
  hostname: string;
}

/** Once per connection pool: every message of every agent asks this, and building its SQL would cost more than running it. */
const agentFinders = new WeakMap<Db, ReturnType<typeof prepareFindAgent>>();

export async function findAgent(db: Db, agentId: string): Promise<AgentIdentity | null> {
  const finder = agentFinders.get(db) ?? prepareFindAgent(db);
  agentFinders.set(db, finder);
  const [row] = await finder.execute({ agentId });
  return row ?? null;
}

function prepareFindAgent(db: Db) {
  return db
    .select({
      id: agents.id,
      orgId: agents.orgId,
      clusterId: agents.clusterId,
      clusterName: clusters.name,
      publicKey: agents.publicKey,
      revoked: sql<boolean>`${agents.revokedAt} is not null or ${clusters.revokedAt} is not null`,
      cloned: sql<boolean>`${agents.clonedAt} is not null`,
      session: agentSessions.id,
      hostname: sql<string>`coalesce(${agents.host} ->> 'hostname', 'unknown')`,
    })
    .from(agents)
    .innerJoin(clusters, eq(clusters.id, agents.clusterId))
    .leftJoin(agentSessions, and(eq(agentSessions.agentId, agents.id), isNull(agentSessions.endedAt)))
    .where(eq(agents.id, sql.placeholder("agentId")))
    .orderBy(desc(agentSessions.createdAt), desc(agentSessions.id))
    .limit(1)
    .prepare("find_agent");
}

/** An attempt that the server wants on a cluster, or wants stopped. */
export interface LiveAttempt {
  id: string;
  runId: string;
  fence: bigint;
  status: (typeof attempts.$inferSelect)["status"];
  /** Its agent took it at least once. */
  taken: boolean;
  stopRequested: boolean;
  stopReason: string | null;
}

export async function listLiveAttempts(db: DbOrTx, clusterId: string): Promise<LiveAttempt[]> {
  return db
    .select({
      id: attempts.id,
      runId: attempts.runId,
      fence: attempts.fence,
      status: attempts.status,
      taken: sql<boolean>`${attempts.reportSeq} > 0`,
      stopRequested: sql<boolean>`${attempts.stopRequestedAt} is not null`,
      stopReason: attempts.stopReason,
    })
    .from(attempts)
    .where(and(eq(attempts.clusterId, clusterId), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES])))
    .orderBy(asc(attempts.id));
}

export async function listDrainedNodes(db: DbOrTx, clusterId: string): Promise<string[]> {
  const rows = await db.select({ name: nodes.name }).from(nodes).where(and(eq(nodes.clusterId, clusterId), isNotNull(nodes.drainedAt))).orderBy(asc(nodes.name));
  return rows.map(({ name }) => name);
}

/** Servers that want a tunnel from a cluster's agent right now. */
export async function listWantedTunnels(db: DbOrTx, clusterId: string): Promise<string[]> {
  const rows = await db.select({ serverId: tunnels.serverId }).from(tunnels).where(and(eq(tunnels.clusterId, clusterId), gt(tunnels.wantedUntil, sql`now()`))).orderBy(asc(tunnels.serverId));
  return rows.map(({ serverId }) => serverId);
}

/** Where other servers reach the one that an agent was told to dial; null where it wants nothing any more. */
export async function findTunnelPeer(db: DbOrTx, serverId: string): Promise<string | null> {
  const [row] = await db.select({ peerUrl: tunnels.peerUrl }).from(tunnels).where(and(eq(tunnels.serverId, serverId), gt(tunnels.wantedUntil, sql`now()`))).limit(1);
  return row?.peerUrl ?? null;
}

/** The newest attempt before this one that ran, where that was on another cluster: what lies on this cluster's disk is older. */
const CAME_FROM = sql<number | null>`(
  select case when earlier.cluster_id <> ${attempts.clusterId} then earlier.number end from ${attempts} earlier
  where earlier.run_id = ${attempts.runId} and earlier.number < ${attempts.number} and earlier.started_at is not null order by earlier.number desc limit 1
)`;

/** Whose run it is, for an agent that gives each owner an account of its host: a service account's name is anybody's to choose, but not its project nor that it is one. */
const OWNER = sql<string | null>`coalesce(${users.email}, (select 'service:' || home.slug || '/' || ${serviceAccounts.name} from ${projects} home where home.id = ${serviceAccounts.projectId}))`;

/** Nodes of its cluster that failed its run before, for a scheduler that chooses by itself; those that placement chose all the same are the only ones that can take it. */
const AVOIDED = sql<string[]>`array(select split_part(avoided, '/', 2) from unnest(${runs.excludedNodes}) avoided
  where split_part(avoided, '/', 1) = ${attempts.clusterId} and split_part(avoided, '/', 2) <> all (${attempts.nodeNames}) order by 1)`;

/** Does its checkpoint leave the cluster? Where the run may go on elsewhere, or did just now: whoever moves it by name, moves what it saved as well. */
const travels = ({ checkpoint, cluster }: RunSpec, mayMove: boolean, cameFrom: number | null): boolean => checkpoint.enabled && ((mayMove && cluster === null) || cameFrom !== null);

/** What an agent needs to start these attempts, by attempt id. */
export async function loadJobSpecs(db: DbOrTx, attemptIds: string[]): Promise<Map<string, JobSpec>> {
  if (attemptIds.length === 0) return new Map();
  const rows = await db
    .select({ id: attempts.id, number: attempts.number, nodes: attempts.nodes, runId: runs.id, runName: runs.name, experimentId: runs.experimentId, spec: runs.spec, project: projects.slug, driver: clusters.driver, mayMove: sql<boolean>`(select count(*) > 1 from ${clusters} other where other.org_id = ${attempts.orgId} and other.revoked_at is null)`, cameFrom: CAME_FROM, avoided: AVOIDED, owner: OWNER })
    .from(attempts)
    .innerJoin(runs, eq(runs.id, attempts.runId))
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .innerJoin(clusters, eq(clusters.id, attempts.clusterId))
    .leftJoin(users, and(eq(runs.ownerType, "user"), eq(users.id, runs.ownerId)))
    .leftJoin(serviceAccounts, and(eq(runs.ownerType, "service_account"), eq(serviceAccounts.id, runs.ownerId), eq(serviceAccounts.orgId, runs.orgId)))
    .where(inArray(attempts.id, attemptIds));
  return new Map(rows.flatMap(({ id, number, nodes, runId, runName, experimentId, spec, project, driver, mayMove, cameFrom, avoided, owner }) => (spec ? [[id, {
    runId,
    runName,
    attemptNumber: number,
    project,
    command: spec.command,
    code: spec.code,
    env: spec.env,
    params: spec.params,
    cpus: spec.resources.cpus,
    memoryMib: spec.resources.memory,
    gpus: spec.resources.gpus,
    gpuModel: spec.resources.gpuModel,
    nodes,
    ...(isElastic(spec.resources) ? { minNodes: fewestNodes(spec.resources) } : {}),
    launcher: spec.launcher,
    processesPerNode: spec.processesPerNode ?? null, // a spec may be older than the field
    workerRestarts: spec.workerRestarts ?? 0,
    ...(owner ? { owner } : {}),
    maxDurationSeconds: spec.maxDuration,
    checkpoint: spec.checkpoint.enabled,
    ...(travels(spec, mayMove, cameFrom) ? { checkpointSync: { everySeconds: env().DROVER_CHECKPOINT_SECONDS, from: cameFrom === null ? null : { attemptNumber: cameFrom } } } : {}),
    graceSeconds: spec.checkpoint.graceSeconds,
    artifacts: spec.artifacts,
    overrides: (driver && spec.overrides[driver]) ?? {},
    ...(avoided.length > 0 ? { excludeNodes: avoided } : {}),
    tracking: { path: `/mlflow/p/${project}`, token: runToken(id), experimentId },
    ...(spec.interactive ? { interactive: { token: appToken(id) } } : {}),
    ...(spec.secrets?.length ? { secrets: { values: {}, missing: spec.secrets } } : {}), // until they are handed over
  }] as const] : [])));
}

/** Whether an object is the code of an attempt that lives on this agent's cluster, or of the checkpoint of its run. */
export async function findReadable(db: DbOrTx, agent: { orgId: string; clusterId: string }, sha256: string): Promise<{ sha256: string; key: string | null } | null> {
  const needed = or(
    eq(sql`${runs.spec} #>> '{code,sha256}'`, sha256),
    exists(db.select({ one: sql`1` }).from(runCheckpointFiles).where(and(eq(runCheckpointFiles.runId, runs.id), eq(runCheckpointFiles.sha256, sha256)))),
  );
  const [row] = await db
    .select({ sha256: objects.sha256, key: objects.key })
    .from(attempts)
    .innerJoin(runs, eq(runs.id, attempts.runId))
    .innerJoin(objects, and(eq(objects.orgId, attempts.orgId), eq(objects.sha256, sha256)))
    .where(and(eq(attempts.orgId, agent.orgId), eq(attempts.clusterId, agent.clusterId), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES]), needed))
    .limit(1);
  return row ?? null;
}
