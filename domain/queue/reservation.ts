import { gpusOf } from "../agents/accelerators.ts";
import { chooseNodes, freeGpus } from "../agents/choose.ts";
import { openTo } from "../agents/open-nodes.ts";
import { earliestRoom, fitOn, likelyEndOf, nodeHosts, type ClusterSnapshot, type NodeFilter, type NodeSnapshot } from "../agents/placement.ts";
import { fewestNodes } from "../experiments/node-count.ts";
import type { RunSpec } from "../experiments/run-spec.ts";

/** Nodes kept for the first run that must wait, and what it needs of each. `startsAt`: Unix ms, null when nothing promises it. */
export interface Reservation {
  run: { id: string; name: string; spec: RunSpec };
  clusterId: string;
  nodeNames: ReadonlySet<string>;
  startsAt: number | null;
}

/** Where the run can start soonest: by likely ends where there are any, else where the least stands in its way. */
export function reserve(run: Reservation["run"], clusters: readonly ClusterSnapshot[], now: number): Reservation | null {
  const { resources } = run.spec;
  const able = clusters.filter((cluster) => fitOn(run.spec, cluster, now, false).verdict === "later").map((cluster) => openTo(run.spec, cluster));
  const promised = able
    .flatMap((cluster) => {
      const room = earliestRoom(resources, cluster, likelyEndOf);
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
        .slice(0, fewestNodes(resources));
      return { clusterId: cluster.id, nodes, lacks: nodes.reduce((sum, node) => sum + node.lacks, 0) };
    })
    .sort((a, b) => a.lacks - b.lacks || (a.clusterId < b.clusterId ? -1 : 1))[0];
  return nearest ? { run, clusterId: nearest.clusterId, nodeNames: new Set(nearest.nodes.map((node) => node.name)), startsAt: null } : null;
}

/** How much of the node must be given back before the run fits, as a sum of shares. */
function lacks(node: NodeSnapshot, resources: RunSpec["resources"]): number {
  const share = (free: number, want: number, all: number) => (all > 0 ? Math.max(0, want - free) / all : 0);
  const gpus = gpusOf(node, resources.gpuModel);
  return share(node.freeCpus, resources.cpus, node.cpus) + share(node.freeMemoryMib, resources.memory, node.memoryMib) + share(gpus.free, resources.gpus, gpus.ok);
}

/**
 * Which nodes a run behind the reservation may use: any other; and those kept, where it must end before the reservation
 * begins, or leaves room for it in every resource that it touches. So what blocks the head only ever shrinks.
 */
export function keepRoom(kept: Reservation, spec: RunSpec, now: number): NodeFilter {
  // At its limit it is asked to end, and has its grace to do so.
  const endsInTime = kept.startsAt !== null && spec.maxDuration !== null && now + (spec.maxDuration + spec.checkpoint.graceSeconds) * 1000 <= kept.startsAt;
  const head = kept.run.spec.resources;
  const { cpus, memory, gpus, gpuModel } = spec.resources;
  const isAlike = head.gpus === 0 || head.gpuModel === gpuModel; // else what one has of a GPU may be what the other wants whole
  return (cluster, node) => {
    if (endsInTime || cluster.id !== kept.clusterId || !kept.nodeNames.has(node.name)) return true;
    return cpus + head.cpus <= node.freeCpus && memory + head.memory <= node.freeMemoryMib && (gpus === 0 || gpus + head.gpus <= (isAlike ? gpusOf(node, gpuModel).free : freeGpus(node)));
  };
}
