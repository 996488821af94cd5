import { createHash } from "node:crypto";
import type { ClusterDetail, ClusterRow, NodeView } from "../../../domain/clusters/cluster-view.ts";
import { reachability } from "../../../domain/clusters/reachability.ts";
import { reaches } from "../../../domain/access/roles.ts";
import type { Ctx } from "../../trpc/context.ts";
import {
  type AcceleratorRecord, type AgentRecord, type ClusterRecord, getCluster, type Hold, latestSamples, listAccelerators, listAgents, listClusterRecords, listHolds, listNodes, type NodeRecord,
} from "../queries.ts";
import { listProjectTeams } from "./project-teams.ts";

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

const sum = <T>(items: T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0);
const isUp = (node: NodeRecord) => node.state === "up" && node.drainedAt === null;

function rowOf(cluster: ClusterRecord, facts: Facts): ClusterRow {
  const own = <T extends { clusterId: string }>(items: T[]) => items.filter((item) => item.clusterId === cluster.id);
  const [nodes, accelerators, holds] = [own(facts.nodes), own(facts.accelerators), own(facts.holds)];
  const agent = facts.agents.get(cluster.id) ?? null;
  const nodesOf = (hold: Hold) => Math.max(1, hold.nodeNames.length);
  const loads = nodes.flatMap((node) => facts.samples.get(`${cluster.id} node ${node.name} cpu`) ?? []);
  return {
    id: cluster.id, slug: cluster.slug, name: cluster.name, region: cluster.region, driver: cluster.driver, drainedAt: cluster.drainedAt,
    reachability: reachability(agent && { ...agent, joinedOnce: agent.joinCount > 0 }),
    agentVersion: agent?.version ?? null,
    nodes: { total: nodes.length, up: nodes.filter(isUp).length, drained: nodes.filter((node) => node.drainedAt !== null).length },
    cpus: { total: sum(nodes, (node) => node.cpus), used: sum(holds, (hold) => hold.cpus * nodesOf(hold)) },
    memoryMib: { total: sum(nodes, (node) => node.memoryMib), used: sum(holds, (hold) => hold.memoryMib * nodesOf(hold)) },
    accelerators: {
      total: accelerators.length,
      used: sum(holds, (hold) => hold.gpus * nodesOf(hold)),
      failed: accelerators.filter((one) => one.health === "failed").length,
      models: [...new Set(accelerators.map((one) => one.model))].sort(),
    },
    load: loads.length === 0 ? null : sum(loads, Number) / sum(nodes, (node) => node.cpus),
    liveAttempts: holds.length,
  };
}

export async function listClusters(ctx: Ctx): Promise<ClusterRow[]> {
  const found = await listClusterRecords(ctx.db, ctx.orgId);
  const facts = await gather(ctx, found.map(({ id }) => id));
  return found.map((cluster) => rowOf(cluster, facts));
}

/** Runs are shown where the viewer may read them; others' count as held, without a name. */
async function visibleRuns(ctx: Ctx, holds: Hold[]): Promise<(hold: Hold) => boolean> {
  const grant = ctx.grantFor("runs:read");
  if (!grant) return () => false;
  const teams = await listProjectTeams(ctx.db, ctx.orgId, [...new Set(holds.map((hold) => hold.projectId))]);
  return (hold) => reaches(grant, { id: hold.projectId, teamId: teams.get(hold.projectId) ?? "" });
}

export async function getClusterDetail(ctx: Ctx, id: string): Promise<ClusterDetail> {
  const cluster = await getCluster(ctx.db, ctx.orgId, id);
  const facts = await gather(ctx, [id]);
  const isVisible = await visibleRuns(ctx, facts.holds);
  const agent = facts.agents.get(id);
  return {
    ...rowOf(cluster, facts),
    capabilities: cluster.capabilities,
    policy: cluster.policy,
    agent: agent
      ? { id: agent.id, fingerprint: fingerprint(agent.publicKey), version: agent.version, protocol: agent.protocol, host: agent.host ?? {}, joinCount: agent.joinCount, lastSeenAt: agent.lastSeenAt, createdAt: agent.createdAt }
      : null,
    nodeList: facts.nodes.map((node) => nodeView(node, facts, isVisible)),
  };
}

/** As ssh shows keys: what the person at the agent's machine can compare. */
function fingerprint(publicKey: string): string {
  return `SHA256:${createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("base64").replace(/=+$/, "")}`;
}

function nodeView(node: NodeRecord, facts: Facts, isVisible: (hold: Hold) => boolean): NodeView {
  const holds = facts.holds.filter((hold) => hold.nodeNames.includes(node.name));
  const sample = (subject: string, subjectId: string, key: string) => facts.samples.get(`${node.clusterId} ${subject} ${subjectId} ${key}`) ?? null;
  const holderOf = (one: AcceleratorRecord) => holds.find((hold) => hold.attemptId === one.attemptId || hold.acceleratorIndexes.includes(one.index));
  return {
    id: node.id, name: node.name, state: node.state, stateReason: node.stateReason, drainedAt: node.drainedAt, drainedBy: node.drainedBy, drainReason: node.drainReason,
    cpus: { total: node.cpus, used: sum(holds, (hold) => hold.cpus), load: sample("node", node.name, "cpu") },
    memoryMib: { total: node.memoryMib, used: sum(holds, (hold) => hold.memoryMib), load: sample("node", node.name, "memory") },
    diskMib: { total: node.diskMib, free: diskFree(node, sample("node", node.name, "disk")) },
    accelerators: facts.accelerators.filter((one) => one.nodeId === node.id).map((one) => {
      const holder = holderOf(one);
      const at = `${node.name}/${one.index}`;
      return {
        id: one.id, index: one.index, uuid: one.uuid, model: one.model, memoryMib: one.memoryMib, health: one.health, healthReason: one.healthReason,
        utilization: sample("accelerator", at, "gpu"), memoryUsedMib: sample("accelerator", at, "gpuMemory"), temperature: sample("accelerator", at, "temperature"), power: sample("accelerator", at, "power"),
        run: holder ? nameOf(holder, isVisible) : null,
      };
    }),
    runs: holds.map((hold) => ({ ...nameOf(hold, isVisible), attemptId: hold.attemptId, cpus: hold.cpus, memoryMib: hold.memoryMib, gpus: hold.gpus, status: hold.status })),
  };
}

/** The sample is what is used. */
const diskFree = (node: NodeRecord, usedMib: number | null) => (usedMib === null ? null : Math.max(0, node.diskMib - usedMib));
/** An empty id: the viewer may not see that run. */
const nameOf = (hold: Hold, isVisible: (hold: Hold) => boolean) => (isVisible(hold) ? { id: hold.runId, name: hold.runName } : { id: "", name: "a run of another project" });
