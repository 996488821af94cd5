import { kindOn } from "../agents/accelerators.ts";
import { bestChoice } from "../agents/choose.ts";
import { openTo, timeSteps } from "../agents/open-nodes.ts";
import { copySnapshot, likelyEndOf, refusal, release, take, type ClusterSnapshot, type LiveHold, type NodeSnapshot } from "../agents/placement.ts";
import { remainingSeconds, type Durations } from "./durations.ts";
import { excludedBy } from "./excluded.ts";
import { ranSecondsOf, type Waiting } from "./order.ts";
import { placePass, type PassInput } from "./pass.ts";
import { askOf } from "./preempt.ts";
import { QuotaBook } from "./quota.ts";
import { askKey } from "./shapes.ts";

/** When a run may start. `at`: Unix ms. */
export interface Estimate {
  at: number;
  /** What it rests on, in words. */
  basis: string;
}

export interface ForecastOptions {
  /** Stop once these are known; all of the head when absent. */
  only?: ReadonlySet<string>;
  /** Runs looked at from the head. */
  most?: number;
  /** How long a waiting run should take, by run id. */
  durations?: ReadonlyMap<string, Durations>;
}

const MOST = 200;
/** Ends that one forecast plays through. */
const MOST_ENDS = 3000;

/**
 * When each waiting run may start, by playing forward what is known: live attempts end at their limits or when their like
 * did, whichever is sooner; waiting runs start in the queue's order as soon as they fit and their quotas allow, and end by the same rules. What ends
 * nobody knows when ends never, here: then nothing is promised. Runs that start right now are told `now`.
 */
export function forecast(input: PassInput, { only, most = MOST, durations = new Map() }: ForecastOptions = {}): Map<string, Estimate> {
  const { placed, order } = placePass(input);
  const byId = new Map(input.queue.map((run) => [run.id, run]));
  const clusters = input.clusters.map(copySnapshot);
  const times = timeSteps(clusters);
  const found = new Map<string, Estimate>();
  const ends: End[] = [];
  const book = new QuotaBook(input.quotas, clusters, input.policy.preemption);
  const count = (cluster: ClusterSnapshot, hold: LiveHold, sign: 1 | -1) => book.isEmpty || book.addHold(hold, (name) => cluster.nodes.find((node) => node.name === name), input.policy.preemption, sign);
  for (const cluster of clusters) for (const hold of cluster.live) note(ends, cluster, hold, hold.claim?.stopping ? input.now + 30_000 : likelyEndOf(hold), basisOf(hold));
  for (const choice of placed) {
    found.set(choice.runId, { at: input.now, basis: "It fits now." });
    const cluster = clusters.find(({ id }) => id === choice.clusterId)!;
    count(cluster, start(byId.get(choice.runId)!, cluster, choice.nodeNames, choice.accelerators, input.now, ends, durations), 1);
  }
  let left = order.filter((id) => !found.has(id)).slice(0, most).map((id) => byId.get(id)!);
  for (let steps = 0; steps < MOST_ENDS && left.length > 0 && ends.length > 0; steps += 1) {
    ends.sort((a, b) => a.at - b.at || (a.hold.runId < b.hold.runId ? -1 : 1));
    const end = ends.shift()!;
    const at = Math.max(input.now, end.at);
    release(end.cluster, end.hold);
    count(end.cluster, end.hold, -1);
    const failed = new Set<string>();
    left = left.filter((run) => {
      const shape = `${askKey(run, times)} ${run.excluded?.join()} ${book.isEmpty ? "" : `${run.teamId} ${run.projectId} ${run.spec.preemptible}`}`;
      if (failed.has(shape)) return true;
      const open = refusal(run.spec, end.cluster) === null && end.cluster.reachable && !end.cluster.drained ? [openTo(run.spec, end.cluster)] : [];
      const excluded = excludedBy(run, clusters);
      const ask = book.isEmpty || run.gpus === 0 ? null : askOf(run, input.policy);
      const allowed = (node: NodeSnapshot) => {
        const kind = ask && kindOn(node, run.spec.resources.gpuModel);
        return !kind || book.refuses(ask, kind) === null;
      };
      const choice = bestChoice(run.spec.resources, open, { allow: (cluster, node) => !excluded(cluster, node) && allowed(node), packing: input.policy.packing });
      if (!choice) {
        failed.add(shape);
        return true;
      }
      found.set(run.id, { at, basis: end.basis });
      count(end.cluster, start(run, end.cluster, choice.nodeNames, choice.accelerators, at, ends, durations), 1);
      return false;
    });
    if (only && [...only].every((id) => found.has(id))) break;
  }
  return found;
}

interface End {
  at: number;
  cluster: ClusterSnapshot;
  hold: LiveHold;
  basis: string;
}

function note(ends: End[], cluster: ClusterSnapshot, hold: LiveHold, at: number | null, basis: string): void {
  if (at !== null) ends.push({ at, cluster, hold, basis });
}

function basisOf(hold: LiveHold): string {
  if (hold.claim?.stopping) return `${hold.runName} is stopping.`;
  const expected = hold.claim?.expectedEndsBy ?? null;
  if (expected !== null && (hold.endsBy === null || expected < hold.endsBy)) return `${hold.runName} should end by then, as runs of its experiment did.`;
  return `${hold.runName} ends by then, at its maximum duration.`;
}

function start(run: Waiting, cluster: ClusterSnapshot, nodeNames: string[], accelerators: number[], at: number, ends: End[], durations: ReadonlyMap<string, Durations>): LiveHold {
  const { cpus, memory, gpus, gpuModel } = run.spec.resources;
  const history = durations.get(run.id);
  const likely = history ? remainingSeconds(history, ranSecondsOf(run)) : null;
  const limit = run.spec.maxDuration;
  const seconds = likely === null ? limit : Math.min(likely, limit ?? Number.POSITIVE_INFINITY);
  const endsBy = seconds === null ? null : at + seconds * 1000;
  const { teamId, projectId, ownerId, priority, attained } = run;
  const claim = { attemptId: "", teamId, projectId, ownerId, priority, preemptible: run.spec.preemptible, startedAt: at, attained, stopping: false, expectedEndsBy: null };
  take(cluster, { clusterId: cluster.id, nodeNames, accelerators }, { runId: run.id, runName: run.name, cpus, memoryMib: memory, gpus, gpuModel, endsBy, claim });
  const hold = cluster.live.at(-1)!;
  note(ends, cluster, hold, endsBy, "A run ahead of it should have ended by then.");
  return hold;
}

