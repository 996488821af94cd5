import { gpusOf, matching } from "../agents/accelerators.ts";
import { openTo, openToIt } from "../agents/open-nodes.ts";
import { nodeHosts, refusal, type ClusterSnapshot, type NodeSnapshot } from "../agents/placement.ts";
import { fewestNodes, isElastic } from "../experiments/node-count.ts";
import type { RunSpec } from "../experiments/run-spec.ts";
import { formatMib, formatNumber, plural } from "../shared/format.ts";

/**
 * What binds a run that waits, with the numbers of this moment: "Needs 8 × H100 on one node; the largest free block is 4 on
 * gpu03. 2 nodes are drained or down." Null where nothing could ever take it: then its reason says so.
 */
export function bindingConstraint(spec: RunSpec, clusters: readonly ClusterSnapshot[]): string | null {
  const { resources } = spec;
  const able = clusters.filter((cluster) => cluster.driver !== null && refusal(spec, cluster) === null);
  const nodes = able.flatMap((cluster) => {
    const now = new Set(openTo(spec, cluster).nodes);
    return openToIt(spec, cluster).nodes.map((node) => ({ node, isOpen: node.usable && cluster.reachable && !cluster.drained && now.has(node), isReserved: node.usable && !now.has(node) }));
  });
  if (nodes.length === 0) return null;
  const open = nodes.filter(({ isOpen }) => isOpen).map(({ node }) => node);
  const reserved = nodes.filter(({ isReserved }) => isReserved).length;
  const closed = nodes.length - open.length - reserved;
  const failed = nodes.reduce((sum, { node }) => sum + matching(node, resources).filter((one) => !one.ok).length, 0);
  const notes = [closed > 0 ? `${plural(closed, "node")} ${closed === 1 ? "is" : "are"} drained, down or out of reach.` : null, reserved > 0 ? `${plural(reserved, "node")} ${reserved === 1 ? "is" : "are"} reserved for others.` : null, failed > 0 && resources.gpus > 0 ? `${plural(failed, "accelerator")} failed.` : null].filter((one) => one !== null);
  return [needs(resources, open), underOneSwitch(resources, open), ...notes].filter((one) => one !== null).join(" ");
}

/** Of a run on several nodes: the most of those that have room for it which hang on one switch. Null where no node is known to hang on any. */
function underOneSwitch(resources: RunSpec["resources"], open: readonly NodeSnapshot[]): string | null {
  const known = open.filter(({ topology }) => topology && topology.length > 0);
  if (resources.nodes === 1 || known.length === 0) return null;
  const counts = new Map<string, number>();
  for (const node of known) if (nodeHosts(node, resources, "now")) counts.set(node.topology!.at(-1)!, (counts.get(node.topology!.at(-1)!) ?? 0) + 1);
  const [best] = [...counts].toSorted(([one, few], [other, many]) => many - few || (one < other ? -1 : 1));
  return best ? `The largest free block under one switch is ${plural(best[1], "node")}, under ${best[0]}.` : "No switch has a node free for it.";
}

function needs(resources: RunSpec["resources"], open: readonly NodeSnapshot[]): string {
  const fewest = fewestNodes(resources);
  const atLeast = isElastic(resources) ? "at least " : "";
  const where = fewest === 1 ? `on ${atLeast}one node` : `on each of ${atLeast}${fewest} nodes`;
  const free = (node: NodeSnapshot) => gpusOf(node, resources.gpuModel).free;
  const short = (have: (node: NodeSnapshot) => number, want: number) => open.filter((node) => have(node) + 1e-6 >= want).length < fewest;
  const most = (have: (node: NodeSnapshot) => number) => open.reduce<NodeSnapshot | null>((best, node) => (best === null || have(node) > have(best) ? node : best), null);
  const tell = (asked: string, have: (node: NodeSnapshot) => number, format: (value: number) => string, noun: string) => {
    const best = most(have);
    const block = best === null || have(best) <= 0 ? "none is free" : `the ${noun} is ${format(have(best))} on ${best.name}`;
    return `Needs ${asked} ${where}; ${block}.`;
  };
  if (resources.gpus > 0 && short(free, resources.gpus)) return tell(`${resources.gpus} × ${resources.gpuModel ?? "accelerator"}`, free, String, "largest free block");
  if (short((node) => node.freeCpus, resources.cpus)) return tell(plural(resources.cpus, "core"), (node) => node.freeCpus, (value) => formatNumber(value), "most that is free");
  if (short((node) => node.freeMemoryMib, resources.memory)) return tell(formatMib(resources.memory), (node) => node.freeMemoryMib, formatMib, "most that is free");
  return `Needs ${resources.gpus > 0 ? `${resources.gpus} × ${resources.gpuModel ?? "accelerator"}, ` : ""}${plural(resources.cpus, "core")} and ${formatMib(resources.memory)} together ${where}.`;
}
