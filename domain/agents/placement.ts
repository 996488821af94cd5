import type { Capabilities } from "../clusters/capabilities.ts";
import type { DriverKind } from "../experiments/run-spec.ts";

/** A cluster as placement sees it: what is there, what is free, whether work may go there. Made by server/agents/queries.ts. */
export interface ClusterSnapshot {
  id: string;
  slug: string;
  name: string;
  region: string;
  driver: DriverKind | null;
  capabilities: Capabilities | null;
  reachable: boolean;
  drained: boolean;
  nodes: NodeSnapshot[];
  /** Live attempts, for "after Y": when each must have ended at the latest, Unix ms; null when nothing limits it. */
  live: { runId: string; runName: string; nodeNames: string[]; cpus: number; memoryMib: number; gpus: number; endsBy: number | null }[];
}

export interface NodeSnapshot {
  name: string;
  /** Up and not drained. */
  usable: boolean;
  cpus: number;
  memoryMib: number;
  freeCpus: number;
  freeMemoryMib: number;
  accelerators: { index: number; model: string; free: boolean; ok: boolean }[];
}
