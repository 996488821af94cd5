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

/** What bounds a run's time, such as `partition gpu`. */
interface TimeBound extends PartitionTimes {
  what: string;
}
/** Unix ms; null where it is not known. */
export interface ReservedNodes {
  name: string;
  nodeNames?: readonly string[] | undefined;
  nodeCount: number;
  startsAt: number | null;
  endsAt: number | null;
  flags: string;
}

const views = new WeakMap<ClusterSnapshot, Map<string, ClusterSnapshot>>();

/** Where it goes: the partition that it names, else the scheduler's default; null where there is none, or it names several, of which the scheduler chooses. */
function partitionOf(ask: Asked, cluster: Pick<ClusterSnapshot, "defaultPartition">): string | null {
  const named = ask.overrides.slurm?.partition;
  return typeof named === "string" ? named : (cluster.defaultPartition ?? null);
}

/** The bounds of a run's time: the partition that it goes to, and the QOS that it names. Its default QOS is the scheduler's to know. */
export function timesOf(ask: Asked, cluster: Pick<ClusterSnapshot, "defaultPartition" | "partitions" | "qos">): TimeBound[] {
  const partition = partitionOf(ask, cluster);
  return [
    ...(cluster.partitions ?? []).filter(({ name }) => name === partition).map((one) => ({ ...one, what: `partition ${one.name}` })),
    ...(cluster.qos ?? []).filter(({ name }) => name === ask.overrides.slurm?.qos).map((one) => ({ ...one, what: `QOS ${one.name}` })),
  ];
}

/** The bound that leaves the least time; null where none does. */
const tightest = (bounds: readonly TimeBound[]): (TimeBound & { maxSeconds: number }) | null =>
  bounds.reduce<(TimeBound & { maxSeconds: number }) | null>((least, bound) => (bound.maxSeconds !== null && bound.maxSeconds < (least?.maxSeconds ?? Number.POSITIVE_INFINITY) ? { ...bound, maxSeconds: bound.maxSeconds } : least), null);

/** A time that the partition or the QOS does not give: Slurm would never start it. */
export function tooLong({ maxDuration }: Pick<RunSpec, "maxDuration">, bounds: readonly TimeBound[]): FieldIssue | null {
  const least = tightest(bounds);
  if (maxDuration === null || least === null || maxDuration <= least.maxSeconds) return null;
  return { field: "maxDuration", message: `The ${least.what} gives at most ${formatSeconds(least.maxSeconds)}; asked for ${formatSeconds(maxDuration)}.` };
}

/** The times that partitions and QOS give at most: of a run's own time, fitting looks only at which of them it is beyond. */
export const timeSteps = (clusters: readonly ClusterSnapshot[]): number[] => [...new Set(clusters.flatMap(({ partitions = [], qos = [] }) => [...partitions, ...qos].flatMap(({ maxSeconds }) => maxSeconds ?? [])))];

/** After how long the scheduler ends a run that names no time itself, and by what; null where nothing does. */
function endOf(ask: Asked, cluster: ClusterSnapshot): (TimeBound & { seconds: number }) | null {
  const bounds = timesOf(ask, cluster);
  const [standard] = bounds.flatMap((bound) => (bound.defaultSeconds == null ? [] : [{ ...bound, seconds: bound.defaultSeconds }]));
  const least = tightest(bounds);
  return standard && standard.seconds <= (least?.maxSeconds ?? Number.POSITIVE_INFINITY) ? standard : least && { ...least, seconds: least.maxSeconds, defaultSeconds: null };
}

/** What ends a run that names no time itself, in words; null where nothing does. */
export function endWords(ask: Asked & Pick<RunSpec, "maxDuration">, cluster: ClusterSnapshot): string | null {
  const end = ask.maxDuration === null ? endOf(ask, cluster) : null;
  if (!end) return null;
  const most = end.maxSeconds === null ? "has no upper limit" : `gives at most ${formatSeconds(end.maxSeconds)}`;
  return `It names no maxDuration: Slurm ends it after ${formatSeconds(end.seconds)}, ${end.defaultSeconds == null ? `the most that the ${end.what} gives` : `the default of the ${end.what}, which ${most}`}.`;
}

/**
 * What of a scheduler's reservations ahead stands in a run's way, in words: it starts only where the run is over by then, and the run gets
 * too few nodes without those that are reserved. null where nothing does. `now`: Unix ms.
 */
export function reservedAhead(ask: Asked & Pick<RunSpec, "maxDuration">, cluster: ClusterSnapshot, now: number, isEnough: (nodes: NodeSnapshot[]) => boolean): string | null {
  const seconds = ask.maxDuration ?? endOf(ask, cluster)?.seconds ?? null;
  const ahead = (cluster.reservations ?? []).filter(({ name, startsAt }) => name !== ask.overrides.slurm?.reservation && startsAt !== null && startsAt > now && (seconds === null || now + seconds * 1000 > startsAt));
  const nodes = openTo(ask, cluster).nodes;
  const [first] = ahead.toSorted((one, other) => one.startsAt! - other.startsAt!).filter(({ nodeNames = [] }) => !isEnough(nodes.filter(({ name }) => !nodeNames.includes(name))));
  if (!first) return null;
  const inSeconds = Math.floor((first.startsAt! - now) / 1000);
  const lasts = first.endsAt === null ? "" : ` for ${formatSeconds(Math.round((first.endsAt - first.startsAt!) / 1000))}`;
  return `Slurm reserves ${first.nodeCount} of the nodes in ${formatSeconds(inSeconds)}${lasts} (${first.name}${/\bMAINT\b/.test(first.flags) ? ", for maintenance" : ""}): what may run on until then starts after it. A shorter maxDuration starts before.`;
}

function reservationOf(ask: Asked): string | null {
  const named = ask.overrides.slurm?.reservation;
  return typeof named === "string" ? named : null;
}

/** Features that its nodes must all have. Alternatives and counts are left to the scheduler. */
function featuresOf(ask: Asked): string[] {
  const asked = ask.overrides.slurm?.constraint;
  return typeof asked === "string" && /^[\w-]+(?:&[\w-]+)*$/.test(asked) ? asked.split("&") : [];
}

/**
 * What of a cluster is open to an ask: where its scheduler has partitions, features and reservations, the nodes of the partition that
 * the ask goes to, with the features that it wants, of the reservation that it names, and without one none that are reserved. The nodes
 * and the live attempts are the cluster's own, so what changes there changes here.
 */
export const openTo = (ask: Asked, cluster: ClusterSnapshot): ClusterSnapshot => viewOf(ask, cluster, reservationOf(ask) !== null);
/** The same with what is reserved for others, which may be open to it later. */
export const openToIt = (ask: Asked, cluster: ClusterSnapshot): ClusterSnapshot => (reservationOf(ask) === null && cluster.nodes.some(({ reserved }) => reserved) ? viewOf(ask, cluster, true) : openTo(ask, cluster));

/** @param withReserved Whatever is reserved, too. */
function viewOf(ask: Asked, cluster: ClusterSnapshot, withReserved: boolean): ClusterSnapshot {
  const [partition, features, reservation] = [partitionOf(ask, cluster), featuresOf(ask), reservationOf(ask)];
  const key = `${partition} ${features.join("&")} ${reservation} ${withReserved}`;
  let known = views.get(cluster);
  if (!known) views.set(cluster, (known = new Map()));
  let view = known.get(key);
  if (!view) {
    const named = cluster.reservations?.find(({ name }) => name === reservation)?.nodeNames;
    const among = named && new Set(named);
    const nodes = cluster.nodes.filter((node) => isIn(node, partition) && features.every((one) => node.features?.includes(one) ?? true) && (among?.has(node.name) ?? true) && (withReserved || !node.reserved));
    known.set(key, (view = nodes.length === cluster.nodes.length ? cluster : { ...cluster, nodes }));
  }
  return view;
}

const isIn = (node: NodeSnapshot, partition: string | null) => partition === null || (node.partitions?.includes(partition) ?? true);

/** Why nodes that are large enough do not count, and the field that would change it. `isEnough`: whether such nodes would do. */
export function notOpen(ask: Asked, cluster: ClusterSnapshot, isEnough: (nodes: NodeSnapshot[]) => boolean): { field: string; reason: string } {
  const [partition, reservation] = [partitionOf(ask, cluster), reservationOf(ask)];
  if (reservation !== null && isEnough(openToIt({ overrides: { slurm: { ...ask.overrides.slurm, reservation: undefined } } }, cluster).nodes)) return { field: "overrides.slurm.reservation", reason: `The reservation ${reservation} has not enough nodes that are large enough.` };
  if (partition === null || isEnough(cluster.nodes.filter((node) => isIn(node, partition)))) return { field: "overrides.slurm.constraint", reason: `Not enough of its nodes that are large enough have ${featuresOf(ask).join(" and ")}.` };
  const others = [...new Set(cluster.nodes.flatMap((node) => node.partitions ?? []))].filter((name) => isEnough(cluster.nodes.filter((node) => isIn(node, name)))).toSorted();
  const whose = ask.overrides.slurm?.partition === undefined ? `Its default partition, ${partition},` : `Its partition ${partition}`;
  return { field: "overrides.slurm.partition", reason: `${whose} has not enough nodes that are large enough.${others.length > 0 ? ` ${others.length === 1 ? "One that has" : "Those that have"}: ${others.slice(0, 20).join(", ")}.` : ""}` };
}
