import type { Claim, ClusterSnapshot, LiveHold, NodeSnapshot } from "../agents/placement.ts";
import { RunSpec } from "../experiments/run-spec.ts";
import type { Waiting } from "./order.ts";
import { placePass, type PassInput, type PassResult } from "./pass.ts";
import { DEFAULT_POLICY } from "./policy.ts";

// For tests only.

export const NOW = 1_700_000_000_000;
/** A node of one kind of accelerator, the first `taken` of them in use. */
export const node = (name: string, over: Partial<NodeSnapshot> & { gpus?: number; model?: string; taken?: number } = {}): NodeSnapshot => {
  const { gpus = 0, model = "NVIDIA H100 80GB HBM3", taken = 0, ...rest } = over;
  const cpus = rest.cpus ?? 16;
  const memoryMib = rest.memoryMib ?? 65_536;
  return { name, usable: true, cpus, memoryMib, freeCpus: cpus, freeMemoryMib: memoryMib, accelerators: Array.from({ length: gpus }, (_, index) => ({ index, model, free: index >= taken, ok: true })), ...rest };
};
export const cluster = (slug: string, nodes: NodeSnapshot[], over: Partial<ClusterSnapshot> = {}): ClusterSnapshot => ({
  id: `cl_${slug}`, slug, name: slug, region: "local", driver: "slurm", reachable: true, drained: false, nodes, live: [],
  capabilities: { driver: "slurm", maxNodes: 100, launchers: ["none", "torchrun"], git: true, checkpoint: true, overrides: [], memoryLimit: "cgroup" }, ...over,
});

type Over = Partial<Omit<Waiting, "spec">> & { resources?: Record<string, unknown>; spec?: Record<string, unknown> };

export function waiting(id: string, { resources = {}, spec = {}, ...over }: Over = {}): Waiting {
  const parsed = RunSpec.parse({ name: id, project: "p", command: "true", resources: { cpus: 1, memory: 1024, ...resources }, ...spec });
  return { id, name: id, spec: parsed, teamId: "team_a", projectId: "prj_a", ownerId: "usr_a", priority: parsed.priority, queuedAt: NOW, attained: 0, gpus: parsed.resources.gpus * parsed.resources.nodes, ...over };
}

/** Puts a run on a cluster as a live attempt, and takes its room there. */
export function started(on: ClusterSnapshot, run: Waiting, where: { nodeNames: string[]; accelerators?: number[] }, claim: Partial<Claim> = {}, endsBy: number | null = null): LiveHold {
  const { cpus, memory, gpus } = run.spec.resources;
  const { teamId, projectId, ownerId, priority, attained } = run;
  const hold: LiveHold = {
    runId: run.id, runName: run.name, nodeNames: where.nodeNames, cpus, memoryMib: memory, gpus, accelerators: where.accelerators ?? [], endsBy,
    claim: { attemptId: `att_${run.id}`, teamId, projectId, ownerId, priority, preemptible: run.spec.preemptible, startedAt: NOW, attained, stopping: false, expectedEndsBy: null, ...claim },
  };
  for (const host of on.nodes.filter((one) => where.nodeNames.includes(one.name))) {
    host.freeCpus -= cpus;
    host.freeMemoryMib -= memory;
    const taken = hold.accelerators.length > 0 ? host.accelerators.filter((one) => hold.accelerators.includes(one.index)) : host.accelerators.filter((one) => one.free).slice(0, gpus);
    for (const one of taken) one.free = false;
  }
  on.live.push(hold);
  return hold;
}

export const pass = (queue: Waiting[], clusters: ClusterSnapshot[], over: Partial<Omit<PassInput, "queue" | "clusters">> = {}): PassResult =>
  placePass({ queue, clusters, now: NOW, policy: DEFAULT_POLICY, quotas: [], shares: new Map(), ...over });
