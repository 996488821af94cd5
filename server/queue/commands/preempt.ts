import { and, inArray, isNull, sql } from "drizzle-orm";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import type { PreemptReason } from "../../../domain/queue/preempt.ts";
import { note, type Work } from "../../experiments/commands/transitions.ts";

/** One attempt to stop, for another run's sake or since its budget is used up. `message`: one sentence for its timeline. */
export interface Asked {
  attemptId: string;
  runId: string;
  forRunId: string | null;
  why: PreemptReason | "budget";
  message: string;
}

/**
 * Asks these attempts to give way: signal, grace period, checkpoint; when its agent says that one is gone, its run
 * queues again. Runs that somebody else holds right now are left out, the next pass sees them. Answers how many were asked.
 */
export async function preemptAttempts(work: Work, victims: readonly Asked[]): Promise<number> {
  if (victims.length === 0) return 0;
  const byRun = new Map(victims.map((victim) => [victim.runId, victim]));
  const locked = await work.tx.select().from(runs).where(and(inArray(runs.id, [...byRun.keys()]), inArray(runs.status, ["starting", "running"]))).orderBy(runs.id).for("no key update", { skipLocked: true });
  if (locked.length === 0) return 0;
  const wanted = locked.map((run) => byRun.get(run.id)!);
  const stopped = await work.tx
    .update(attempts)
    .set({ stopRequestedAt: sql`now()`, stopReason: "preempted" })
    .where(and(inArray(attempts.id, wanted.map(({ attemptId }) => attemptId)), isNull(attempts.stopRequestedAt), inArray(attempts.status, ["assigned", "starting", "running"])))
    .returning({ id: attempts.id, runId: attempts.runId, clusterId: attempts.clusterId });
  const clusterIds = [...new Set(stopped.map(({ clusterId }) => clusterId))].sort();
  for (const id of clusterIds) work.changes.push({ orgId: locked[0]!.orgId, topic: "agent-desired", id });
  const owners = new Map(locked.map((run) => [run.id, run]));
  for (const { id, runId } of stopped) {
    const victim = byRun.get(runId)!;
    const run = owners.get(runId)!;
    note(work, run, { kind: "run.preempting", attemptId: id, actor: "placement", message: `Asked to save a checkpoint and stop. ${victim.message}`, evidence: { why: victim.why, forRun: victim.forRunId } });
    work.changes.push({ orgId: run.orgId, topic: "run", id: runId });
  }
  return stopped.length;
}
