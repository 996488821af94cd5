import { createHash } from "node:crypto";
import { type AcceleratorView, type ClusterDetail, type ClusterRow, type NodeView, takesWork } from "../../../domain/clusters/cluster-view.ts";
import { reachability } from "../../../domain/clusters/reachability.ts";
import { clusterUsage, sum } from "../../../domain/clusters/usage.ts";
import { milliOf } from "../../../domain/costs/metering.ts";
import type { Ctx } from "../../trpc/context.ts";
import {
  type AcceleratorRecord, type AgentRecord, type ClusterRecord, countOutsideJobs, getCluster, type Hold, lastDrain, latestSamples, listAccelerators, listAgents, listClusterRecords, listHolds, listNodes, type NodeRecord, openCodeUntil,
} from "../queries.ts";
import { HIDDEN_RUN, readableProjects } from "./project-teams.ts";

interface Facts {
  agents: Map<string, AgentRecord>;
  nodes: NodeRecord[];
  accelerators: AcceleratorRecord[];
  holds: Hold[];
  samples: Map<string, number>;
}

async function gather(ctx: Ctx, clusterIds: string[]): Promise<Facts> {
  const { db } = ctx;
  const [agents, nodes, accelerators, holds, samples] = await Promise.all([listAgents(db, clusterIds), listNodes(db, clusterIds), listAccelerators(db, clusterIds), listHolds(db, clusterIds), latestSamples(db, clusterIds)]);
  return { agents, nodes, accelerators, holds, samples };
}

function rowOf(cluster: ClusterRecord, facts: Facts): ClusterRow {
  const own = <T extends { clusterId: string }>(items: T[]) => items.filter((item) => item.clusterId === cluster.id);
  const agent = facts.agents.get(cluster.id) ?? null;
  const nodes = own(facts.nodes).map((node) => ({
    cpus: node.cpus, memoryMib: node.memoryMib, isUp: takesWork(node.state), isDrained: node.drainedAt !== null, cpuLoad: facts.samples.get(`${cluster.id} node ${node.name} cpu`) ?? null,
  }));
  const holdings = own(facts.holds).map((hold) => ({ nodes: hold.nodeNames.length, cpus: hold.cpus, memoryMib: hold.memoryMib, gpus: partOf(hold) }));
  return {
    id: cluster.id, slug: cluster.slug, name: cluster.name, region: cluster.region, driver: cluster.driver, drainedAt: cluster.drainedAt,
    reachability: reachability(agent && { ...agent, joinedOnce: agent.joinCount > 0 || agent.lastSeenAt !== null }),
    agentVersion: agent?.version ?? null,
    ...clusterUsage(nodes, own(facts.accelerators), holdings),
  };
}

export async function listClusters(ctx: Ctx): Promise<ClusterRow[]> {
  const found = await listClusterRecords(ctx.db, ctx.orgId);
  const facts = await gather(ctx, found.map(({ id }) => id));
  return found.map((cluster) => rowOf(cluster, facts));
}

/** Runs are shown where the viewer may read them; others' count as held, without a name. */
async function visibleRuns(ctx: Ctx, holds: Hold[]): Promise<(hold: Hold) => boolean> {
  const isReadable = await readableProjects(ctx, holds.map((hold) => hold.projectId));
  return (hold) => isReadable(hold.projectId);
}

export async function getClusterDetail(ctx: Ctx, id: string): Promise<ClusterDetail> {
  const cluster = await getCluster(ctx.db, ctx.orgId, id);
  const [facts, drain, codeUntil, outside] = await Promise.all([gather(ctx, [id]), cluster.drainedAt ? lastDrain(ctx.db, id) : null, openCodeUntil(ctx.db, id), countOutsideJobs(ctx.db, id)]);
  const isVisible = await visibleRuns(ctx, facts.holds);
  const placed = byNode(facts);
  const agent = facts.agents.get(id);
  return {
    ...rowOf(cluster, facts),
    capacityClass: cluster.capacityClass,
    capabilities: cluster.capabilities,
    policy: cluster.policy,
    drain: cluster.drainedAt ? (drain ?? { by: null, reason: null }) : null,
    openCodeUntil: codeUntil,
    agent: agent
      ? { id: agent.id, fingerprint: fingerprint(agent.publicKey), version: agent.version, protocol: agent.protocol, host: agent.host ?? {}, joinCount: agent.joinCount, lastSeenAt: agent.lastSeenAt, createdAt: agent.createdAt, revokedAt: agent.revokedAt }
      : null,
    nodeList: facts.nodes.map((node) => ({ ...nodeView(node, facts, placed, isVisible), outside: outside.get(node.name) ?? 0 })),
  };
}

/** As ssh shows keys: what the person at the agent's machine can compare. */
function fingerprint(publicKey: string): string {
  return `SHA256:${createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("base64").replace(/=+$/, "")}`;
}

/** What a hold has of each node's accelerators, of slices and shares their part. */
const partOf = ({ gpus, acceleratorMilli }: Hold): number => (acceleratorMilli === null ? gpus : acceleratorMilli / milliOf.accelerators(1));

/** Things by the node they are on: a cluster may have hundreds of nodes with eight accelerators each. */
function byNode(facts: Facts) {
  const holds = new Map<string, Hold[]>();
  for (const hold of facts.holds) for (const name of hold.nodeNames) holds.set(name, [...(holds.get(name) ?? []), hold]);
  return { holds, accelerators: Map.groupBy(facts.accelerators, (one) => one.nodeId) };
}

function nodeView(node: NodeRecord, facts: Facts, placed: ReturnType<typeof byNode>, isVisible: (hold: Hold) => boolean): Omit<NodeView, "outside"> {
  const holds = placed.holds.get(node.name) ?? [];
  const sample = (subject: string, subjectId: string, key: string) => facts.samples.get(`${node.clusterId} ${subject} ${subjectId} ${key}`) ?? null;
  const accelerator = (one: AcceleratorRecord): AcceleratorView => {
    const holders = holds.filter((hold) => hold.attemptId === one.attemptId || hold.acceleratorIndexes.includes(one.index));
    const at = `${node.name}/${one.index}`;
    return {
      id: one.id, index: one.index, uuid: one.uuid, model: one.model, memoryMib: one.memoryMib, health: one.health, healthReason: one.healthReason,
      utilization: sample("accelerator", at, "gpu"), memoryUsedMib: sample("accelerator", at, "gpuMemory"), temperature: sample("accelerator", at, "temperature"), power: sample("accelerator", at, "power"),
      run: holders[0] ? nameOf(holders[0], isVisible) : null,
      shares: one.shares === null ? null : { all: one.shares, held: sum(holders.filter((hold) => hold.acceleratorMilli !== null), (hold) => hold.gpus), runs: holders.length },
    };
  };
  return {
    id: node.id, name: node.name, state: node.state, stateReason: node.stateReason, partitions: node.partitions ?? [], reserved: node.reserved, topology: node.topology ?? [], drainedAt: node.drainedAt, drainedBy: node.drainedBy, drainReason: node.drainReason,
    cpus: { total: node.cpus, used: sum(holds, (hold) => hold.cpus), load: sample("node", node.name, "cpu") },
    memoryMib: { total: node.memoryMib, used: sum(holds, (hold) => hold.memoryMib), load: sample("node", node.name, "memory") },
    diskMib: { total: node.diskMib, free: diskFree(node, sample("node", node.name, "disk")) },
    accelerators: (placed.accelerators.get(node.id) ?? []).map(accelerator),
    runs: holds.map((hold) => ({ ...nameOf(hold, isVisible), attemptId: hold.attemptId, cpus: hold.cpus, memoryMib: hold.memoryMib, gpus: hold.gpus, status: hold.status })),
  };
}

/** The sample is what is used. */
const diskFree = (node: NodeRecord, usedMib: number | null) => (usedMib === null ? null : Math.max(0, node.diskMib - usedMib));
const nameOf = (hold: Hold, isVisible: (hold: Hold) => boolean) => (isVisible(hold) ? { id: hold.runId, name: hold.runName } : HIDDEN_RUN);
