import { eq, sql } from "drizzle-orm";
import type { AttemptReport } from "../../../agent/protocol/messages.ts";
import { arrayText } from "../../../db/array-text.ts";
import { newId } from "../../../db/schema/columns.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import type { Choice } from "../../../domain/agents/placement.ts";
import { UNTAKEN } from "../../../domain/agents/untaken.ts";
import { classifyExit, type Verdict } from "../../../domain/experiments/classify.ts";
import { decideRetry, retryDelaySeconds } from "../../../domain/experiments/retry-policy.ts";
import { move, TERMINAL } from "../../../domain/experiments/run-status.ts";
import { enqueue } from "../../jobs/queue.ts";
import { endMadeRuns } from "./made-runs.ts";
import { databaseTime, endRun, freed, moveAttemptTo, moveRun, note, requeueRun, type AttemptRecord, type Pair, type RunRecord, type Work, writeEvents } from "./transitions.ts";

const lease = (seconds: number) => databaseTime(sql`now() + make_interval(secs => ${seconds})`);
/** The agent's clock may be wrong: its moment is taken only as far as it lies between what the server knows. */
const between = (after: unknown, at: number) => databaseTime(sql`least(now(), greatest(${after}, to_timestamp(${at}::float8 / 1000)))`);
const startOf = (report: AttemptReport) => (report.startedAt === null ? {} : { startedAt: databaseTime(sql`coalesce(${attempts.startedAt}, ${between(attempts.assignedAt, report.startedAt)})`) });

/** Where its scheduler put it, which may not be where it was placed. */
const placeOf = (report: AttemptReport) => (report.nodes.length > 0 ? { nodeNames: report.nodes } : {});

/** Its lease begins anew: one that ran out while the agent was away would part them again before the next heartbeat. */
const inContact = (leaseSeconds: number) => ({ unreachableSince: null, leaseUntil: lease(leaseSeconds) });

/** Who reports: its cluster's name, and how long it is believed without another word. */
interface Reporter {
  clusterName: string;
  leaseSeconds: number;
}
type Assignable = Pick<RunRecord, "id" | "orgId" | "status" | "attemptCount" | "cpus" | "memoryMib" | "gpus" | "nodes">;

/** Placement's choices become attempts, each with its fence and lease: three statements, however many there are. */
export async function assignRuns(work: Work, placed: { run: Assignable; choice: Choice; milli: number | null; clusterName: string }[], leaseSeconds: number): Promise<void> {
  if (placed.length === 0) return;
  const status = move("queued", "assign");
  for (const { run } of placed) move(run.status, "assign"); // each by the table, though all come from the queue
  const rows = placed.map(({ run, choice, milli }) => ({ ...choice, ...run, nodes: choice.nodeNames.length, milli, attemptId: newId("attempt"), runId: run.id }));
  const column = <Value>(of: (row: (typeof rows)[number]) => Value) => sql.param(rows.map(of));
  const written = Promise.all([
    work.tx.execute(sql`
      insert into attempts (id, org_id, run_id, cluster_id, number, lease_until, node_names, accelerator_indexes, cpus, memory_mib, gpus, nodes, accelerator_milli)
      select id, org_id, run_id, cluster_id, number, ${lease(leaseSeconds)}, node_names::text[], accelerators::int[], cpus, memory_mib, gpus, nodes, milli
      from unnest(${column((row) => row.attemptId)}::text[], ${column((row) => row.orgId)}::text[], ${column((row) => row.runId)}::text[], ${column((row) => row.clusterId)}::text[], ${column((row) => row.attemptCount + 1)}::int[],
        ${column((row) => arrayText(row.nodeNames))}::text[], ${column((row) => arrayText(row.accelerators))}::text[], ${column((row) => row.cpus)}::float8[], ${column((row) => row.memoryMib)}::int[], ${column((row) => row.gpus)}::int[], ${column((row) => row.nodes)}::int[], ${column((row) => row.milli)}::int[])
        as placed (id, org_id, run_id, cluster_id, number, node_names, accelerators, cpus, memory_mib, gpus, nodes, milli)`),
    work.tx.execute(sql`
      update ${runs} set status = ${status}, status_since = now(), status_reason = null, pending = null, not_before = null, failure_class = null, evidence = null, ended_at = null,
        attempt_count = attempt_count + 1, cluster_id = placed.cluster_id, updated_at = now()
      from unnest(${column((row) => row.runId)}::text[], ${column((row) => row.clusterId)}::text[]) as placed (run_id, cluster_id)
      where ${runs.id} = placed.run_id`),
  ]);
  for (const [at, { run, choice, clusterName }] of placed.entries()) {
    const gpus = choice.accelerators.length > 0 ? `, GPU ${choice.accelerators.join(", ")}` : "";
    const fewer = choice.nodeNames.length < run.nodes ? `: on ${choice.nodeNames.length} of at most ${run.nodes} nodes` : "";
    note(work, run, { kind: "attempt.assigned", attemptId: rows[at]!.attemptId, actor: "placement", message: `Placed on ${clusterName} (${choice.nodeNames.slice(0, 4).join(", ")}${choice.nodeNames.length > 4 ? ", …" : ""}${gpus})${fewer}.` });
    work.changes.push({ orgId: run.orgId, topic: "run", id: run.id }, { orgId: run.orgId, topic: "agent-desired", id: choice.clusterId }, { orgId: run.orgId, topic: "cluster", id: choice.clusterId });
  }
  await Promise.all([written, writeEvents(work)]); // the database writes the one while the other is put together
}

/**
 * What an agent saw of one attempt, once: repeats and older reports change nothing.
 * `stale`: its fence is dead, or the attempt ended in another way; the agent must stop that process.
 */
export async function applyReport(work: Work, pair: Pair | undefined, report: AttemptReport, from: Reporter): Promise<"acked" | "stale"> {
  if (!pair || pair.attempt.fence !== BigInt(report.fence) || pair.attempt.status === "lost") return "stale";
  const { attempt } = pair;
  const isEnd = report.state === "exited" || report.state === "refused";
  if (report.seq <= attempt.reportSeq) return "acked";
  if (attempt.status === "ended" && !isEnd) return "stale";
  if (attempt.status !== "ended") {
    if (report.state === "accepted") await accepted(work, pair, report, from);
    else if (report.state === "running") await running(work, pair, report, from);
    else await exited(work, pair, report);
  }
  await seen(work, attempt, report);
  return "acked";
}

/** Whatever the state: how far its reports are, where it runs, and whether everything of it is up. */
async function seen(work: Work, attempt: AttemptRecord, report: AttemptReport): Promise<void> {
  const drains = report.drained && attempt.drainedAt === null && attempt.status === "ended";
  const [row] = await work.tx
    .update(attempts)
    .set({
      reportSeq: report.seq,
      ...placeOf(report),
      ...(report.accelerators.length > 0 ? { acceleratorIndexes: report.accelerators } : {}),
      ...(report.scheduler !== undefined ? { scheduler: report.scheduler } : {}),
      ...(drains ? { drainedAt: databaseTime(sql`now()`) } : {}),
    })
    .where(eq(attempts.id, attempt.id))
    .returning();
  Object.assign(attempt, row);
  if (report.scheduler) work.changes.push({ orgId: attempt.orgId, topic: "run", id: attempt.runId });
  if (!drains) return;
  await enqueue(work.tx, "experiments.archiveLog", { attemptId: attempt.id });
  work.changes.push({ orgId: attempt.orgId, topic: "run", id: attempt.runId }, { orgId: attempt.orgId, topic: "attempt-log", id: attempt.runId });
}

async function accepted(work: Work, { run, attempt }: Pair, report: AttemptReport, { clusterName, leaseSeconds }: Reporter): Promise<void> {
  if (attempt.status === "starting" || attempt.status === "running") return;
  const back = attempt.status === "unreachable";
  await moveAttemptTo(work, attempt, "take", { ...inContact(leaseSeconds), ...startOf(report) });
  if (run.status === "unreachable") await moveRun(work, run, "assign");
  note(work, run, { kind: "attempt.accepted", attemptId: attempt.id, actor: "agent", message: back ? `${clusterName} is back and took the run.` : `${clusterName} took the run and is preparing it.` });
}

async function running(work: Work, { run, attempt }: Pair, report: AttemptReport, { leaseSeconds }: Reporter): Promise<void> {
  if (attempt.status === "running") return;
  const back = attempt.status === "unreachable";
  await moveAttemptTo(work, attempt, "run", { ...inContact(leaseSeconds), ...startOf(report) });
  if (run.status === "starting" || run.status === "unreachable") {
    const startedAt = run.startedAt ?? attempt.startedAt;
    await moveRun(work, run, run.status === "starting" ? "run" : "recover", { statusReason: null, startedAt });
  }
  const where = report.nodes.length > 0 ? ` on ${report.nodes.slice(0, 4).join(", ")}` : "";
  note(work, run, { kind: back ? "run.back" : "attempt.running", attemptId: attempt.id, actor: "agent", message: back ? `Back in contact; the process runs${where}.` : `The process started${where}.` });
}

async function exited(work: Work, { run, attempt }: Pair, report: AttemptReport): Promise<void> {
  const { spec } = run;
  const exit = report.exit ?? { at: Date.now(), code: null, signal: null, cause: "policy" as const, detail: "The agent refused the run.", lastLines: [], peakMemoryMib: null };
  const verdict = classifyExit(exit, { stopReason: attempt.stopReason, memoryMib: attempt.memoryMib, maxDurationSeconds: spec.maxDuration });
  await settle(work, { run, attempt }, verdict, { ...startOf(report), ...placeOf(report), peakMemoryMib: exit.peakMemoryMib, endedAt: between(sql`coalesce(${attempts.startedAt}, ${attempts.assignedAt})`, exit.at) });
}

/** The attempt's end, and what follows from it for the run: its end too, or another attempt. */
export async function settle(work: Work, { run, attempt }: Pair, verdict: Verdict, times: { startedAt?: Date; endedAt: Date; nodeNames?: string[]; peakMemoryMib?: number | null }): Promise<void> {
  const { outcome, failureClass, message, evidence } = verdict;
  await moveAttemptTo(work, attempt, "end", { outcome, failureClass, evidence, exitCode: evidence.exitCode ?? null, signal: evidence.signal ?? null, unreachableSince: null, ...times });
  note(work, run, { kind: "attempt.ended", attemptId: attempt.id, actor: "agent", message: `Attempt ${attempt.number}: ${message}`, evidence: { ...evidence, failureClass } });
  freed(work, attempt);
  await endMadeRuns(work, { run, attempt }, outcome);
  if (TERMINAL.has(run.status)) return;
  if (run.startedAt === null && attempt.startedAt !== null) {
    await work.tx.update(runs).set({ startedAt: attempt.startedAt }).where(eq(runs.id, run.id));
    run.startedAt = attempt.startedAt;
  }
  const end = { message, failureClass, evidence, endedAt: attempt.endedAt, attemptId: attempt.id };
  if (outcome === "succeeded") return endRun(work, run, { event: "succeed", ...end });
  if (outcome === "cancelled") return endRun(work, run, { event: "stop", ...end });
  if (run.status !== "cancelling") {
    if (attempt.stopReason === "preempted" && failureClass === "preempted") return requeueRun(work, run, { message: `${message} Queued again.`, delaySeconds: 0, counts: false, keepsPlace: true });
    if (verdict.displaced && run.spec.preemptible) return requeueRun(work, run, { message: `${message} Queued again.`, delaySeconds: retryDelaySeconds(1), counts: false, keepsPlace: true }); // what took its room is to have it first
    const retry = decideRetry(failureClass!, run.spec.retry, run.retriesUsed);
    const failed = failureClass === "hardware" ? failedNode(attempt) : null;
    if (retry.again) return requeueRun(work, run, { message: `${message} Retry ${run.retriesUsed + 1} of ${run.spec.retry.max} in ${retry.delaySeconds} s${failed ? `, on another node than ${failed} where there is one` : ""}.`, delaySeconds: retry.delaySeconds, counts: true, avoids: failed && `${attempt.clusterId}/${failed}` });
    if (retry.why) end.message = `${message} ${retry.why}`;
  }
  return endRun(work, run, { event: "fail", ...end });
}

/** Of several nodes nobody knows which one it was. */
const failedNode = ({ nodeNames }: AttemptRecord): string | null => (nodeNames.length === 1 ? nodeNames[0]! : null);

/** Out of reach: the process may well be running, so nothing is started in its place. `since`: last contact. */
export async function loseContact(work: Work, { run, attempt }: Pair, why: { message: string; since: Date | null }): Promise<void> {
  await moveAttemptTo(work, attempt, "lose-contact", { unreachableSince: why.since ?? databaseTime(sql`now()`) });
  if (run.status === "starting" || run.status === "running") await moveRun(work, run, "lose", { statusReason: why.message });
  note(work, run, { kind: "run.unreachable", attemptId: attempt.id, actor: "lease", message: why.message, evidence: { since: attempt.unreachableSince } });
}

/** The agent is back and still has it. A fresh lease starts. */
export async function regainContact(work: Work, { run, attempt }: Pair, clusterName: string, leaseSeconds: number): Promise<void> {
  const hasStarted = attempt.startedAt !== null;
  await moveAttemptTo(work, attempt, hasStarted ? "regain-contact" : "take", inContact(leaseSeconds));
  if (run.status === "unreachable") await moveRun(work, run, hasStarted ? "recover" : "assign", { statusReason: null });
  note(work, run, { kind: "run.back", attemptId: attempt.id, actor: "agent", message: `${clusterName} is back in contact and still has the run.` });
}

/**
 * Given up: its fence is refused from now on, whatever its process does. `then`: a new attempt, or the run's end.
 * Declaring lost and the policy `restart` both come through here.
 */
export async function giveUp(work: Work, { run, attempt }: Pair, how: { message: string; actor: string; then: "requeue" | "fail" }): Promise<void> {
  const evidence = { detail: how.message };
  await moveAttemptTo(work, attempt, "give-up", { failureClass: "platform", evidence, endedAt: databaseTime(sql`now()`), drainedAt: databaseTime(sql`coalesce(${attempts.drainedAt}, now())`) });
  note(work, run, { kind: "attempt.lost", attemptId: attempt.id, actor: how.actor, message: how.message });
  freed(work, attempt);
  await endMadeRuns(work, { run, attempt }, "failed");
  await enqueue(work.tx, "experiments.archiveLog", { attemptId: attempt.id });
  if (TERMINAL.has(run.status)) return;
  if (run.status === "cancelling") return endRun(work, run, { event: "stop", message: how.message, failureClass: "cancelled", evidence, endedAt: null, actor: how.actor, attemptId: attempt.id });
  if (how.then === "fail") return endRun(work, run, { event: "fail", message: how.message, failureClass: "platform", evidence, endedAt: null, actor: how.actor, attemptId: attempt.id });
  return requeueRun(work, run, { message: `${how.message} Queued again.`, delaySeconds: 0, counts: false, actor: how.actor });
}

/** Asked to stop before its agent ever took it: it never ran and never will, so nobody needs to be waited for. */
export async function stopUntaken(work: Work, pair: Pair): Promise<void> {
  const { stopReason, evidence } = pair.attempt;
  const verdict: Verdict = stopReason === UNTAKEN
    ? { outcome: "failed", failureClass: "platform", message: "Its agent was in contact and never took it.", evidence: evidence ?? {} }
    : { outcome: "cancelled", failureClass: "cancelled", message: "Stopped before it started.", evidence: {} };
  await settle(work, pair, verdict, { endedAt: databaseTime(sql`now()`) });
  await work.tx.update(attempts).set({ drainedAt: databaseTime(sql`now()`) }).where(eq(attempts.id, pair.attempt.id));
}
