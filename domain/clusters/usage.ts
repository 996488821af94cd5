import type { ClusterRow } from "./cluster-view.ts";

/** What a node offers, as its agent reports it. */
export interface NodeCapacity {
  cpus: number;
  memoryMib: number;
  /** It takes work, now or once its scheduler has started it. */
  isUp: boolean;
  isDrained: boolean;
  /** Cores in use as measured; null when no sample is fresh. */
  cpuLoad: number | null;
}

/** What one live attempt holds on each of its nodes. */
export interface Holding {
  nodes: number;
  cpus: number;
  memoryMib: number;
  /** Accelerators; of slices and shares their part. */
  gpus: number;
}

export type Usage = Pick<ClusterRow, "nodes" | "cpus" | "memoryMib" | "accelerators" | "load" | "liveAttempts">;

/** An accelerator, or a slice or share of one. */
interface Card {
  model: string;
  health: string;
  nodeId: string;
  uuid: string;
  parentUuid: string | null;
}

/** Capacity of a cluster and what live attempts hold of it. Held counts from placement on, measured or not. */
export function clusterUsage(nodes: readonly NodeCapacity[], accelerators: readonly Card[], holdings: readonly Holding[]): Usage {
  const cards = (of: readonly Card[]) => new Set(of.map(({ nodeId, parentUuid, uuid }) => `${nodeId} ${parentUuid ?? uuid}`)).size; // however they are cut
  const measured = nodes.filter((node) => node.cpuLoad !== null);
  const measuredCpus = sum(measured, (node) => node.cpus);
  const held = (of: (holding: Holding) => number) => sum(holdings, (holding) => of(holding) * Math.max(1, holding.nodes));
  return {
    nodes: { total: nodes.length, up: nodes.filter((node) => node.isUp && !node.isDrained).length, drained: nodes.filter((node) => node.isDrained).length },
    cpus: { total: sum(nodes, (node) => node.cpus), used: held((holding) => holding.cpus) },
    memoryMib: { total: sum(nodes, (node) => node.memoryMib), used: held((holding) => holding.memoryMib) },
    accelerators: {
      total: cards(accelerators),
      used: held((holding) => holding.gpus),
      failed: cards(accelerators.filter((one) => one.health === "failed")),
      models: [...new Set(accelerators.map((one) => one.model))].sort(),
    },
    load: measuredCpus > 0 ? sum(measured, (node) => node.cpuLoad!) / measuredCpus : null,
    liveAttempts: holdings.length,
  };
}

export function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
