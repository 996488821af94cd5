import type { PendingReason } from "../experiments/pending.ts";
import { fewestNodes } from "../experiments/node-count.ts";
import type { RunSpec } from "../experiments/run-spec.ts";
import { gpusOf, pickOn } from "./accelerators.ts";
import { openTo } from "./open-nodes.ts";
import { fitOn, nodeHosts, type Ask, type Choice, type ClusterSnapshot, type Fit, type NodeFilter, type NodeSnapshot } from "./placement.ts";

/** How one choice is weighed against another. */
export interface Weighing {
  /** Nodes that may be used, beyond what fits. */
  allow?: NodeFilter;
  /** `pack` keeps large holes whole; `spread` shares heat and failures. */
  packing?: "pack" | "spread";
  /** What an hour of the whole ask would cost there, in millionths of one currency; null where no price is known. Cheaper goes first. */
  price?: (cluster: ClusterSnapshot, resources: RunSpec["resources"]) => bigint | null;
  /** Where its data or checkpoint lies: goes first among clusters of one price. */
  near?: string | null;
}

export const freeGpus = (node: NodeSnapshot): number => gpusOf(node, null).free;

/** The tightest nodes that host the ask now, so that large holes stay whole: as many as it may have, null when there are fewer than it needs. */
export function chooseNodes(resources: RunSpec["resources"], cluster: ClusterSnapshot, { allow = () => true, packing = "pack" }: Weighing = {}): Choice | null {
  const fitting = cluster.nodes.filter((node) => nodeHosts(node, resources, "now") && allow(cluster, node)).map((node) => ({ node, free: freeGpus(node) }));
  if (fitting.length < fewestNodes(resources)) return null;
  const way = packing === "pack" ? 1 : -1;
  const order = fitting.sort((a, b) => way * (a.free - b.free || a.node.freeCpus - b.node.freeCpus || a.node.freeMemoryMib - b.node.freeMemoryMib) || (a.node.name < b.node.name ? -1 : 1));
  const chosen = order.slice(0, resources.nodes).map(({ node }) => node);
  const accelerators = chosen.length === 1 && resources.gpus > 0 ? pickOn(chosen[0]!, resources.gpuModel, resources.gpus).map(({ index }) => index) : [];
  return { clusterId: cluster.id, nodeNames: chosen.map((node) => node.name), accelerators };
}

/** Best choice over clusters: cheapest, then where its data is, then on most nodes of what may have more or fewer, then work without GPUs off GPU clusters, then the fewest GPUs and cores left idle beside it. What one of them costs decides only where it is known of all. */
export function bestChoice(resources: RunSpec["resources"], clusters: ClusterSnapshot[], weighing: Weighing = {}): Choice | null {
  const found = clusters.flatMap((cluster) => {
    const choice = chooseNodes(resources, cluster, weighing);
    return choice ? [{ cluster, choice, price: weighing.price?.(cluster, resources) ?? null }] : [];
  });
  const isPriced = found.every(({ price }) => price !== null);
  let best: { choice: Choice; score: (bigint | number | string)[] } | null = null;
  for (const { cluster, choice, price } of found) {
    const nodes = cluster.nodes.filter((node) => choice.nodeNames.includes(node.name));
    const gpusLeft = nodes.reduce((sum, node) => sum + freeGpus(node), 0) - resources.gpus * nodes.length;
    const cpusLeft = nodes.reduce((sum, node) => sum + node.freeCpus, 0) - resources.cpus * nodes.length;
    const way = weighing.packing === "spread" && resources.gpus > 0 ? -1 : 1;
    const score = [isPriced ? price! : 0n, weighing.near === cluster.id ? 0 : 1, -nodes.length, way * gpusLeft, way * cpusLeft, cluster.slug];
    const at = best ? score.findIndex((part, index) => part !== best!.score[index]) : 0;
    if (!best || (at >= 0 && score[at]! < best.score[at]!)) best = { choice, score };
  }
  return best?.choice ?? null;
}

/**
 * Where the ask goes now, or why not. The reason names no number that changes while nothing about the run does,
 * so that a long queue is not rewritten on every pass.
 */
export function placeRun(ask: Ask, snapshots: ClusterSnapshot[], now: number, weighing: Weighing = {}, promise = true): { choice: Choice | null; pending: PendingReason } {
  const fits = snapshots.map((cluster) => ({ cluster: openTo(ask, cluster), fit: fitOn(ask, cluster, now, promise) }));
  const choice = bestChoice(ask.resources, readyOf(fits), weighing);
  if (choice) return { choice, pending: { kind: "placing", message: "Being placed." } };
  return { choice: null, pending: whyNot(fits) };
}

/** What each cluster says of an ask. */
export type Fits = readonly { cluster: ClusterSnapshot; fit: Fit }[];

/** The clusters where it fits now. */
export const readyOf = (fits: Fits): ClusterSnapshot[] => fits.filter(({ fit }) => fit.verdict === "now").map(({ cluster }) => cluster);

/** Why an ask that was not placed waits. */
export function whyNot(fits: Fits): PendingReason {
  const ready = readyOf(fits);
  const clusters = fits.map(({ cluster, fit }) => ({ clusterId: cluster.id, name: cluster.name, reason: fit.reason, ...(fit.field ? { field: fit.field } : {}) }));
  if (ready.length > 0) return { kind: "behind", message: "Room is kept for a run ahead of it.", clusters };
  return { ...summary(fits), clusters };
}

function summary(fits: Fits): PendingReason {
  if (fits.length === 0) return { kind: "away", message: "No cluster is connected yet. Connect one and the run starts." };
  const of = (verdict: Fit["verdict"]) => fits.filter(({ fit }) => fit.verdict === verdict);
  const later = of("later").sort((a, b) => (a.fit.earliestAt ?? Infinity) - (b.fit.earliestAt ?? Infinity));
  if (later[0]) {
    const { cluster, fit } = later[0];
    return { kind: "busy", message: `${cluster.name} is busy. ${fit.reason}`, earliestAt: fit.earliestAt, basis: fit.basis };
  }
  const away = of("away");
  if (away[0]) return { kind: "away", message: away.length === 1 ? `${away[0].cluster.name} could run it, but is not available. ${away[0].fit.reason}` : `${away.map(({ cluster }) => cluster.name).join(", ")} could run it, but none is available.` };
  // The cluster that was asked for by name explains better than those that were not.
  const named = fits.filter(({ fit }) => fit.field !== "cluster");
  if (named.length === 0) return { kind: "never", message: "The cluster that it asks for does not exist." };
  return { kind: "never", message: named.length === 1 ? `${named[0]!.cluster.name} cannot run it. ${named[0]!.fit.reason}` : `No connected cluster can run it. ${named[0]!.cluster.name}: ${named[0]!.fit.reason}` };
}
