import { unsupportedFields, type Capabilities } from "../clusters/capabilities.ts";
import { fewestNodes, isElastic } from "../experiments/node-count.ts";
import type { DriverKind, RunSpec } from "../experiments/run-spec.ts";
import { type AcceleratorSnapshot, type GpuCount, giveBackOn, gpusOf, type Kind, kindOn, takeOn } from "./accelerators.ts";
import { notOpen, openTo, openToIt, type PartitionTimes, type ReservedNodes, timesOf, tooLong } from "./open-nodes.ts";

/** A cluster as placement sees it: what is there, what is free, whether work may go there. Made by server/agents/queries.ts. */
export interface ClusterSnapshot {
  id: string;
  slug: string;
  name: string;
  region: string;
  driver: DriverKind | null;
  capabilities: Capabilities | null;
  reachable: boolean;
  drained: boolean;
  /** Where its scheduler puts a run that names no partition; absent where it has none. */
  defaultPartition?: string | null;
  /** How long its scheduler lets a run go on, by partition and by QOS. */
  partitions?: readonly PartitionTimes[];
  qos?: readonly { name: string; maxSeconds: number | null }[];
  /** What its scheduler keeps for some, now or later. */
  reservations?: readonly ReservedNodes[];
  nodes: NodeSnapshot[];
  /** Live attempts, for "after Y": when each must have ended at the latest, Unix ms; null when nothing limits it. */
  live: LiveHold[];
}

/** What one live attempt holds on each of its nodes. `accelerators`: indexes, empty where the scheduler picks them. */
export interface LiveHold {
  runId: string;
  runName: string;
  nodeNames: string[];
  cpus: number;
  memoryMib: number;
  gpus: number;
  accelerators: number[];
  /** What its ask was for; of shares of GPUs `gpus` counts those. */
  gpuModel?: string | null;
  endsBy: number | null;
  /** Whose it is and what may be done to it; placement by policies needs it, fitting does not. */
  claim?: Claim;
  /** What it has of accelerators. */
  kind?: Kind | null;
}

/** A live attempt as the queue's policies see it. Times are Unix ms, service is accelerator-seconds. */
export interface Claim {
  attemptId: string;
  teamId: string;
  projectId: string;
  ownerId: string;
  priority: number;
  /** It may be stopped for other work: it saves a checkpoint and queues again. */
  preemptible: boolean;
  startedAt: number;
  /** Used by its run so far, all attempts together. */
  attained: number;
  /** Asked to stop: its room comes free when it is gone. */
  stopping: boolean;
  /** When it should end, from how long runs of its experiment took; null without history. */
  expectedEndsBy: number | null;
}

export interface NodeSnapshot {
  name: string;
  /** Up and not drained. */
  usable: boolean;
  cpus: number;
  memoryMib: number;
  freeCpus: number;
  freeMemoryMib: number;
  accelerators: AcceleratorSnapshot[];
  /** As its scheduler has it; absent where it has none. */
  partitions?: readonly string[] | null;
  features?: readonly string[] | null;
  /** Only for runs that name the reservation. */
  reserved?: boolean;
  /** The switches or blocks that it hangs on, the nearest to the root first. */
  topology?: readonly string[] | null;
  /** What was counted of them, kept until the node's room changes: one pass asks each node thousands of times. */
  counts?: GpuCount[] | undefined;
}

/** Whether one cluster can run an ask. `earliestAt`: Unix ms, only for `later`, null when nothing can be promised. */
export interface Fit {
  verdict: "now" | "later" | "never" | "away";
  /** One sentence. */
  reason: string;
  /** The field of the spec that stands in the way. */
  field: string | null;
  earliestAt: number | null;
  basis: string | null;
}

/** Where an ask goes. `accelerators`: indexes on the node; empty for several nodes, where the scheduler picks them. */
export interface Choice {
  clusterId: string;
  nodeNames: string[];
  accelerators: number[];
}

/** Cores are fractions: sums of tenths must not refuse what fits exactly. */
const EPSILON = 1e-6;

export type Ask = Pick<RunSpec, "resources" | "cluster" | "constraints" | "launcher" | "processesPerNode" | "workerRestarts" | "code" | "overrides" | "interactive" | "maxDuration">;
export type NodeFilter = (cluster: ClusterSnapshot, node: NodeSnapshot) => boolean;

/** Could this node host one node's share of the ask: ever, when empty, or now? */
export function nodeHosts(node: NodeSnapshot, resources: RunSpec["resources"], when: "ever" | "empty" | "now"): boolean {
  if (when !== "ever" && !node.usable) return false;
  const cpus = when === "now" ? node.freeCpus : node.cpus;
  const memoryMib = when === "now" ? node.freeMemoryMib : node.memoryMib;
  if (cpus + EPSILON < resources.cpus || memoryMib < resources.memory) return false;
  if (resources.gpus === 0) return true;
  const gpus = gpusOf(node, resources.gpuModel);
  return (when === "ever" ? gpus.all : when === "empty" ? gpus.ok : gpus.free) >= resources.gpus;
}

/** Are there as many such nodes as the ask needs? */
export function hasHosts(nodes: NodeSnapshot[], resources: RunSpec["resources"], when: "ever" | "empty" | "now"): boolean {
  let left = fewestNodes(resources);
  for (const node of nodes) if (nodeHosts(node, resources, when) && (left -= 1) === 0) return true;
  return false;
}

/** What a spec's constraints and the cluster's driver say, before capacity. null: nothing stands in the way. */
export function refusal(ask: Ask, cluster: ClusterSnapshot): Fit | null {
  const never = (field: string, reason: string): Fit => ({ verdict: "never", reason, field, earliestAt: null, basis: null });
  if (ask.cluster && ask.cluster !== cluster.slug) return never("cluster", `The run asks for the cluster ${ask.cluster}.`);
  const { regions, drivers } = ask.constraints;
  if (regions.length > 0 && !regions.includes(cluster.region)) return never("constraints.regions", `It is in ${cluster.region}; the run asks for ${regions.join(" or ")}.`);
  if (!cluster.capabilities || !cluster.driver) return { ...never("cluster", "Its agent has not connected yet."), verdict: "away", field: null };
  if (drivers.length > 0 && !drivers.includes(cluster.driver)) return never("constraints.drivers", `It runs ${cluster.driver}; the run asks for ${drivers.join(" or ")}.`);
  const [issue] = unsupportedFields(ask as RunSpec, cluster.capabilities);
  if (issue) return never(issue.field, issue.message);
  const time = tooLong(ask, timesOf(ask, cluster));
  return time ? never(time.field, time.message) : null;
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
/** "4 nodes", or "2 to 4 nodes". */
export const nodesAsked = (resources: RunSpec["resources"]) => (isElastic(resources) ? `${fewestNodes(resources)} to ` : "") + plural(resources.nodes, "node");
const gpuNoun = (resources: RunSpec["resources"]) => (resources.gpuModel ? `${resources.gpuModel} GPU` : "GPU");
const mib = (amount: number) => (amount >= 1024 && amount % 1024 === 0 ? `${amount / 1024} GiB` : `${amount} MiB`);

/**
 * The first thing that falls short, in words, and its field. `ever`: of what is there, with the number; `now`: of what is
 * free, without one, since that changes all the time and the sentence is kept for each waiting run.
 */
function shortfall(nodes: NodeSnapshot[], resources: RunSpec["resources"], when: "ever" | "now"): { field: string; reason: string } {
  const most = (of: (node: NodeSnapshot) => number) => nodes.reduce((best, node) => Math.max(best, of(node)), 0);
  const now = when === "now";
  const where = nodes.length === 1 ? nodes[0]!.name : "one node";
  const tell = (field: string, asked: string, there: string) => ({ field, reason: `Asked for ${asked} per node; ${now ? `${nodes.length === 1 ? where : "no node"} has ${nodes.length === 1 ? "less" : "that much"} free` : `${where} has ${there}`}.` });
  const gpus = most((node) => (now ? gpusOf(node, resources.gpuModel).free : gpusOf(node, resources.gpuModel).all));
  if (gpus < resources.gpus) return tell(resources.gpuModel && gpus === 0 && !now ? "resources.gpuModel" : "resources.gpus", plural(resources.gpus, gpuNoun(resources)), String(gpus));
  const cpus = most((node) => (now ? node.freeCpus : node.cpus));
  if (cpus + EPSILON < resources.cpus) return tell("resources.cpus", plural(resources.cpus, "core"), String(Math.floor(cpus * 10 + EPSILON) / 10));
  const memory = most((node) => (now ? node.freeMemoryMib : node.memoryMib));
  if (memory < resources.memory) return tell("resources.memory", mib(resources.memory), mib(Math.max(0, memory)));
  if (fewestNodes(resources) > 1) {
    const enough = nodes.filter((node) => nodeHosts(node, resources, when)).length;
    return { field: "resources.nodes", reason: `Asked for ${nodesAsked(resources)}; ${now ? "fewer are free" : `${enough} ${enough === 1 ? "is" : "are"} large`} enough.` };
  }
  return { field: "resources", reason: now ? "No node has all of it free at once." : "No node has all of it together." };
}

/** A copy whose room one may take or give back. */
export function copySnapshot(cluster: ClusterSnapshot): ClusterSnapshot {
  return { ...cluster, live: [...cluster.live], nodes: cluster.nodes.map((node) => ({ ...node, accelerators: node.accelerators.map((one) => ({ ...one })), counts: undefined })) };
}

const indexes = new WeakMap<NodeSnapshot[], Map<string, NodeSnapshot>>();

function nodesNamed(cluster: ClusterSnapshot, names: readonly string[]): NodeSnapshot[] {
  let index = indexes.get(cluster.nodes);
  if (!index) indexes.set(cluster.nodes, (index = new Map(cluster.nodes.map((node) => [node.name, node]))));
  return names.flatMap((name) => index.get(name) ?? []);
}

/** Changes `cluster`: one live attempt's hold is given back to its nodes. */
export function release(cluster: ClusterSnapshot, hold: LiveHold): void {
  for (const node of nodesNamed(cluster, hold.nodeNames)) {
    node.freeCpus += hold.cpus;
    node.freeMemoryMib += hold.memoryMib;
    giveBackOn(node, hold);
  }
}

/** Changes `cluster`: a choice takes its room and joins the live attempts. */
export function take(cluster: ClusterSnapshot, choice: Choice, hold: Omit<LiveHold, "nodeNames" | "accelerators" | "kind">): void {
  const nodes = nodesNamed(cluster, choice.nodeNames);
  for (const node of nodes) {
    node.freeCpus -= hold.cpus;
    node.freeMemoryMib -= hold.memoryMib;
    takeOn(node, { ...hold, accelerators: choice.accelerators });
  }
  cluster.live.push({ ...hold, nodeNames: choice.nodeNames, accelerators: choice.accelerators, kind: hold.gpus > 0 ? kindOn(nodes[0], hold.gpuModel ?? null) : null });
}

/** When a hold must have ended at the latest. */
const limitOf = (hold: LiveHold) => hold.endsBy;
/** When a hold should have ended: by its limit or by how long its like took, whichever comes first. */
export const likelyEndOf = (hold: LiveHold): number | null => (hold.claim?.expectedEndsBy == null ? hold.endsBy : Math.min(hold.claim.expectedEndsBy, hold.endsBy ?? Number.POSITIVE_INFINITY));

/** When enough room is free: as live attempts end by `endOf`, which may lie in the past where one is overdue. `after` is the cluster at that moment. */
export function earliestRoom(resources: RunSpec["resources"], cluster: ClusterSnapshot, endOf: (hold: LiveHold) => number | null = limitOf): { at: number; basis: string; after: ClusterSnapshot } | null {
  const after = copySnapshot(cluster);
  const ending = cluster.live.flatMap((hold) => ({ hold, at: endOf(hold) })).filter((one): one is { hold: LiveHold; at: number } => one.at !== null).sort((a, b) => a.at - b.at || (a.hold.runId < b.hold.runId ? -1 : 1));
  const able = new Set(after.nodes.filter((node) => nodeHosts(node, resources, "now")));
  for (const { hold, at } of ending) {
    release(after, hold);
    for (const node of nodesNamed(after, hold.nodeNames)) if (nodeHosts(node, resources, "now")) able.add(node);
    if (able.size >= fewestNodes(resources)) return { at, basis: `${hold.runName} ends by then, at its maximum duration.`, after };
  }
  return null;
}

/** Of what may start on fewer nodes, also how many there are for it. */
function fitsNow(resources: RunSpec["resources"], nodes: NodeSnapshot[]): string {
  if (!isElastic(resources)) return "It fits now.";
  const free = nodes.filter((node) => nodeHosts(node, resources, "now")).length;
  return `It fits now, on ${Math.min(free, resources.nodes)} of at most ${plural(resources.nodes, "node")}.`;
}

/** Can this cluster run the ask: now, later, never, or could it if it were there (`away`)? `now` is Unix ms. Without `promise` no moment is looked for. */
export function fitOn(ask: Ask, cluster: ClusterSnapshot, now: number, promise = true): Fit {
  const { resources } = ask;
  const refused = refusal(ask, cluster);
  if (refused) return refused;
  const say = (verdict: Fit["verdict"], reason: string, field: string | null = null): Fit => ({ verdict, reason, field, earliestAt: null, basis: null });
  if (cluster.nodes.length === 0) return say("away", "It reports no nodes.");
  const [open, later] = [openTo(ask, cluster), openToIt(ask, cluster)];
  const isEnough = (nodes: NodeSnapshot[]) => hasHosts(nodes, resources, "ever");
  if (!isEnough(later.nodes)) {
    const { field, reason } = isEnough(cluster.nodes) ? notOpen(ask, cluster, isEnough) : shortfall(cluster.nodes, resources, "ever");
    return say("never", reason, field);
  }
  if (cluster.drained) return say("away", "It is drained: it takes no new work.");
  if (!cluster.reachable) return say("away", "Its agent is out of reach.");
  if (!hasHosts(open.nodes, resources, "empty") && hasHosts(later.nodes, resources, "empty")) return say("away", "The nodes that could take it are reserved in Slurm: runs that name the reservation get them.", "overrides.slurm.reservation");
  if (!hasHosts(open.nodes, resources, "empty")) return say("away", "The nodes that could take it are drained, down, or have failed accelerators.");
  if (hasHosts(open.nodes, resources, "now")) return say("now", fitsNow(resources, open.nodes));
  const room = promise ? earliestRoom(resources, open) : null;
  const { reason, field } = shortfall(open.nodes.filter((node) => node.usable), resources, "now");
  const promised = room !== null && room.at > now; // what should have ended already promises nothing
  return { verdict: "later", reason, field, earliestAt: promised ? room.at : null, basis: promised ? room.basis : null };
}
