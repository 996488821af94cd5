import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dice, type Dice } from "../chaos/dice.ts";
import type { ClusterSnapshot } from "../domain/agents/placement.ts";
import { placePass } from "../domain/queue/pass.ts";
import { DEFAULT_POLICY } from "../domain/queue/policy.ts";
import { RunSpec } from "../domain/experiments/run-spec.ts";
import { percentile, say } from "./figures.ts";
import { simulate, type Contender, type Job, type Outcome } from "./simulation.ts";
import { readSwf } from "./traces/readers.ts";

// Placement as production does it, played forward on jobs whose durations are heavy-tailed, beside what others would do.

const PASS_GOAL_MS = 100;
const GOAL = 2;
const OFF = { ...DEFAULT_POLICY, fairShare: false, turns: false, preemption: false };
const CONTENDERS: Contender[] = [
  { name: "FIFO + EASY backfill, users' limits", policy: OFF, preemptible: false, limits: true },
  { name: "shortest job first, perfect knowledge", policy: { ...OFF, backfill: true }, preemptible: false, limits: true, rank: (job) => job.seconds },
  { name: "Drover, no durations known", policy: DEFAULT_POLICY, preemptible: true, limits: false },
  { name: "Drover, nothing preemptible", policy: DEFAULT_POLICY, preemptible: false, limits: false },
];

const cluster = (id: string, nodes: number): ClusterSnapshot => ({
  id, slug: id, name: id, region: "local", driver: "slurm", reachable: true, drained: false, live: [],
  capabilities: { driver: "slurm", maxNodes: 1000, launchers: ["none"], git: true, checkpoint: true, overrides: [], memoryLimit: "cgroup" } as ClusterSnapshot["capabilities"],
  nodes: Array.from({ length: nodes }, (_, at) => ({ name: `n${at}`, usable: true, cpus: 128, memoryMib: 1 << 20, freeCpus: 128, freeMemoryMib: 1 << 20, accelerators: Array.from({ length: 8 }, (__, index) => ({ index, model: "NVIDIA H100", free: true, ok: true })) })),
});

/** Most jobs are short and small, most of the work is in a few: lognormal durations, medians as published of training clusters. */
export function generate(count: number, gpus: number, load: number, seed: number): Job[] {
  const roll = dice(seed);
  const jobs = Array.from({ length: count }, (_, at): Job => {
    const size = [1, 1, 1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 16][below(roll, 13)]!;
    const seconds = Math.min(7 * 86_400, Math.max(30, Math.exp(Math.log(900) + 2.2 * normal(roll))));
    return { id: `job_${at}`, team: `team_${Math.floor(5 * unit(roll) ** 2)}`, submitted: 0, seconds, gpus: size, limit: Math.min(14 * 86_400, seconds * (1 + 9 * unit(roll))) };
  });
  const work = jobs.reduce((sum, job) => sum + job.seconds * job.gpus, 0);
  const gap = work / (gpus * load) / count;
  let at = 0;
  for (const job of jobs) job.submitted = at += -gap * Math.log(1 - unit(roll));
  return jobs;
}

const below = (roll: Dice, count: number) => Math.floor(roll.next() * count);
const unit = (roll: Dice) => roll.next();
const normal = (roll: Dice) => Math.sqrt(-2 * Math.log(1 - unit(roll))) * Math.cos(2 * Math.PI * unit(roll));

function compare(title: string, jobs: readonly Job[], clusters: readonly ClusterSnapshot[]): void {
  console.log(`\n${title}: ${jobs.length} jobs`);
  const mean = (outcome: Outcome) => outcome.completion.reduce((sum, one) => sum + one, 0) / outcome.completion.length;
  const outcomes = CONTENDERS.map((contender) => ({ contender, outcome: simulate(jobs, clusters, contender) }));
  const base = mean(outcomes[0]!.outcome);
  const work = jobs.reduce((sum, job) => sum + job.seconds, 0) / jobs.length;
  say("no job ever waits, which nobody can beat: mean completion", work / 60, "min", `${(base / work).toFixed(2)} × better than FIFO`);
  for (const { contender, outcome } of outcomes) {
    if (outcome.completion.length !== jobs.length) throw new Error(`${contender.name} ended ${outcome.completion.length} of ${jobs.length} jobs.`);
    say(`${contender.name}: mean completion`, mean(outcome) / 60, "min", `${(base / mean(outcome)).toFixed(2)} × better than FIFO${contender.limits || !contender.preemptible ? "" : base / work < GOAL ? ` (goal ${GOAL} is out of reach here)` : ` (goal ${GOAL})`}`);
    say("  p99 completion", percentile(outcome.completion, 0.99) / 60, "min", `utilization ${(100 * outcome.utilization).toFixed(0)} %, fairness ${outcome.fairness.toFixed(2)}, ${outcome.preemptions} preemptions`);
  }
}

/** 5,000 waiting and 1,000 running, of many shapes, on 250 nodes of 5 clusters: the decision alone. */
function passSpeed(): void {
  const roll = dice(7);
  const clusters = Array.from({ length: 5 }, (_, at) => cluster(`c${at}`, 50));
  const make = (at: number, gpus: number) => {
    const spec = RunSpec.parse({ name: `r${at}`, project: "p", command: "true", preemptible: below(roll, 2) === 0, priority: [30, 50, 70][below(roll, 3)], maxDuration: [null, 3600, 86_400][below(roll, 3)], resources: { cpus: 1 + below(roll, 8), memory: 1024 * (1 + below(roll, 16)), gpus } });
    return { id: `run_${at}`, name: `r${at}`, spec, teamId: `team_${below(roll, 20)}`, projectId: `prj_${below(roll, 50)}`, ownerId: `usr_${below(roll, 200)}`, gpus, priority: spec.priority, queuedAt: 1e12 + at, attained: below(roll, 200_000) };
  };
  const quotas = Array.from({ length: 20 }, (_, at) => ({ id: `q${at}`, scope: "team" as const, scopeId: `team_${at}`, scopeName: `team ${at}`, model: "H100", guaranteed: 60, borrow: true, limit: null }));
  const first = Array.from({ length: 1000 }, (_, at) => make(at, 2));
  const now = 1e12 + 1e8;
  for (const choice of placePass({ queue: first, clusters, now, policy: DEFAULT_POLICY, quotas: [], shares: new Map() }).placed) {
    const run = first.find(({ id }) => id === choice.runId)!;
    const on = clusters.find(({ id }) => id === choice.clusterId)!;
    const { cpus, memory, gpus } = run.spec.resources;
    const hold = { runId: run.id, runName: run.id, nodeNames: choice.nodeNames, accelerators: choice.accelerators, cpus, memoryMib: memory, gpus, endsBy: below(roll, 2) ? now + 60_000 * below(roll, 600) : null, claim: { attemptId: run.id, teamId: run.teamId, projectId: run.projectId, ownerId: run.ownerId, priority: run.priority, preemptible: run.spec.preemptible, startedAt: now - 3_600_000, attained: run.attained, stopping: false, expectedEndsBy: null } };
    for (const node of on.nodes.filter(({ name }) => hold.nodeNames.includes(name))) {
      node.freeCpus -= cpus;
      node.freeMemoryMib -= memory;
      for (const index of hold.accelerators) node.accelerators[index]!.free = false;
    }
    on.live.push(hold);
  }
  const queue = Array.from({ length: 5000 }, (_, at) => make(10_000 + at, [1, 2, 4, 8][below(roll, 4)]!));
  const running = clusters.reduce((sum, one) => sum + one.live.length, 0);
  const times: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const begin = performance.now();
    placePass({ queue, clusters, now, policy: DEFAULT_POLICY, quotas, shares: new Map() });
    times.push(performance.now() - begin);
  }
  say(`one pass, 5,000 queued, ${running.toLocaleString("en")} running, 20 quotas, p50`, percentile(times.slice(5), 0.5), "ms", `goal < ${PASS_GOAL_MS}: ratio ${(percentile(times.slice(5), 0.5) / PASS_GOAL_MS).toFixed(2)}`);
}

passSpeed();
compare("generated, load 0.85, 8 nodes", generate(1200, 64, 0.85, 1), [cluster("a", 8)]);
compare("generated, load 0.95, two clusters of 4 and 4 nodes", generate(1200, 64, 0.95, 2), [cluster("a", 4), cluster("b", 4)]);
compare("generated, 1.2 times as much as fits, for five days, 8 nodes", generate(1200, 64, 1.2, 1), [cluster("a", 8)]);
compare("generated, twice as much as fits, for three days, 8 nodes", generate(1200, 64, 2, 1), [cluster("a", 8)]);
const trace = readSwf(readFileSync(join(import.meta.dirname, "traces", "training.swf"), "utf8"));
compare("SWF trace bench/traces/training.swf, 8 nodes", trace, [cluster("a", 8)]);
