import type { RunSpec } from "../experiments/run-spec.ts";
import type { ClusterSnapshot, NodeSnapshot } from "./placement.ts";

type Asked = Pick<RunSpec, "overrides">;

const views = new WeakMap<ClusterSnapshot, Map<string, ClusterSnapshot>>();

/** Where it goes: the partition that it names, else the scheduler's default; null where there is none, or it names several, of which the scheduler chooses. */
function partitionOf(ask: Asked, cluster: ClusterSnapshot): string | null {
  const named = ask.overrides.slurm?.partition;
  return typeof named === "string" ? named : (cluster.defaultPartition ?? null);
}

/** Features that its nodes must all have. Alternatives and counts are left to the scheduler. */
function featuresOf(ask: Asked): string[] {
  const asked = ask.overrides.slurm?.constraint;
  return typeof asked === "string" && /^[\w-]+(?:&[\w-]+)*$/.test(asked) ? asked.split("&") : [];
}

/**
 * What of a cluster is open to an ask: where its scheduler has partitions and features, the nodes of the partition that the ask
 * goes to, with the features that it wants. The nodes and the live attempts are the cluster's own, so what changes there changes here.
 */
export function openTo(ask: Asked, cluster: ClusterSnapshot): ClusterSnapshot {
  const [partition, features] = [partitionOf(ask, cluster), featuresOf(ask)];
  if (partition === null && features.length === 0) return cluster;
  const key = `${partition} ${features.join("&")}`;
  let known = views.get(cluster);
  if (!known) views.set(cluster, (known = new Map()));
  let view = known.get(key);
  if (!view) known.set(key, (view = { ...cluster, nodes: cluster.nodes.filter((node) => isIn(node, partition) && features.every((one) => node.features?.includes(one) ?? true)) }));
  return view;
}

const isIn = (node: NodeSnapshot, partition: string | null) => partition === null || (node.partitions?.includes(partition) ?? true);

/** Why nodes that are large enough do not count, and the field that would change it. `isEnough`: whether such nodes would do. */
export function notOpen(ask: Asked, cluster: ClusterSnapshot, isEnough: (nodes: NodeSnapshot[]) => boolean): { field: string; reason: string } {
  const partition = partitionOf(ask, cluster);
  if (partition === null || isEnough(cluster.nodes.filter((node) => isIn(node, partition)))) return { field: "overrides.slurm.constraint", reason: `Not enough of its nodes that are large enough have ${featuresOf(ask).join(" and ")}.` };
  const others = [...new Set(cluster.nodes.flatMap((node) => node.partitions ?? []))].filter((name) => isEnough(cluster.nodes.filter((node) => isIn(node, name)))).toSorted();
  const whose = ask.overrides.slurm?.partition === undefined ? `Its default partition, ${partition},` : `Its partition ${partition}`;
  return { field: "overrides.slurm.partition", reason: `${whose} has not enough nodes that are large enough.${others.length > 0 ? ` ${others.length === 1 ? "One that has" : "Those that have"}: ${others.slice(0, 20).join(", ")}.` : ""}` };
}
