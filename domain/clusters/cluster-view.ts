import type { CapacityClass } from "../costs/metering.ts";
import type { DriverKind } from "../experiments/run-spec.ts";
import type { Capabilities } from "./capabilities.ts";
import type { NodeFinding } from "./node-findings.ts";

/** `never`: enrolment code made, no agent yet. `cloned` and `revoked` need a person. */
export type Reachability = { state: "reachable" | "unreachable" | "never" | "revoked" | "cloned"; since: Date | null };

export interface ClusterRow {
  id: string;
  slug: string;
  name: string;
  region: string;
  driver: DriverKind | null;
  reachability: Reachability;
  drainedAt: Date | null;
  agentVersion: string | null;
  nodes: { total: number; up: number; drained: number };
  cpus: { total: number; used: number };
  memoryMib: { total: number; used: number };
  accelerators: { total: number; used: number; failed: number; models: string[] };
  /** CPU load of the measured nodes, 0 to 1; null when no sample is fresh. */
  load: number | null;
  liveAttempts: number;
}

export interface AcceleratorView {
  id: string;
  index: number;
  uuid: string;
  model: string;
  memoryMib: number;
  health: "ok" | "degraded" | "failed";
  healthReason: string | null;
  utilization: number | null; // percent
  memoryUsedMib: number | null;
  temperature: number | null; // °C
  power: number | null; // W
  /** Who holds it; of several that share it, one. An empty id: a run that the viewer may not see. */
  run: { id: string; name: string } | null;
  /** Where its scheduler gives it whole or in shares: how many there are, how many are held, and by how many runs. */
  shares?: { all: number; held: number; runs: number } | null;
}

/** Whether runs may go there: what its scheduler switched off it starts for them. */
export const takesWork = (state: NodeView["state"]): boolean => state === "up" || state === "off";

export interface NodeView {
  id: string;
  name: string;
  /** `off`: its scheduler starts it for a job. */
  state: "up" | "off" | "draining" | "down" | "gone";
  stateReason: string | null;
  /** Of its scheduler; empty where it has none. */
  partitions: string[];
  /** By its scheduler, for runs that name the reservation. */
  reserved: boolean;
  /** The switches or blocks that it hangs on, the nearest to the root first; empty where none is known. */
  topology: string[];
  /** How many jobs are on it that its scheduler was given by others. */
  outside: number;
  drainedAt: Date | null;
  drainedBy: string | null;
  drainReason: string | null;
  cpus: { total: number; used: number; load: number | null };
  memoryMib: { total: number; used: number; load: number | null };
  diskMib: { total: number; free: number | null };
  accelerators: AcceleratorView[];
  runs: { id: string; name: string; attemptId: string; cpus: number; memoryMib: number; gpus: number; status: string }[];
}

export interface ClusterDetail extends ClusterRow {
  /** How its capacity is paid for: prices of that class hold for it. */
  capacityClass: CapacityClass;
  capabilities: Capabilities | null;
  policy: string | null;
  /** Who drained the whole cluster and why; null when it takes work. */
  drain: { by: string | null; reason: string | null } | null;
  /** Until when an enrolment code can still be used; null when none is open. */
  openCodeUntil: Date | null;
  agent: {
    id: string;
    fingerprint: string;
    version: string | null;
    protocol: number | null;
    host: Record<string, string>;
    joinCount: number;
    lastSeenAt: Date | null;
    /** When it enrolled. */
    createdAt: Date;
    revokedAt: Date | null;
  } | null;
  nodeList: NodeView[];
}

export interface ClusterEventView {
  id: string;
  at: Date;
  kind: string;
  subject: string | null;
  actor: string | null;
  message: string;
  evidence: unknown;
}

/** Shown once, right after it was made. */
export interface EnrolmentCommand {
  clusterId: string;
  code: string;
  command: string;
  expiresAt: Date;
}

/** A node that should take no new work, and where it is. */
export interface FindingView extends Omit<NodeFinding, "runs"> {
  cluster: { id: string; name: string };
  /** Runs that are on it now. */
  liveRuns: number;
  /** An empty id: a run that the viewer may not see. */
  runs: { id: string; name: string; how: string; at: Date }[];
}
