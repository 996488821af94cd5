import { openTo } from "../agents/open-nodes.ts";
import { nodeHosts, refusal, type ClusterSnapshot, type NodeFilter } from "../agents/placement.ts";
import { fewestNodes } from "../experiments/node-count.ts";
import type { Waiting } from "./order.ts";

/**
 * Nodes that a run is kept away from since they failed it: only while others could take it. Where there are none, a node that
 * failed once is better than to wait for ever; it may only have been restarted.
 */
export function excludedBy({ excluded = [], spec }: Pick<Waiting, "excluded" | "spec">, clusters: readonly ClusterSnapshot[]): NodeFilter {
  if (excluded.length === 0) return () => false;
  const names = new Set(excluded);
  const isNamed: NodeFilter = (cluster, node) => names.has(`${cluster.id}/${node.name}`);
  const hasOthers = clusters.some((cluster) => {
    const isOpen = cluster.reachable && !cluster.drained && refusal(spec, cluster) === null;
    return isOpen && openTo(spec, cluster).nodes.filter((node) => !isNamed(cluster, node) && nodeHosts(node, spec.resources, "empty")).length >= fewestNodes(spec.resources);
  });
  return hasOthers ? isNamed : () => false;
}
