import { kindOn } from "../agents/accelerators.ts";
import { bestChoice, type Fits, readyOf, type Weighing, whyNot } from "../agents/choose.ts";
import { openTo, timeSteps } from "../agents/open-nodes.ts";
import { copySnapshot, fitOn, nodeHosts, refusal, release, take, type Choice, type ClusterSnapshot, type LiveHold, type NodeFilter, type NodeSnapshot } from "../agents/placement.ts";
import type { PendingReason } from "../experiments/pending.ts";
import { fewestNodes } from "../experiments/node-count.ts";
import { plural } from "../shared/format.ts";
import { largestOf } from "../shared/largest.ts";
import { excludedBy } from "./excluded.ts";
import type { TeamShare } from "./fair-share.ts";
import { orderQueue, standing, type Waiting } from "./order.ts";
import type { QueuePolicy } from "./policy.ts";
import { askOf, takeableByNode, quotaWordsOf, victimOf, victimsOn, type PreemptContext, type Victim } from "./preempt.ts";
import { QuotaBook, type Quota } from "./quota.ts";
import { keepRoom, reserve, type Reservation } from "./reservation.ts";
import { askKey, shapeOf } from "./shapes.ts";

export interface PassInput {
  queue: readonly Waiting[];
  /** Runs from farther behind in a queue that is longer than one looks at: they may have what room all of `queue` leaves, and nothing is stopped for them. */
  beyond?: readonly Waiting[];
  clusters: readonly ClusterSnapshot[];
  now: number;
  policy: QueuePolicy;
  quotas: readonly Quota[];
  shares: ReadonlyMap<string, TeamShare>;
  /** What an hour of an ask costs on a cluster; cheaper goes first. Without it price decides nothing. */
  price?: Weighing["price"];
}

export interface PassResult {
  placed: (Choice & { runId: string })[];
  waiting: Map<string, PendingReason>;
  victims: Victim[];
  /** The queue in the order in which it was looked at. */
  order: string[];
}

/** Waiting runs for which one pass looks for work to stop, and for which it looks when they may start. */
const PREEMPTORS = 64;
const PROMISED = 16;

/**
 * One placement pass: what starts now and where, what is stopped for it, and why each of the others waits.
 *
 * In the queue's order every run takes the best room that is free, its quotas allow, and nobody ahead is promised. The first
 * that must wait for room gets a reservation (see reservation.ts), so nothing behind delays it. Where preemption may make room,
 * that room is the run's from then on, also against later passes, which find its victims stopping. A run of several nodes
 * starts on all of them or not at all. Pure and deterministic: the same input has the same answer.
 */
export function placePass(input: PassInput): PassResult {
  return new Pass(input).run();
}

class Pass {
  private readonly input: PassInput;
  private readonly steps: readonly number[];
  private readonly clusters: ClusterSnapshot[];
  /** The clusters once what is being stopped has gone, with the room that runs ahead were promised already taken. */
  private readonly future: ClusterSnapshot[];
  private readonly futureNodes: ReadonlyMap<string, NodeSnapshot>;
  private readonly book: QuotaBook;
  private readonly running = new Map<string, number>();
  private readonly result: PassResult;
  private kept: Reservation | null = null;
  private preemptors = 0;
  private promised = 0;
  private promisesMade = false;
  /** Room only shrinks within a pass: what failed fails again. By shape, with the reason. */
  private readonly refused = new Map<string, PendingReason>();
  private readonly cannotPreempt = new Set<string>();
  /** Asks for which no cluster has room: none comes before the pass ends. */
  private readonly full = new Map<string, PendingReason>();
  private readonly takeable = new Map<string, Map<string, LiveHold[]>>();

  constructor(input: PassInput) {
    this.input = input;
    this.steps = timeSteps(input.clusters);
    this.clusters = input.clusters.map(copySnapshot);
    this.future = input.clusters.map(copySnapshot);
    this.futureNodes = new Map(this.future.flatMap((cluster) => cluster.nodes.map((node) => [`${cluster.id}/${node.name}`, node] as const)));
    for (const cluster of this.future) {
      const leaving = cluster.live.filter((hold) => hold.claim?.stopping);
      for (const hold of leaving) release(cluster, hold);
      if (leaving.length > 0) this.promisesMade = true;
    }
    this.book = new QuotaBook(input.quotas, this.clusters, input.policy.preemption);
    for (const cluster of this.clusters) for (const { claim } of cluster.live) if (claim) this.running.set(claim.ownerId, (this.running.get(claim.ownerId) ?? 0) + 1);
    this.result = { placed: [], waiting: new Map(), victims: [], order: [] };
  }

  run(): PassResult {
    const { queue, beyond = [] } = this.input;
    this.lookAt(queue);
    this.preemptors = PREEMPTORS;
    this.lookAt(beyond);
    return this.result;
  }

  private lookAt(runs: readonly Waiting[]): void {
    const { shares, policy, now } = this.input;
    for (const run of orderQueue(runs, shares, policy, now)) {
      this.result.order.push(run.id);
      const reason = this.look(run);
      if (reason) this.result.waiting.set(run.id, reason);
    }
  }

  /** Places the run, or says why it waits. */
  private look(run: Waiting): PendingReason | null {
    const { policy } = this.input;
    const going = this.running.get(run.ownerId) ?? 0;
    if (policy.maxRunningPerUser !== null && going >= policy.maxRunningPerUser) return { kind: "quota", message: `Its owner has ${plural(going, "run")} going; the limit is ${policy.maxRunningPerUser}.` };
    const ask = askKey(run, this.steps);
    let named: string | null = null; // most of a long queue is told by its ask alone
    const shape = () => (named ??= shapeOf(run, ask, !this.book.isEmpty));
    let reason = this.full.get(ask) ?? this.refused.get(shape());
    if (!reason) {
      const fits = this.clusters.map((cluster) => ({ cluster: openTo(run.spec, cluster), fit: fitOn(run.spec, cluster, this.input.now, false) }));
      const ready = readyOf(fits);
      const choice = this.choose(run, ready);
      if (choice) {
        this.place(run, choice);
        return null;
      }
      reason = ready.length === 0 ? this.tellFull(run, fits) : this.explain(run, ready);
      if (ready.length === 0) this.full.set(ask, reason);
      else this.refused.set(shape(), reason);
    }
    if (reason.kind === "busy" || reason.kind === "behind") {
      const room = this.makeRoom(run, shape);
      if (room) return { ...reason, kind: "busy", message: room };
    }
    if (!this.kept && reason.kind === "busy") {
      this.kept = reserve(run, this.clusters, this.input.now);
      this.refused.clear(); // from here on the same shape may be refused for another reason
    }
    return reason;
  }

  private weighing(run: Waiting, nodes?: number): Weighing {
    const { policy, price, now } = this.input;
    const kept = this.kept ? keepRoom(this.kept, run.spec, now) : null;
    const mine = this.nodeAllowed(run, nodes);
    const allow: NodeFilter = (cluster, node) => (kept === null || kept(cluster, node)) && mine(cluster, node);
    return { allow, packing: policy.packing, near: run.near ?? null, ...(price ? { price } : {}) };
  }

  /** Not excluded, within its quotas if it gets so many nodes, and not promised to somebody ahead. */
  private nodeAllowed(run: Waiting, nodes?: number): NodeFilter {
    const ask = this.book.isEmpty || run.gpus === 0 ? null : askOf(run, this.input.policy, nodes);
    const excluded = excludedBy(run, this.clusters);
    const answers = new Map<string, boolean>();
    return (cluster, node) => {
      if (excluded(cluster, node)) return false;
      if (this.promisesMade && !nodeHosts(this.futureNode(cluster.id, node.name), run.spec.resources, "now")) return false;
      const kind = ask && kindOn(node, run.spec.resources.gpuModel);
      if (!kind) return true;
      const key = `${kind.milli} ${kind.model}`;
      let answer = answers.get(key);
      if (answer === undefined) answers.set(key, (answer = this.book.refuses(ask, kind) === null));
      return answer;
    };
  }

  private futureNode(clusterId: string, name: string): NodeSnapshot {
    return this.futureNodes.get(`${clusterId}/${name}`)!;
  }

  /** Clusters that may take it at all, whatever is free, and what of them is open to it. */
  private open(run: Waiting, among: ClusterSnapshot[]): ClusterSnapshot[] {
    return among.filter((cluster) => cluster.reachable && !cluster.drained && refusal(run.spec, cluster) === null).map((cluster) => openTo(run.spec, cluster));
  }

  private choose(run: Waiting, ready: ClusterSnapshot[]): Choice | null {
    if (ready.length === 0 || (this.kept && !this.input.policy.backfill)) return null;
    const { resources } = run.spec;
    return largestOf(fewestNodes(resources), resources.nodes, (nodes) => bestChoice({ ...resources, nodes }, ready, this.weighing(run, nodes)));
  }

  private place(run: Waiting, choice: Choice): void {
    this.hold(run, choice, this.clusters);
    this.hold(run, choice, this.future);
    this.countQuota(run, choice);
    this.running.set(run.ownerId, (this.running.get(run.ownerId) ?? 0) + 1);
    this.result.placed.push({ ...choice, runId: run.id });
  }

  private hold(run: Waiting, choice: Choice, where: ClusterSnapshot[]): void {
    const { cpus, memory, gpus, gpuModel } = run.spec.resources;
    const { now } = this.input;
    const endsBy = run.spec.maxDuration === null ? null : now + run.spec.maxDuration * 1000;
    take(where.find((one) => one.id === choice.clusterId)!, choice, { runId: run.id, runName: run.name, cpus, memoryMib: memory, gpus, gpuModel, endsBy });
  }

  private countQuota(run: Waiting, choice: Choice): void {
    if (this.book.isEmpty || run.gpus === 0) return;
    const cluster = this.clusters.find((one) => one.id === choice.clusterId)!;
    const ask = { ...askOf(run, this.input.policy), gpus: run.spec.resources.gpus };
    for (const node of cluster.nodes) {
      const kind = choice.nodeNames.includes(node.name) ? kindOn(node, run.spec.resources.gpuModel) : null;
      if (kind) this.book.add(ask, kind);
    }
  }

  /** The first asks of a pass are also told when there should be room. */
  private tellFull(run: Waiting, fits: Fits): PendingReason {
    if (this.promised >= PROMISED) return whyNot(fits);
    this.promised += 1;
    return whyNot(this.clusters.map((cluster) => ({ cluster, fit: fitOn(run.spec, cluster, this.input.now) })));
  }

  /** Why it was not placed although there is room for it. */
  private explain(run: Waiting, ready: ClusterSnapshot[]): PendingReason {
    const open = this.open(run, this.clusters);
    const quota = this.quotaReason(run, open);
    if (quota) return { kind: "quota", message: quota };
    const excluded = excludedBy(run, this.clusters);
    if (!bestChoice(run.spec.resources, ready, { allow: (cluster, node) => !excluded(cluster, node) })) return { kind: "busy", message: "Only nodes that failed it before are free; it waits for another." };
    if (this.kept) return { kind: "behind", message: "Room is kept for a run ahead of it.", forRun: this.kept.run.id };
    return { kind: "behind", message: "The room that is being made is for a run ahead of it." };
  }

  private quotaReason(run: Waiting, open: ClusterSnapshot[]): string | null {
    if (this.book.isEmpty || run.gpus === 0) return null;
    const ask = askOf(run, this.input.policy);
    let reason: string | null = null;
    for (const cluster of open) {
      for (const node of cluster.nodes) {
        const kind = kindOn(node, run.spec.resources.gpuModel);
        if (kind === null || !nodeHosts(node, run.spec.resources, "empty")) continue;
        const refused = this.book.refuses(ask, kind);
        if (refused === null) return null;
        reason ??= refused;
      }
    }
    return reason;
  }

  /** Room that is already being made is the first runs' own; where there is none, stops what may be stopped. Answers the sentence. */
  private makeRoom(run: Waiting, shape: () => string): string | null {
    const { policy, now } = this.input;
    if (!policy.preemption || this.preemptors >= PREEMPTORS) return null;
    const key = `${shape()} ${run.priority} ${standing(run, policy, now)}`;
    if (this.cannotPreempt.has(key)) return null;
    this.preemptors += 1;
    const open = this.open(run, this.future);
    if (this.promisesMade) {
      const allow = this.weighing(run).allow!;
      const leaving = bestChoice(run.spec.resources, open, { allow, packing: policy.packing });
      if (leaving) {
        this.hold(run, leaving, this.future);
        return "Room is being made for it: what runs there is saving its checkpoint.";
      }
    }
    const context: PreemptContext = { policy, quota: quotaWordsOf(run, policy, this.book), now, excluded: excludedBy(run, this.clusters), holdsOf: (cluster) => this.takeableOn(cluster) };
    const found = open
      .flatMap((cluster) => {
        const one = victimsOn(run, cluster, context);
        return one ? [{ cluster, ...one }] : [];
      })
      .sort((a, b) => a.taken.length - b.taken.length || (a.cluster.slug < b.cluster.slug ? -1 : 1))[0];
    if (!found) {
      this.cannotPreempt.add(key);
      return null;
    }
    return this.stop(run, found);
  }

  private takeableOn(cluster: ClusterSnapshot): Map<string, LiveHold[]> {
    let known = this.takeable.get(cluster.id);
    if (!known) this.takeable.set(cluster.id, (known = takeableByNode(cluster)));
    return known;
  }

  private stop(run: Waiting, { cluster: open, taken, nodeNames }: { cluster: ClusterSnapshot } & NonNullable<ReturnType<typeof victimsOn>>): string {
    const cluster = this.future.find(({ id }) => id === open.id)!; // what goes may also be on nodes that are not open to the run
    for (const one of taken) {
      const { hold } = one;
      this.result.victims.push(victimOf(run, cluster.id, one));
      release(cluster, hold);
      cluster.live.splice(cluster.live.indexOf(hold), 1); // nobody takes it twice
      const kind = kindOn(cluster.nodes.find((node) => node.name === hold.nodeNames[0]), hold.gpuModel ?? null);
      if (kind && hold.gpus > 0) this.book.add({ teamId: hold.claim!.teamId, projectId: hold.claim!.projectId, gpus: hold.gpus * hold.nodeNames.length, firm: false }, kind, -1);
    }
    this.takeable.delete(cluster.id);
    this.hold(run, { clusterId: cluster.id, nodeNames, accelerators: [] }, this.future);
    this.promisesMade = true;
    this.refused.clear();
    return `${plural(taken.length, "run")} ${taken.length === 1 ? "is" : "are"} asked to save a checkpoint and give way to it.`;
  }
}
