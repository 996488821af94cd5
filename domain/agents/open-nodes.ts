import type { RunSpec } from "../experiments/run-spec.ts";
import type { FieldIssue } from "../shared/errors.ts";
import { formatSeconds } from "../shared/format.ts";
import type { ClusterSnapshot, NodeSnapshot } from "./placement.ts";

type Asked = Pick<RunSpec, "overrides">;
/** Seconds; null for no limit, or no default of its own: then a run that names no time gets the most. */
export interface PartitionTimes {
  name: string;
  maxSeconds: number | null;
  defaultSeconds?: number | null | undefined;
}

const views = new WeakMap<ClusterSnapshot, Map<string, ClusterSnapshot>>();

/** Where it goes: the partition that it names, else the scheduler's default; null where there is none, or it names several, of which the scheduler chooses. */
function partitionOf(ask: Asked, cluster: ClusterSnapshot): string | null {
  const named = ask.overrides.slurm?.partition;
  return typeof named === "string" ? named : (cluster.defaultPartition ?? null);
}

/** What the partition that it goes to gives; null where that is not known. */
export function timesOf(ask: Asked, cluster: ClusterSnapshot): PartitionTimes | null {
  const partition = partitionOf(ask, cluster);
  return cluster.partitions?.find(({ name }) => name === partition) ?? null;
}

/** A time that the partition does not give: Slurm would never start it. */
export function tooLong({ maxDuration }: Pick<RunSpec, "maxDuration">, times: PartitionTimes | null): FieldIssue | null {
  if (maxDuration === null || times?.maxSeconds == null || maxDuration <= times.maxSeconds) return null;
  return { field: "maxDuration", message: `The partition ${times.name} gives at most ${formatSeconds(times.maxSeconds)}; asked for ${formatSeconds(maxDuration)}.` };
}

/** The times that partitions give at most: of a run's own time, fitting looks only at which of them it is beyond. */
export const timeSteps = (clusters: readonly ClusterSnapshot[]): number[] => [...new Set(clusters.flatMap(({ partitions = [] }) => partitions.flatMap(({ maxSeconds }) => maxSeconds ?? [])))];

/** What ends a run that names no time itself, in words; null where nothing does. */
export function endWords(ask: Asked & Pick<RunSpec, "maxDuration">, cluster: ClusterSnapshot): string | null {
  const times = timesOf(ask, cluster);
  const seconds = times?.defaultSeconds ?? times?.maxSeconds ?? null;
  if (ask.maxDuration !== null || !times || seconds === null) return null;
  const most = times.maxSeconds === null ? "has no upper limit" : `gives at most ${formatSeconds(times.maxSeconds)}`;
  return `It names no maxDuration: Slurm ends it after ${formatSeconds(seconds)}, ${times.defaultSeconds == null ? `the most that the partition ${times.name} gives` : `the default of the partition ${times.name}, which ${most}`}.`;
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
