import { isElastic } from "../../domain/experiments/node-count.ts";
import { formatMib, plural } from "../../domain/shared/format.ts";

interface Asked {
  cpus: number;
  memoryMib: number;
  gpus: number;
  nodes: number;
  /** On how few of `nodes` it starts as well; null where on all or none. */
  minNodes?: number | null;
}

/** What a run holds in all, the scarce part first: "16 GPUs · 2 nodes", or "4 cores" where it asks for none. */
export function resourcesLine({ cpus, gpus, nodes }: Asked): string {
  const main = gpus > 0 ? plural(gpus * nodes, "GPU") : plural(cpus * nodes, "core");
  return nodes > 1 ? `${main} · ${plural(nodes, "node")}` : main;
}

/** Everything asked for per node: "8 GPUs (H100), 32 cores, 256 GiB per node; 2 nodes", or "2 to 4 nodes". */
export function resourcesWords({ cpus, memoryMib, gpus, nodes, minNodes }: Asked, gpuModel: string | null): string {
  const parts = [...(gpus > 0 ? [`${plural(gpus, "GPU")}${gpuModel ? ` (${gpuModel})` : ""}`] : []), plural(cpus, "core"), formatMib(memoryMib)];
  const fewest = isElastic({ nodes, minNodes: minNodes ?? null }) ? `${minNodes} to ` : "";
  return `${parts.join(", ")}${nodes > 1 ? ` per node; ${fewest}${plural(nodes, "node")}` : ""}`;
}
