import type { FailureClass } from "../../domain/experiments/failure.ts";
import { RunSpec } from "../../domain/experiments/run-spec.ts";
import type { Db } from "../client.ts";
import { attempts, experiments, logHeads, metricBatches, metricSummaries, runEvents, runParams, runs, runTags } from "../schema/experiments.ts";
import { seedUsage } from "./costs.ts";
import type { Dice } from "./dice.ts";
import { insertAll } from "./insert-all.ts";
import { type Measured, metricsOf } from "./metrics.ts";
import { Room } from "./room.ts";

const DAY = 86_400_000;
const MINUTE = 60_000;
const WORK = {
  detector: ["yolo-coco", "anchor-free", "night-finetune"],
  segmentation: ["unet-tiles", "mask-refine"],
  "base-models": ["tiny-1b", "tokenizer-ablation", "long-context"],
  alignment: ["sft-mix", "dpo-beta", "reward-head"],
  recognition: ["conformer", "noise-aug"],
} as const;
/** The project whose programs log ten metrics each. */
const THOROUGH = "base-models";
const ENDS = { succeeded: 82, failed: 12, cancelled: 6 } as const;
/** Parts of the memory asked for that runs used at their peak. */
const PEAKS = [0.2, 0.31, 0.26, 0.38, 0.34];
/** One run in so many asks for all cores of its node. */
const HUNGRY = 12;
/** Ms for which people wait for room before they go elsewhere or ask for less. */
const PATIENCE = 12 * 60 * MINUTE;
const FAILURES = { user_code: 55, oom: 25, timeout: 8, preempted: 5, hardware: 5, config: 2 } as const;
const WHY: Record<string, string> = {
  user_code: "The command ended with exit code 1.",
  oom: "The process used more memory than it may and was killed.",
  timeout: "The run reached its maximum duration.",
  preempted: "The scheduler took the resources for other work.",
  hardware: "An accelerator failed.",
  config: "The run could not be set up as it was asked for.",
};

export interface Setting {
  orgId: string;
  projects: readonly { id: string; slug: string }[];
  clusters: readonly { id: string; nodeNames: string[]; gpus: number; cpus: number; model: string }[];
  workers: readonly { id: string; name: string }[];
}

type Made = { run: typeof runs.$inferInsert & { id: string }; attempt: typeof attempts.$inferInsert & { id: string }; endedAt: number; startedAt: number; owner: string; devices: number[]; model: string; use: number | null; params: { learning_rate: number; batch_size: number; seed: number }; isThorough: boolean };

/** Submits over `days`: more on working days, more of late, as a growing team does. */
export async function seedHistory(db: Db, dice: Dice, setting: Setting, options: { runs: number; days: number; now: number }): Promise<void> {
  const groups = await seedExperiments(db, dice, setting, options.now - options.days * DAY);
  const rooms = new Map(setting.clusters.map(({ id, nodeNames, gpus }) => [id, new Room(nodeNames, gpus)]));
  const latest = options.now - 3 * 60 * MINUTE; // whoever waited for room has then started, and has ended
  const moments = Array.from({ length: options.runs }, () => latest - options.days * DAY * dice.next() ** 1.2)
    .map((at) => (new Date(at).getUTCDay() % 6 === 0 && dice.next() < 0.6 ? at - DAY * 2 : at))
    .sort((a, b) => a - b);
  for (let from = 0; from < moments.length; from += 250) {
    const made = moments.slice(from, from + 250).map((at, place) => makeRun(dice, setting, { groups, rooms, now: options.now }, at, from + place));
    await insertRuns(db, dice, made, from + 600 > moments.length ? 400 : 40);
  }
}

/** What hangs on runs goes in together: the database stores one table while the next one's rows are written out. */
async function insertRuns(db: Db, dice: Dice, made: readonly Made[], points: number): Promise<void> {
  await insertAll(db, runs, made.map(({ run }) => run));
  await insertAll(db, attempts, made.map(({ attempt }) => attempt));
  const logged = made.filter(({ run }) => run.status !== "cancelled").map((one) => metricsOf(dice, measuredOf(one, points)));
  await Promise.all([
    seedUsage(db, dice, made.map(meteredOf)),
    insertAll(db, logHeads, made.map(({ attempt }) => ({ attemptId: attempt.id }))),
    insertAll(db, runParams, made.flatMap(({ run, params }) => Object.entries(params).map(([key, value]) => ({ runId: run.id, key, value: String(value), experimentId: run.experimentId })))),
    insertAll(db, runTags, made.map(({ run }) => ({ runId: run.id, key: "seed", value: String(dice.int(1, 5)) }))),
    insertAll(db, runEvents, made.flatMap((one) => eventsOf(dice, one))),
    insertAll(db, metricBatches, logged.flatMap(({ batches }) => batches)),
    insertAll(db, metricSummaries, logged.flatMap(({ summaries }) => summaries)),
  ]);
}

async function seedExperiments(db: Db, dice: Dice, { orgId, projects }: Setting, at: number) {
  const rows = projects.flatMap((project) => (WORK[project.slug as keyof typeof WORK] ?? ["default"]).map((name) => ({ id: dice.id("experiment", at), orgId, projectId: project.id, name })));
  await db.insert(experiments).values(rows);
  return rows.map((row) => ({ ...row, slug: projects.find(({ id }) => id === row.projectId)!.slug }));
}

const meteredOf = ({ run, attempt, startedAt, endedAt, devices, model, use }: Made) => ({ id: attempt.id, orgId: run.orgId, runId: run.id, clusterId: attempt.clusterId, node: attempt.nodeNames![0]!, model, devices, cpus: attempt.cpus, memoryMib: attempt.memoryMib, from: startedAt, to: endedAt, use });

/** Thousandths of its accelerators that a run used: most keep them busy, some hold them for nothing, some nobody measured. */
const usedBy = (place: number): number | null => (place % 13 === 0 ? null : place % 17 === 0 ? 12 : 420 + ((place * 137) % 540));

const measuredOf = ({ run, attempt, startedAt, endedAt, params, isThorough }: Made, points: number): Measured => ({ runId: run.id, experimentId: run.experimentId, attemptId: attempt.id, startedAt, endedAt, rate: params.learning_rate, batchSize: params.batch_size, gpus: run.gpus, isThorough, points });

interface World {
  groups: Awaited<ReturnType<typeof seedExperiments>>;
  rooms: ReadonlyMap<string, Room>;
  now: number;
}

function makeRun(dice: Dice, { orgId, clusters, workers }: Setting, { groups, rooms, now }: World, at: number, place: number): Made {
  const group = dice.pick(groups);
  const drawn = dice.pick(clusters);
  const owner = dice.pick(workers);
  const asked = Math.round(at + dice.between(0.2, 40) * MINUTE);
  const isIn = (gpus: number, of: { id: string }) => rooms.get(of.id)!.earliest(gpus, asked) < Math.min(asked + PATIENCE, now - 10 * MINUTE);
  const cluster = isIn(1, drawn) ? drawn : (clusters.find((one) => isIn(1, one)) ?? drawn); // whoever would wait for long went elsewhere
  const room = rooms.get(cluster.id)!;
  const wish = dice.pick([1, 1, 2, 4, cluster.gpus, cluster.gpus]);
  const gpus = isIn(wish, cluster) ? wish : 1; // or asked for less
  const isHungry = place % HUNGRY === 0 && gpus < cluster.gpus && isIn(cluster.gpus, cluster); // decodes on all cores of its node, so that nobody else gets the accelerators beside its own
  const rate = dice.pick([0.0001, 0.0003, 0.001, 0.003]);
  const params = { learning_rate: rate, batch_size: dice.pick([16, 32, 64, 128]), seed: dice.int(1, 5) };
  const spec = RunSpec.parse({
    name: `${group.name}-${String(place + 1).padStart(5, "0")}`, project: group.slug, experiment: group.name, command: `python train.py --lr ${rate}`,
    params, resources: { cpus: isHungry ? cluster.cpus : gpus * 6, memory: gpus * 32_768, gpus }, maxDuration: "6d",
  });
  const wanted = Math.round(dice.between(3, 85) ** 2 * MINUTE);
  const { node, devices: taken, startedAt, endedAt } = room.take(isHungry ? cluster.gpus : gpus, asked, wanted, now - (10 + (place % 50)) * MINUTE);
  const devices = taken.slice(0, gpus);
  const status = dice.weighted(ENDS);
  const failureClass: FailureClass | null = status === "failed" ? dice.weighted(FAILURES) : status === "cancelled" ? "cancelled" : null;
  const reason = status === "succeeded" ? "The command ended with exit code 0." : status === "cancelled" ? `Cancelled by ${owner.name}.` : WHY[failureClass!]!;
  const evidence = failureClass ? { exitCode: failureClass === "user_code" ? 1 : null, signal: failureClass === "oom" ? "SIGKILL" : null, detail: reason } : null;
  const held = { cpus: spec.resources.cpus, memoryMib: spec.resources.memory, gpus, nodes: 1 };
  const id = dice.id("run", at);
  const times = { startedAt: new Date(startedAt), endedAt: new Date(endedAt) };
  return {
    startedAt, endedAt, owner: owner.name, devices, model: cluster.model, use: usedBy(place), params, isThorough: group.slug === THOROUGH,
    run: {
      id, orgId, projectId: group.projectId, experimentId: group.id, name: spec.name, status, statusSince: new Date(endedAt), statusReason: reason, failureClass, evidence, spec, priority: 50,
      queuedAt: new Date(at), createdAt: new Date(at), updatedAt: new Date(endedAt), ownerType: "user", ownerId: owner.id, clusterId: cluster.id, attemptCount: 1, ...held, ...times,
    },
    attempt: {
      id: dice.id("attempt", startedAt), orgId, runId: id, clusterId: cluster.id, number: 1, status: "ended", outcome: status, leaseUntil: new Date(endedAt), nodeNames: [node], ...held,
      acceleratorIndexes: devices, peakMemoryMib: Math.round(spec.resources.memory * PEAKS[place % PEAKS.length]!), exitCode: evidence?.exitCode ?? (status === "succeeded" ? 0 : null), signal: evidence?.signal ?? null, failureClass, evidence, assignedAt: new Date(at), drainedAt: new Date(endedAt), ...times,
    },
  };
}

function eventsOf(dice: Dice, { run, attempt, startedAt, endedAt, owner }: Made) {
  const event = (kind: string, at: number, actor: string, message: string, attemptId?: string) => ({ id: dice.id("runEvent", at), orgId: run.orgId, runId: run.id, attemptId: attemptId ?? null, at: new Date(at), kind, actor, message });
  return [
    event("run.submitted", run.createdAt!.getTime(), owner, "Submitted."),
    event("attempt.running", startedAt, "agent", `Attempt 1 runs on ${attempt.nodeNames![0]}.`, attempt.id),
    event("run.ended", endedAt, "agent", run.statusReason!, attempt.id),
  ];
}
