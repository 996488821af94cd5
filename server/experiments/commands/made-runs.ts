import { and, eq, inArray, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { attempts, runEvents, runs } from "../../../db/schema/experiments.ts";
import { LIVE_ATTEMPT_STATUSES, type AttemptOutcome } from "../../../domain/experiments/attempt-status.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { CREATED } from "../queries/mlflow-caller.ts";
import { databaseTime, note, type Pair, type Work } from "./transitions.ts";

const REASON = "The attempt that logged it ended before it did.";

/**
 * Keeps the attempt from ending until the transaction has: a run that it makes is then seen by `endMadeRuns`.
 * @throws DomainError "unauthenticated" when it has ended.
 */
export async function holdAttempt(tx: Tx, attemptId: string): Promise<void> {
  const [live] = await tx.select({ id: attempts.id }).from(attempts).where(and(eq(attempts.id, attemptId), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES]))).for("share");
  if (!live) throw new DomainError("unauthenticated", "The attempt has ended, and its token with it.");
}

/** Runs that the attempt's program made and left open end with it, and as it did: the token that could end them is dead. */
export async function endMadeRuns(work: Work, { run }: Pair, outcome: AttemptOutcome): Promise<void> {
  const made = work.tx
    .select({ one: sql`1` })
    .from(runEvents)
    .innerJoin(attempts, eq(attempts.id, runEvents.attemptId))
    .where(and(eq(runEvents.runId, runs.id), eq(runEvents.kind, CREATED), eq(attempts.runId, run.id)));
  // The statuses that clients give, written out: so they are found among the live ones alone.
  const ended = await work.tx
    .update(runs)
    .set({ status: outcome, statusSince: sql`now()`, statusReason: REASON, endedAt: databaseTime(sql`now()`) })
    .where(and(eq(runs.orgId, run.orgId), sql`${runs.status} in ('starting', 'running') and ${runs.origin} = 'client' and exists ${made}`))
    .returning({ id: runs.id, orgId: runs.orgId });
  for (const child of ended) {
    note(work, child, { kind: "run.ended", message: REASON });
    work.changes.push({ orgId: child.orgId, topic: "run", id: child.id });
  }
}
