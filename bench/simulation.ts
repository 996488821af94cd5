import { copySnapshot, release, take, type ClusterSnapshot, type LiveHold } from "../domain/agents/placement.ts";
import { RunSpec } from "../domain/experiments/run-spec.ts";
import { decayed, type TeamShare } from "../domain/queue/fair-share.ts";
import type { Waiting } from "../domain/queue/order.ts";
import { placePass } from "../domain/queue/pass.ts";
import type { QueuePolicy } from "../domain/queue/policy.ts";

/** One job of a trace. Times in seconds. */
export interface Job {
  id: string;
  team: string;
  submitted: number;
  seconds: number;
  gpus: number;
  /** What its user said that it may take at most; backfill of the baselines needs it. */
  limit: number;
}

/** How one contender schedules. `rank`: runs in this order instead of by age, the smaller first. */
export interface Contender {
  name: string;
  policy: QueuePolicy;
  preemptible: boolean;
  /** Does it know the users' limits? */
  limits: boolean;
  rank?: (job: Job) => number;
}

export interface Outcome {
  /** Submit to end, per job, seconds. */
  completion: number[];
  /** GPU-seconds of work over GPU-seconds there were, until the last submit. */
  utilization: number;
  /** Jain's index over the teams' mean slowdowns: 1 is equal. */
  fairness: number;
  preemptions: number;
  /** Milliseconds that the longest pass took. */
  longestPass: number;
}

/** What a preemption costs its run: the checkpoint, and loading it again. */
export const PREEMPT_SECONDS = 60;
/** The scheduler looks again this often where nothing else wakes it. */
const TICK = 60;

interface Going {
  job: Job;
  hold: LiveHold;
  cluster: ClusterSnapshot;
  since: number;
  /** Seconds of work that it still had when it started here, with what starting again costs. */
  left: number;
  overhead: number;
}

/** Plays the jobs through the functions that production places with. Every start, stop and end is an event of its own. */
export function simulate(jobs: readonly Job[], clusters: readonly ClusterSnapshot[], contender: Contender): Outcome {
  return new Simulation(jobs, clusters, contender).run();
}

class Simulation {
  private readonly clusters: ClusterSnapshot[];
  private readonly waiting = new Map<string, { job: Job; run: Waiting; left: number; restarts: boolean }>();
  private readonly going = new Map<string, Going>();
  private readonly stopping = new Map<string, number>();
  private readonly used = new Map<string, { amount: number; at: number }>();
  private readonly outcome: Outcome = { completion: [], utilization: 0, fairness: 0, preemptions: 0, longestPass: 0 };
  private readonly slowdowns = new Map<string, number[]>();
  private now = 0;
  private work = 0;
  private readonly jobs: readonly Job[];
  private readonly contender: Contender;

  constructor(jobs: readonly Job[], clusters: readonly ClusterSnapshot[], contender: Contender) {
    this.jobs = [...jobs].sort((a, b) => a.submitted - b.submitted);
    this.contender = contender;
    this.clusters = clusters.map(copySnapshot);
  }

  run(): Outcome {
    let next = 0;
    const last = this.jobs.at(-1)!.submitted;
    const gpus = this.clusters.flatMap((one) => one.nodes).reduce((sum, node) => sum + node.accelerators.length, 0);
    while (next < this.jobs.length || this.waiting.size > 0 || this.going.size > 0) {
      this.now = Math.min(next < this.jobs.length ? this.jobs[next]!.submitted : Infinity, this.nextChange());
      while (next < this.jobs.length && this.jobs[next]!.submitted <= this.now) this.submit(this.jobs[next++]!);
      this.endOrStop(last);
      this.pass();
    }
    this.outcome.utilization = this.work / (gpus * last);
    const means = [...this.slowdowns.values()].map((all) => all.reduce((sum, one) => sum + one, 0) / all.length);
    this.outcome.fairness = means.reduce((sum, one) => sum + one, 0) ** 2 / (means.length * means.reduce((sum, one) => sum + one * one, 0));
    return this.outcome;
  }

  private nextChange(): number {
    let at = this.waiting.size > 0 && this.contender.policy.turns && this.going.size > 0 ? this.now + TICK : Infinity;
    for (const [id, one] of this.going) at = Math.min(at, this.stopping.get(id) ?? Infinity, one.since + one.overhead + one.left);
    return at;
  }

  private submit(job: Job): void {
    const spec = RunSpec.parse({ name: job.id, project: "p", command: "true", preemptible: this.contender.preemptible, resources: { cpus: 0.1, memory: 16, gpus: job.gpus > 8 ? 8 : job.gpus, nodes: Math.ceil(job.gpus / 8) }, ...(this.contender.limits ? { maxDuration: Math.max(60, Math.ceil(job.limit)) } : {}) });
    const queuedAt = this.contender.rank ? this.contender.rank(job) * 1000 : job.submitted * 1000;
    this.waiting.set(job.id, { job, left: job.seconds, restarts: false, run: { id: job.id, name: job.id, spec, teamId: job.team, projectId: job.team, ownerId: job.team, gpus: job.gpus, priority: 50, queuedAt, attained: 0 } });
  }

  private attained(one: Going): number {
    return (one.job.seconds - one.left + Math.max(0, this.now - one.since - one.overhead)) * one.job.gpus;
  }

  private endOrStop(last: number): void {
    for (const [id, one] of this.going) {
      const endsAt = one.since + one.overhead + one.left;
      const stopsAt = this.stopping.get(id);
      if (endsAt <= this.now + 1e-6) this.leave(id, one, last, null);
      else if (stopsAt !== undefined && stopsAt <= this.now + 1e-6) this.leave(id, one, last, Math.min(one.left, Math.max(0, one.left - (stopsAt - one.since - one.overhead))));
    }
  }

  /** `left` null: it ended. */
  private leave(id: string, one: Going, last: number, left: number | null): void {
    release(one.cluster, one.hold);
    one.cluster.live.splice(one.cluster.live.indexOf(one.hold), 1);
    this.going.delete(id);
    this.stopping.delete(id);
    const done = left === null ? one.left : one.left - left;
    this.work += (Math.max(0, Math.min(last, this.now) - one.since) * one.job.gpus);
    this.charge(one.job, done);
    if (left === null) {
      const took = this.now - one.job.submitted;
      this.outcome.completion.push(took);
      this.slowdowns.set(one.job.team, [...(this.slowdowns.get(one.job.team) ?? []), took / Math.max(600, one.job.seconds)]);
      return;
    }
    this.submit(one.job);
    const again = this.waiting.get(id)!;
    again.left = left;
    again.restarts = true;
    again.run.attained = (one.job.seconds - left) * one.job.gpus;
  }

  private charge(job: Job, seconds: number): void {
    const known = this.used.get(job.team);
    const before = known ? decayed(known.amount, this.now - known.at, this.contender.policy.halfLifeHours) : 0;
    this.used.set(job.team, { amount: before + seconds * job.gpus, at: this.now });
  }

  private pass(): void {
    if (this.waiting.size === 0) return;
    for (const [id, one] of this.going) {
      const claim = one.hold.claim!;
      claim.attained = this.attained(one);
      claim.stopping = this.stopping.has(id);
    }
    const shares = new Map<string, TeamShare>([...this.used].map(([teamId, { amount, at }]) => [teamId, { teamId, weight: 1, used: decayed(amount, this.now - at, this.contender.policy.halfLifeHours) }]));
    const begin = performance.now();
    const { placed, victims } = placePass({ queue: [...this.waiting.values()].map(({ run }) => run), clusters: this.clusters, now: this.now * 1000, policy: this.contender.policy, quotas: [], shares });
    this.outcome.longestPass = Math.max(this.outcome.longestPass, performance.now() - begin);
    for (const choice of placed) this.start(choice.runId, choice);
    for (const { runId } of victims) this.stopping.set(runId, this.now + PREEMPT_SECONDS / 2);
    this.outcome.preemptions += victims.length;
  }

  private start(id: string, choice: { clusterId: string; nodeNames: string[]; accelerators: number[] }): void {
    const { job, run, left, restarts } = this.waiting.get(id)!;
    const cluster = this.clusters.find((one) => one.id === choice.clusterId)!;
    const { cpus, memory, gpus } = run.spec.resources;
    const endsBy = run.spec.maxDuration === null ? null : (this.now + run.spec.maxDuration) * 1000;
    take(cluster, choice, { runId: id, runName: id, cpus, memoryMib: memory, gpus, endsBy, claim: { attemptId: id, teamId: job.team, projectId: job.team, ownerId: job.team, priority: 50, preemptible: run.spec.preemptible, startedAt: this.now * 1000, attained: run.attained, stopping: false, expectedEndsBy: null } });
    this.going.set(id, { job, hold: cluster.live.at(-1)!, cluster, since: this.now, left, overhead: restarts ? PREEMPT_SECONDS / 2 : 0 });
    this.waiting.delete(id);
  }
}
