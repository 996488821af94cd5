import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { STORED, type StoredBatch, unpackRow } from "../server/experiments/metrics/rows.ts";
import { ARTIFACT, expectedOutput, type Job } from "./job.ts";
import { pidsWithEnv } from "./processes.ts";
import type { Stack } from "./stack.ts";

interface AttemptRow {
  id: string;
  number: number;
  status: string;
  outcome: string | null;
  failureClass: string | null;
  exitCode: number | null;
  evidence: unknown;
}

async function download(stack: Stack, attemptId: string, stream: string): Promise<string> {
  const response = await fetch(`${stack.url}/api/attempts/${attemptId}/log?stream=${stream}`, { headers: { authorization: `Bearer ${stack.token}` } });
  if (!response.ok) throw new Error(`The log of ${attemptId} answered ${response.status}.`);
  return response.text();
}

/** The job's shell says so itself where its `sleep` is stopped a moment before it is: the job's own words, and faithfully kept. */
const LAST_WORD = /(?:Terminated|Killed)\n$/;

/** Both streams of one attempt: complete when the job ran to its end, else an unbroken beginning of it. */
async function checkLogs(stack: Stack, job: Job, attempt: AttemptRow, complete: boolean): Promise<string[]> {
  const expected = expectedOutput(job);
  const found: string[] = [];
  for (const stream of ["stdout", "stderr"] as const) {
    const stored = await download(stack, attempt.id, stream);
    const fits = complete ? stored === expected[stream] : expected[stream].startsWith(stored.replace(LAST_WORD, ""));
    if (!fits) found.push(`${job.name} attempt ${attempt.number}: ${stream} holds ${stored.length} of ${expected[stream].length} bytes, ${complete ? "not the same" : "not a beginning"} of what was written`);
  }
  return found;
}

/** Each point once, each with its own value; all of them when the job ran to its end. */
async function checkMetrics(stack: Stack, job: Job, attempt: AttemptRow, complete: boolean): Promise<string[]> {
  const rows = await stack.sql<Pick<StoredBatch, "steps" | "times" | "values" | "body">[]>`select ${stack.sql.unsafe(STORED)} from metric_batches where attempt_id = ${attempt.id}`;
  const points = rows.map(unpackRow).flatMap(({ steps, values }) => Array.from(values, (value, at) => ({ step: Number(steps[at]), value }))).sort((a, b) => a.step - b.step);
  const steps = points.map((point) => point.step);
  const expected = expectedOutput(job).steps;
  const found: string[] = [];
  if (new Set(steps).size !== steps.length) found.push(`${job.name} attempt ${attempt.number}: a metric point is stored twice`);
  if (complete ? steps.length !== expected.length : steps.some((step, at) => step !== expected[at])) {
    found.push(`${job.name} attempt ${attempt.number}: ${steps.length} of ${expected.length} metric points are stored`);
  }
  if (points.some((point) => point.value !== point.step + 0.5)) found.push(`${job.name}: a metric value is wrong`);
  return found;
}

const LIFE_SLACK_MS = 1_500; // a shell starts and ends around what the job itself can see, on a busy machine
/** An end that nobody measured, since its wrapper was killed, is placed at the last sign of life: a line or a look earlier. */
const MISSED_MS = { measured: 20, inferred: LIFE_SLACK_MS };

/** How long the attempt's wrapper was made to stand still (faults.ts). */
function stillMs(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").reduce((sum, line) => sum + Number(line), 0) : 0;
}

/** What an attempt is charged for is what it lived: no second lost, none counted twice. The job measured itself. */
async function checkUsage(stack: Stack, job: Job, attempt: AttemptRow): Promise<string[]> {
  const [usage] = await stack.sql<{ open: boolean; life: number; held: number; overlaps: number; inferred: boolean }[]>`
    select m.closed_at is null as open, exists (select 1 from usage_intervals i where i.attempt_id = m.attempt_id and i.evidence <> 'measured') as inferred, (extract(epoch from m.closed_at - m.opened_at) * 1000)::float8 as life,
      (select coalesce(sum(extract(epoch from until_at - from_at) * 1000), 0)::float8 from usage_intervals i where i.attempt_id = m.attempt_id and kind = 'cpu') as held,
      (select count(*)::int from usage_intervals a join usage_intervals b on a.attempt_id = b.attempt_id and a.kind = b.kind and a.id < b.id and a.device is not distinct from b.device
        and tstzrange(a.from_at, a.until_at) && tstzrange(b.from_at, b.until_at) where a.attempt_id = m.attempt_id) as overlaps
    from usage_meters m where m.attempt_id = ${attempt.id} and m.opened_at is not null`;
  const read = (end: string) => join(stack.folder, "lives", `${attempt.id}.${end}`);
  if (!usage) return existsSync(read("start")) ? [`${job.name} attempt ${attempt.number}: it ran and nothing of it was metered`] : [];
  const found: string[] = [];
  const say = (text: string) => found.push(`${job.name} attempt ${attempt.number}: ${text}`);
  if (usage.open) say("it ended and its usage is still open");
  if (usage.overlaps > 0) say("seconds are counted twice");
  if (Math.abs(usage.held - usage.life) > 1) say(`${usage.held} ms are metered of a life of ${usage.life} ms`);
  if (!existsSync(read("end"))) return found;
  const [start, end] = ["start", "end"].map((name) => Number(readFileSync(read(name), "utf8")) * 1000);
  const lived = end! - start!;
  if (usage.life < lived - MISSED_MS[usage.inferred ? "inferred" : "measured"] || usage.life > lived + LIFE_SLACK_MS + stillMs(read("still"))) say(`${usage.life} ms are metered${usage.inferred ? " by inference" : ""}, it measured ${lived} ms itself`);
  return found;
}

async function checkRun(stack: Stack, job: Job, runId: string): Promise<string[]> {
  const [run] = await stack.sql<{ status: string; failureClass: string | null }[]>`select status, failure_class as "failureClass" from runs where id = ${runId}`;
  const attempts = await stack.sql<AttemptRow[]>`
    select id, number, status, outcome, failure_class as "failureClass", exit_code as "exitCode", evidence from attempts where run_id = ${runId} order by number`;
  const found: string[] = [];
  const say = (text: string) => found.push(`${job.name}: ${text}`);
  const last = attempts.at(-1);
  if (attempts.some((attempt) => !["ended", "lost"].includes(attempt.status))) say("an attempt is still live");
  if (job.onLostContact === "hold" && attempts.some((attempt) => attempt.status === "lost")) say("it was to wait for its agent, and an attempt was given up");
  if (attempts.filter((attempt) => attempt.outcome === "succeeded").length > 1) say("two attempts succeeded");
  if (run?.status === "succeeded" && last?.outcome !== "succeeded") say(`the run succeeded but its last attempt is ${last?.outcome}`);
  if (["cancelled", "stubborn"].includes(job.kind) && run?.status === "succeeded") say("it was cancelled but succeeded");
  if (job.kind === "fails" && run?.status !== "failed") say(`it exits ${job.exitCode} but is ${run?.status}`);
  if (last?.failureClass === "user_code" && last.exitCode !== job.exitCode) say(`it exits ${job.exitCode} but ended otherwise: ${JSON.stringify(last.evidence)}`);
  if (["steady", "burst", "long-line", "children"].includes(job.kind) && run?.status !== "succeeded" && !["platform", "hardware", "preempted"].includes(run?.failureClass ?? "")) {
    say(`it should have succeeded but is ${run?.status} (${run?.failureClass})`);
  }
  const ends = await stack.sql`select count(*)::int as n from run_events where run_id = ${runId} and kind = 'run.ended'`;
  if (ends[0]!.n !== 1) say(`its timeline has ${ends[0]!.n} ends`);
  if (run?.status === "succeeded") found.push(...(await checkArtifact(stack, job, runId)));
  for (const attempt of attempts.filter((row) => row.status === "ended")) {
    const complete = attempt.outcome === "succeeded" || attempt.failureClass === "user_code";
    found.push(...(await checkUsage(stack, job, attempt)), ...(await checkLogs(stack, job, attempt, complete)), ...(await checkMetrics(stack, job, attempt, complete)));
  }
  for (const attempt of attempts.filter((row) => row.status === "lost")) found.push(...(await checkGivenUp(stack, job, attempt)));
  return found;
}

/** A request that had looked at the fence while the attempt was being given up is let through: for as long as both may take. */
const UNDER_WAY = "2 seconds";

/** Whatever its process went on to write, nothing of it was taken after it had been given up; what was taken before is unbroken. */
async function checkGivenUp(stack: Stack, job: Job, attempt: AttemptRow): Promise<string[]> {
  const [late] = await stack.sql<{ events: number; chunks: number; outcome: string | null }[]>`
    select (select count(*)::int from run_events e where e.attempt_id = a.id and e.kind <> 'attempt.lost' and e.at > l.at + ${UNDER_WAY}::interval) as events,
           (select count(*)::int from log_chunks c where c.attempt_id = a.id and c.at > l.at + ${UNDER_WAY}::interval) as chunks, a.outcome
    from attempts a join run_events l on l.attempt_id = a.id and l.kind = 'attempt.lost' where a.id = ${attempt.id}`;
  const found = [...(await checkLogs(stack, job, attempt, false)), ...(await checkMetrics(stack, job, attempt, false))];
  const say = (text: string) => found.push(`${job.name} attempt ${attempt.number}: ${text}`);
  if (!late) say("it was given up and its timeline does not say so");
  else if (late.outcome !== null) say(`it was given up and still ended as ${late.outcome}`);
  else if (late.events > 0 || late.chunks > 0) say(`${late.events} events and ${late.chunks} pieces of its log were taken after it had been given up`);
  return found;
}

/** A run that succeeded left its artifact, once, with the bytes that it wrote. */
async function checkArtifact(stack: Stack, job: Job, runId: string): Promise<string[]> {
  const kept = (await stack.api.experiments.artifacts.query({ id: runId })).filter((file) => file.path === ARTIFACT);
  if (kept.length === 0) return [`${job.name}: its artifact is missing`];
  const response = await fetch(`${stack.url}/api/artifacts/${kept.at(-1)!.id}?download=1`, { headers: { authorization: `Bearer ${stack.token}` } });
  const text = await response.text();
  return text === `${runId}\n` ? [] : [`${job.name}: its artifact holds ${JSON.stringify(text.slice(0, 80))}`];
}

/** Everything that is wrong after a trial; empty when all promises held. */
export async function verify(stack: Stack, runs: Map<string, Job>): Promise<string[]> {
  const found: string[] = [];
  for (const [runId, job] of runs) found.push(...(await checkRun(stack, job, runId)));
  for (const attempt of readdirSync(join(stack.folder, "doubles"))) found.push(`attempt ${attempt} was started twice`);
  const ids = [...runs.keys()];
  const [submits] = await stack.sql`select count(*)::int as n, count(distinct target_id)::int as runs from audit_log where action = 'run.submit' and target_id = any(${ids})`;
  if (submits!.n !== ids.length || submits!.runs !== ids.length) found.push(`${ids.length} runs have ${submits!.n} audit entries for their submission`);
  const [holds] = await stack.sql`select count(*)::int as n from budget_holds where run_id = any(${ids})`;
  if (holds!.n !== ids.length) found.push(`${ids.length} runs have ${holds!.n} holds on the budget`);
  const left = pidsWithEnv(...ids.map((id) => `DROVER_RUN_ID=${id}`));
  if (left.length > 0) found.push(`processes are left: ${left.join(", ")}`);
  return found;
}
