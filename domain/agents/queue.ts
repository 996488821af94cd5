import type { PendingReason } from "../experiments/pending.ts";
import type { RunSpec } from "../experiments/run-spec.ts";
import { chooseNodes, copySnapshot, earliestRoom, fitOn, nodeHosts, placeRun, take, type Choice, type ClusterSnapshot, type NodeFilter, type NodeSnapshot } from "./placement.ts";

/** A queued run, in queue order. */
export interface QueuedRun {
  id: string;
  name: string;
  spec: RunSpec;
}

/** Nodes kept for the first run that must wait, and what it needs of each. `startsAt`: Unix ms, null when nothing promises it. */
interface Reservation {
  run: QueuedRun;
  clusterId: string;
  nodeNames: Set<string>;
  startsAt: number | null;
}

/**
 * Places a queue in order, as many as fit, and says why each of the others waits.
 *
 * The first run that must wait gets a reservation: the nodes where it can start soonest. Runs behind it may still use
 * everything else, and on those nodes what the waiting run cannot use: they must end before it may start, or leave room for
 * it in every resource they touch. So what blocks it only ever shrinks, and a large run is never starved by small ones.
 * Deterministic: the same queue and snapshots give the same answer.
 */
export function placeQueue(queue: QueuedRun[], snapshots: ClusterSnapshot[], now: number): { placed: (Choice & { runId: string })[]; waiting: Map<string, PendingReason> } {
  const clusters = snapshots.map(copySnapshot);
  const placed: (Choice & { runId: string })[] = [];
  const waiting = new Map<string, PendingReason>();
  const refusedShapes = new Map<string, PendingReason>(); // room only shrinks within a pass: what failed fails again
  let kept: Reservation | null = null;
  for (const run of queue) {
    const shape = shapeOf(run.spec);
    const known = refusedShapes.get(shape);
    if (known) {
      waiting.set(run.id, known);
      continue;
    }
    const { choice, pending } = placeRun(run.spec, clusters, now, kept ? keepRoom(kept, run.spec, now) : undefined);
    if (choice) {
      const { cpus, memory, gpus } = run.spec.resources;
      const endsBy = run.spec.maxDuration === null ? null : now + run.spec.maxDuration * 1000;
      take(clusters.find((one) => one.id === choice.clusterId)!, choice, { runId: run.id, runName: run.name, cpus, memoryMib: memory, gpus, endsBy });
      placed.push({ ...choice, runId: run.id });
      continue;
    }
    const reason: PendingReason = pending.kind === "behind" && kept ? { ...pending, message: `Room is kept for ${kept.run.name}, which is ahead in the queue.` } : pending;
    refusedShapes.set(shape, reason);
    waiting.set(run.id, reason);
    if (!kept && pending.kind === "busy") kept = reserve(run, clusters, now);
  }
  return { placed, waiting };
}

/** Runs of one shape get one answer: whatever placement looks at. */
function shapeOf(spec: RunSpec): string {
  return JSON.stringify([spec.resources, spec.cluster, spec.constraints, spec.launcher, spec.code?.kind, spec.overrides, spec.maxDuration]);
}

/** Where the run can start soonest: by promised ends where there are any, else where the least stands in its way. */
function reserve(run: QueuedRun, clusters: ClusterSnapshot[], now: number): Reservation | null {
  const { resources } = run.spec;
  const able = clusters.filter((cluster) => fitOn(run.spec, cluster, now).verdict === "later");
  const promised = able
    .flatMap((cluster) => {
      const room = earliestRoom(resources, cluster);
      const choice = room && chooseNodes(resources, room.after);
      return choice ? [{ at: room.at, choice }] : [];
    })
    .sort((a, b) => a.at - b.at || (a.choice.clusterId < b.choice.clusterId ? -1 : 1))[0];
  if (promised) return { run, clusterId: promised.choice.clusterId, nodeNames: new Set(promised.choice.nodeNames), startsAt: promised.at };
  const nearest = able
    .map((cluster) => {
      const nodes = cluster.nodes
        .filter((node) => nodeHosts(node, resources, "empty"))
        .map((node) => ({ name: node.name, lacks: lacks(node, resources) }))
        .sort((a, b) => a.lacks - b.lacks || (a.name < b.name ? -1 : 1))
        .slice(0, resources.nodes);
      return { clusterId: cluster.id, nodes, lacks: nodes.reduce((sum, node) => sum + node.lacks, 0) };
    })
    .sort((a, b) => a.lacks - b.lacks || (a.clusterId < b.clusterId ? -1 : 1))[0];
  return nearest ? { run, clusterId: nearest.clusterId, nodeNames: new Set(nearest.nodes.map((node) => node.name)), startsAt: null } : null;
}

const okGpus = (node: NodeSnapshot) => node.accelerators.filter((one) => one.ok).length;
const freeGpus = (node: NodeSnapshot) => node.accelerators.filter((one) => one.ok && one.free).length;

/** How much of the node must be given back before the run fits, as a sum of shares. */
function lacks(node: NodeSnapshot, resources: RunSpec["resources"]): number {
  const share = (free: number, want: number, all: number) => (all > 0 ? Math.max(0, want - free) / all : 0);
  return share(node.freeCpus, resources.cpus, node.cpus) + share(node.freeMemoryMib, resources.memory, node.memoryMib) + share(freeGpus(node), resources.gpus, okGpus(node));
}

/** Which nodes a run behind the reservation may use. */
function keepRoom(kept: Reservation, spec: RunSpec, now: number): NodeFilter {
  const endsInTime = kept.startsAt !== null && spec.maxDuration !== null && now + spec.maxDuration * 1000 <= kept.startsAt;
  const head = kept.run.spec.resources;
  const { cpus, memory, gpus } = spec.resources;
  return (cluster, node) => {
    if (endsInTime || cluster.id !== kept.clusterId || !kept.nodeNames.has(node.name)) return true;
    return cpus + head.cpus <= node.freeCpus && memory + head.memory <= node.freeMemoryMib && (gpus === 0 || gpus + head.gpus <= freeGpus(node));
  };
}
