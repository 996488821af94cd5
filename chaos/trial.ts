import { type Dice, dice as makeDice } from "./dice.ts";
import { type Fault, nextFault } from "./faults.ts";
import { uploadCode } from "./code.ts";
import { ARTIFACT, type Job, jobOf, script } from "./job.ts";
import { until } from "./processes.ts";
import type { Stack } from "./stack.ts";
import { verify } from "./verify.ts";

const CONVERGE_SECONDS = 90;
const MIN_FAULTS = 5;
const MAX_FAULTS = 14;

/** Where a trial takes place: what strikes there, and how all of it is made whole again. */
export interface Grounds {
  /** The cluster that runs are for, as specs name it; null: whichever has room. */
  cluster: string | null;
  memoryMib: number;
  runCount: number;
  /** So many are submitted at the same time. */
  together: number;
  /** Some runs ask to start again when their agent falls silent. */
  restarts: boolean;
  /** After the faults, until all has ended and arrived. */
  convergeSeconds: number;
  nextFault: (dice: Dice) => Fault;
  heal: () => Promise<void>;
  /** What is wrong there when all has ended; empty where nothing is. */
  inspect: () => Promise<string[]>;
}

/** The stack's own cluster, of processes. */
export const processGrounds = (stack: Stack, runCount: number): Grounds => ({ cluster: null, memoryMib: 16, runCount, together: 1, restarts: true, convergeSeconds: CONVERGE_SECONDS, nextFault: (dice) => nextFault(stack, dice), heal: async () => stack.proxy.heal(), inspect: async () => [] });

/** Submit with a key until the server says yes: under faults an answer may be lost, the run must not be doubled. */
export async function submit(stack: Stack, job: Job, { cluster, memoryMib }: Pick<Grounds, "cluster" | "memoryMib"> = { cluster: null, memoryMib: 16 }): Promise<string> {
  const code = job.code ? await until("the upload of the code", () => uploadCode(stack), CONVERGE_SECONDS) : null;
  const spec = {
    code,
    artifacts: [ARTIFACT],
    name: job.name,
    project: "default",
    command: script(job),
    env: { CHAOS_DIR: stack.folder },
    ...(cluster === null ? {} : { cluster }),
    resources: { cpus: 0.1, memory: memoryMib },
    retry: { max: 3, on: ["platform" as const, "hardware" as const, "preempted" as const] }, // a controller that lost a job ends it where it finds it
    onLostContact: job.onLostContact,
    checkpoint: { graceSeconds: 1 },
  };
  return until(`the submission of ${job.name}`, async () => (await stack.api.experiments.submit.mutate({ spec, idempotencyKey: job.name })).id, CONVERGE_SECONDS);
}

export async function cancel(stack: Stack, runId: string): Promise<void> {
  await until(`the cancelling of ${runId}`, async () => {
    const { status } = await stack.api.experiments.get.query({ id: runId });
    if (["cancelling", "cancelled", "succeeded", "failed"].includes(status)) return true;
    await stack.api.experiments.cancel.mutate({ id: runId });
    return true;
  }, CONVERGE_SECONDS);
}

/** All runs have ended and everything they wrote has arrived. */
export async function converge(stack: Stack, runIds: string[], seconds = CONVERGE_SECONDS): Promise<void> {
  await until("every run to end and drain, and its hold to be let go", async () => {
    const [open] = await stack.sql`
      select (select count(*) from runs where id = any(${runIds}) and status not in ('succeeded', 'failed', 'cancelled'))::int as runs,
             (select count(*) from attempts where run_id = any(${runIds}) and status = 'ended' and drained_at is null)::int as attempts,
             (select count(*) from budget_holds where run_id = any(${runIds}) and released_at is null)::int as holds`;
    if (open!.runs === 0 && open!.attempts === 0 && open!.holds === 0) return true;
    throw new Error(`${open!.runs} runs are open, ${open!.attempts} attempts are not drained, ${open!.holds} holds are not let go`);
  }, seconds);
}

export interface TrialResult {
  trial: number;
  seed: number;
  faults: string[];
  problems: string[];
  seconds: number;
  /** Seconds from the end of the faults until everything had ended and arrived. */
  healing: number;
  /** What was checked: runs by status, attempts, log bytes and metric points. */
  checked: string;
}

/** One trial: runs are submitted while faults strike; then all is healed and every promise is checked. */
export async function runTrial(stack: Stack, trial: number, seed: number, grounds: Grounds): Promise<TrialResult> {
  const begun = performance.now();
  const dice = makeDice(seed);
  const faults: string[] = [];
  const runs = new Map<string, Job>();
  const problems: string[] = [];
  let striking = true;
  let healed = begun;
  let healing = 0;
  const strikes = (async () => {
    const under: Promise<void>[] = []; // faults overlap, as they do in life
    const count = dice.int(MIN_FAULTS, MAX_FAULTS);
    while (striking && faults.length < count) {
      await new Promise((resolve) => setTimeout(resolve, dice.int(150, 900)));
      const fault = grounds.nextFault(dice);
      faults.push(fault.says);
      under.push(Promise.resolve(fault.apply(stack)));
    }
    await Promise.all(under);
  })();
  try {
    for (let index = 0; index < grounds.runCount; index += grounds.together) {
      const jobs = Array.from({ length: Math.min(grounds.together, grounds.runCount - index) }, (_, at) => jobOf(index + at, trial, grounds.restarts));
      await Promise.all(jobs.map(async (job) => {
        const id = await submit(stack, job, grounds);
        runs.set(id, job);
        if (job.kind === "cancelled") setTimeout(() => void cancel(stack, id).catch((error: unknown) => problems.push(String(error))), dice.int(0, 3_000));
      }));
    }
    await strikes; // all that the dice gave: how fast the submissions went does not decide how many
    await grounds.heal();
    healed = performance.now();
    await converge(stack, [...runs.keys()], grounds.convergeSeconds);
    healing = (performance.now() - healed) / 1000;
    problems.push(...(await verify(stack, runs)), ...(await grounds.inspect()));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error), ...(await grounds.inspect()));
  } finally {
    striking = false;
  }
  const checked = await summary(stack, [...runs.keys()]).catch((error: unknown) => String(error));
  return { trial, seed, faults, problems, seconds: (performance.now() - begun) / 1000, healing, checked };
}

async function summary(stack: Stack, ids: string[]): Promise<string> {
  const statuses = await stack.sql<{ status: string; n: number }[]>`select status, count(*)::int as n from runs where id = any(${ids}) group by 1 order by 1`;
  const [held] = await stack.sql<{ attempts: number; bytes: number; points: number }[]>`
    select count(*)::int as attempts, coalesce(sum(h.bytes), 0)::float8 as bytes,
           (select coalesce(sum(coalesce(b.points, cardinality(b.steps))), 0)::int from metric_batches b where b.run_id = any(${ids})) as points
    from attempts a left join log_heads h on h.attempt_id = a.id where a.run_id = any(${ids})`;
  return `${statuses.map(({ status, n }) => `${n} ${status}`).join(", ")}; ${held!.attempts} attempts, ${Math.round(held!.bytes / 1000)} kB of log, ${held!.points} points`;
}
