import { freeWithout, type Kind, kindOn } from "../agents/accelerators.ts";
import { nodeHosts, type ClusterSnapshot, type LiveHold, type NodeSnapshot } from "../agents/placement.ts";
import { fewestNodes } from "../experiments/node-count.ts";
import type { RunSpec } from "../experiments/run-spec.ts";
import { levelOf, standing, type Waiting } from "./order.ts";
import { SHORTEST_TURN_SECONDS, type QueuePolicy } from "./policy.ts";
import type { QuotaAsk, QuotaBook } from "./quota.ts";

/** Why work may be taken for other work, the first reason first. */
export const PREEMPT_REASONS = ["guarantee", "priority", "turn"] as const;
export type PreemptReason = (typeof PREEMPT_REASONS)[number];

export interface Victim {
  attemptId: string;
  runId: string;
  runName: string;
  clusterId: string;
  forRunId: string;
  why: PreemptReason;
  /** One sentence for its timeline; names nobody, since not everybody may know of everybody's runs. */
  message: string;
}

/** What preemption looks at besides the run. */
export interface PreemptContext {
  policy: QueuePolicy;
  quota: QuotaWords;
  now: number;
  excluded: (cluster: ClusterSnapshot, node: NodeSnapshot) => boolean;
  /** See `takeableByNode`; kept for a whole pass. */
  holdsOf: (cluster: ClusterSnapshot) => ReadonlyMap<string, readonly LiveHold[]>;
}

/** The holds that preemption may ever stop, by the nodes they are on. */
export function takeableByNode(cluster: ClusterSnapshot): Map<string, LiveHold[]> {
  const byNode = new Map<string, LiveHold[]>();
  for (const hold of cluster.live) {
    if (!hold.claim?.preemptible || hold.claim.stopping) continue;
    for (const name of hold.nodeNames) {
      const known = byNode.get(name);
      if (known) known.push(hold);
      else byNode.set(name, [hold]);
    }
  }
  return byNode;
}

/** `nodes`: how many it would get; as few as it needs where that is not known. */
export const askOf = (run: Waiting, policy: QueuePolicy, nodes = fewestNodes(run.spec.resources)): QuotaAsk => ({ teamId: run.teamId, projectId: run.projectId, gpus: run.spec.resources.gpus * nodes, firm: !(run.spec.preemptible && policy.preemption) });
const holderOf = (hold: LiveHold): QuotaAsk => ({ teamId: hold.claim!.teamId, projectId: hold.claim!.projectId, gpus: hold.gpus * hold.nodeNames.length, firm: false });

/** What the quotas say of one run while nothing changes: asked once for each kind of accelerators, not for each node and hold. */
export interface QuotaWords {
  refuses: (kind: Kind) => boolean;
  isWithinGuarantee: (kind: Kind) => boolean;
  isBorrowing: (hold: LiveHold, kind: Kind, gone: readonly LiveHold[]) => boolean;
}

export function quotaWordsOf(run: Waiting, policy: QueuePolicy, book: QuotaBook): QuotaWords {
  const ask = askOf(run, policy);
  const once = (answer: (kind: Kind) => boolean) => {
    const known = new Map<string, boolean>();
    return (kind: Kind) => {
      const key = `${kind.milli} ${kind.model}`;
      let said = known.get(key);
      if (said === undefined) known.set(key, (said = answer(kind)));
      return said;
    };
  };
  const isBorrowing: QuotaWords["isBorrowing"] = (hold, kind, gone) => book.isBorrowing(holderOf(hold), ask, kind, gone.map((one) => ({ ...holderOf(one), kind: one.kind ?? kind })));
  return { refuses: once((kind) => book.refuses(ask, kind) !== null), isWithinGuarantee: once((kind) => book.isWithinGuarantee(ask, kind)), isBorrowing };
}

/** May this hold be stopped for the run once those are gone, and why? Only preemptible work that is not being stopped already. */
function mayTake(run: Waiting, hold: LiveHold, kind: Kind | null, context: PreemptContext, gone: readonly LiveHold[]): PreemptReason | null {
  const { claim } = hold;
  const { policy, quota, now } = context;
  if (!claim?.preemptible || claim.stopping || hold.runId === run.id) return null;
  if (kind !== null && hold.gpus > 0 && run.gpus > 0 && quota.isWithinGuarantee(kind) && quota.isBorrowing(hold, kind, gone.filter((one) => one !== hold))) return "guarantee";
  if (claim.priority < run.priority) return "priority";
  const hadItsTurn = now - claim.startedAt >= SHORTEST_TURN_SECONDS * 1000;
  if (policy.turns && claim.priority === run.priority && hadItsTurn && levelOf(claim.attained) > standing(run, policy, now)) return "turn";
  return null;
}

interface Taken {
  hold: LiveHold;
  why: PreemptReason;
}

/** Who goes so that the run fits on one node; empty when it fits already, null when not even all that may go would do. `gone`: who goes elsewhere for it. */
function takeOn(run: Waiting, node: NodeSnapshot, holds: readonly LiveHold[], context: PreemptContext, gone: readonly LiveHold[] = []): Taken[] | null {
  const { resources } = run.spec;
  if (nodeHosts(node, resources, "now")) return [];
  if (!nodeHosts(node, resources, "empty")) return null;
  const kind = kindOn(node, resources.gpuModel);
  const takeable: Taken[] = [];
  for (const hold of holds) {
    const why = mayTake(run, hold, kind, context, gone);
    if (why) takeable.push({ hold, why });
  }
  if (takeable.length === 0 || !roomWithout(node, takeable, resources)) return null; // not even all of them would do
  takeable.sort((a, b) => PREEMPT_REASONS.indexOf(a.why) - PREEMPT_REASONS.indexOf(b.why) || a.hold.claim!.priority - b.hold.claim!.priority || b.hold.claim!.startedAt - a.hold.claim!.startedAt || (a.hold.runId < b.hold.runId ? -1 : 1));
  const taken: Taken[] = [];
  for (const { hold } of takeable) {
    const why = mayTake(run, hold, kind, context, [...gone, ...taken.map((one) => one.hold)]); // what others borrowed is less with each that goes
    if (!why) continue;
    taken.push({ hold, why });
    if (!roomWithout(node, taken, resources)) continue;
    // Fewest: what was taken first may no longer be needed.
    for (const extra of [...taken]) {
      const rest = taken.filter((other) => other !== extra);
      if (rest.length > 0 && roomWithout(node, rest, resources)) taken.splice(taken.indexOf(extra), 1);
    }
    return taken;
  }
  return null;
}

function roomWithout(node: NodeSnapshot, taken: readonly Taken[], resources: RunSpec["resources"]): boolean {
  let [cpus, memoryMib] = [node.freeCpus, node.freeMemoryMib];
  for (const { hold } of taken) {
    cpus += hold.cpus;
    memoryMib += hold.memoryMib;
  }
  if (cpus + 1e-6 < resources.cpus || memoryMib < resources.memory) return false;
  return resources.gpus === 0 || freeWithout(node, resources.gpuModel, taken.map(({ hold }) => hold)) >= resources.gpus;
}

/** The fewest holds on one cluster whose going makes room for the run on all its nodes; all or nothing. Null where that cannot be. */
export function victimsOn(run: Waiting, cluster: ClusterSnapshot, context: PreemptContext): { taken: Taken[]; nodeNames: string[] } | null {
  const byNode = context.holdsOf(cluster);
  const fewest = fewestNodes(run.spec.resources);
  const options = cluster.nodes.flatMap((node) => {
    if (!node.usable || context.excluded(cluster, node)) return [];
    const kind = run.gpus > 0 ? kindOn(node, run.spec.resources.gpuModel) : null;
    if (kind !== null && context.quota.refuses(kind)) return [];
    const taken = takeOn(run, node, byNode.get(node.name) ?? [], context);
    return taken ? [{ node, taken }] : [];
  });
  if (options.length < fewest) return null;
  const youngest = (taken: Taken[]) => taken.reduce((least, { hold }) => Math.min(least, hold.claim!.startedAt), Infinity);
  options.sort((a, b) => a.taken.length - b.taken.length || (a.taken.length > 0 ? youngest(b.taken) - youngest(a.taken) : 0) || (a.node.name < b.node.name ? -1 : 1));
  const chosen: typeof options = [];
  const taken = new Map<string, Taken>();
  for (const { node, taken: alone } of options) {
    const gone = [...taken.values()].map(({ hold }) => hold);
    const beside = gone.length === 0 || alone.length === 0 ? alone : takeOn(run, node, byNode.get(node.name) ?? [], context, gone);
    if (!beside) continue;
    chosen.push({ node, taken: beside });
    for (const one of beside) taken.set(one.hold.runId, one);
    if (chosen.length === fewest) break;
  }
  if (chosen.length < fewest) return null;
  return taken.size === 0 ? null : { taken: [...taken.values()], nodeNames: chosen.map(({ node }) => node.name) };
}

const BECAUSE: Record<PreemptReason, (run: Waiting) => string> = {
  guarantee: () => "It borrowed what is guaranteed to others, and they ask for it.",
  priority: (run) => `A run of priority ${run.priority} needs the room.`,
  turn: () => "It had its turn; a run that has had less needs the room.",
};

export const victimOf = (run: Waiting, clusterId: string, { hold, why }: Taken): Victim => ({ attemptId: hold.claim!.attemptId, runId: hold.runId, runName: hold.runName, clusterId, forRunId: run.id, why, message: BECAUSE[why](run) });
