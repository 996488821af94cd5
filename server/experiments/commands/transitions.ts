import { and, eq, inArray, sql, type SQL } from "drizzle-orm";
import type { Db, Tx } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { attempts, type runEvents, runs } from "../../../db/schema/experiments.ts";
import { moveAttempt, type AttemptEvent } from "../../../domain/experiments/attempt-status.ts";
import type { Evidence, FailureClass } from "../../../domain/experiments/failure.ts";
import { backoffReason } from "../../../domain/experiments/pending.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import { canMove, move, type RunEvent } from "../../../domain/experiments/run-status.ts";
import type { Bus, Change } from "../../bus.ts";
import { renewHolds } from "../../costs/commands/holds.ts";

/** A run that Drover runs: it has a spec. */
export type RunRecord = typeof runs.$inferSelect & { spec: RunSpec };

/** Placement, attempts and buttons only ever deal with submitted runs. @throws Error for a client's run: then a query let it through. */
export function submitted<Run extends { id: string; spec: RunSpec | null }>(run: Run): Run & { spec: RunSpec } {
  if (!run.spec) throw new Error(`The run ${run.id} has no spec: a client made it, and only the client moves it.`);
  return run as Run & { spec: RunSpec };
}

export type AttemptRecord = typeof attempts.$inferSelect;
/** A run and one of its attempts, both locked: the run first, so that nobody waits for each other. */
export interface Pair {
  run: RunRecord;
  attempt: AttemptRecord;
}

/**
 * One transaction that moves runs and attempts: its rows are written as it goes, its timeline entries at its end, and its
 * changes are told after the commit; those that an agent waits for, with it.
 */
export interface Work {
  tx: Tx;
  events: (typeof runEvents.$inferInsert)[];
  changes: Change[];
}

/** A moment that the database computes: columns of leases and timelines never take this process's clock. */
export const databaseTime = (expression: SQL) => expression as unknown as Date;
const NOW = databaseTime(sql`now()`);

/** Every move of a run or an attempt happens in here. `beforeCommit` runs last inside the transaction. */
export async function transact<Result>(db: Db, bus: Bus, body: (work: Work) => Promise<Result>, hooks: { beforeCommit?: () => void; afterCommit?: () => void } = {}): Promise<Result> {
  const { result, changes } = await db.transaction(async (tx) => {
    const work: Work = { tx, events: [], changes: [] };
    const done = await body(work);
    const told = distinct(work.changes);
    await Promise.all([writeEvents(work), bus.publishWithin(tx, told.filter(wakesAnAgent))]);
    hooks.beforeCommit?.();
    return { result: done, changes: told.filter((change) => !wakesAnAgent(change)) };
  });
  hooks.afterCommit?.();
  await bus.publishNow(changes);
  return result;
}

/** Agents look again only when they are told; pages and the worker look again by themselves. */
const wakesAnAgent = ({ topic }: Change): boolean => topic === "agent-desired";

/** For commands that open their own transaction: the timeline entries so far, in one statement however many there are. */
export async function writeEvents(work: Work): Promise<void> {
  const rows = work.events.splice(0);
  if (rows.length === 0) return;
  const column = (of: (row: (typeof rows)[number]) => string | null | undefined) => sql`${sql.param(rows.map((row) => of(row) ?? null))}::text[]`;
  await work.tx.execute(sql`
    insert into run_events (id, org_id, run_id, attempt_id, kind, actor, message, evidence)
    select id, org_id, run_id, attempt_id, kind, actor, message, evidence::jsonb
    from unnest(${column((row) => row.id ?? newId("runEvent"))}, ${column((row) => row.orgId)}, ${column((row) => row.runId)}, ${column((row) => row.attemptId)}, ${column((row) => row.kind)}, ${column((row) => row.actor)}, ${column((row) => row.message)},
      ${column((row) => (row.evidence ? JSON.stringify(row.evidence) : null))}) as event (id, org_id, run_id, attempt_id, kind, actor, message, evidence)`);
}

function distinct(changes: Change[]): Change[] {
  return [...new Map(changes.map((change) => [`${change.topic} ${change.id}`, change])).values()];
}

/** Locks runs, then these attempts of theirs. Attempts that are not there, or not on `clusterId`, are left out. */
export async function lockPairs(tx: Tx, attemptIds: string[], clusterId?: string): Promise<Map<string, Pair>> {
  if (attemptIds.length === 0) return new Map();
  const owners = await tx.select({ runId: attempts.runId }).from(attempts).where(and(inArray(attempts.id, attemptIds), clusterId ? eq(attempts.clusterId, clusterId) : undefined));
  if (owners.length === 0) return new Map();
  const runRows = await tx.select().from(runs).where(inArray(runs.id, owners.map(({ runId }) => runId))).orderBy(runs.id).for("no key update");
  const attemptRows = await tx
    .select()
    .from(attempts)
    .where(and(inArray(attempts.id, attemptIds), clusterId ? eq(attempts.clusterId, clusterId) : undefined))
    .orderBy(attempts.id)
    .for("no key update");
  const byId = new Map(runRows.map((run) => [run.id, submitted(run)]));
  return new Map(attemptRows.map((attempt) => [attempt.id, { attempt, run: byId.get(attempt.runId)! }]));
}

/** One entry of the run's timeline. */
export function note(work: Work, run: Pick<RunRecord, "id" | "orgId">, entry: { kind: string; message: string; attemptId?: string; actor?: string; evidence?: unknown }): void {
  work.events.push({ orgId: run.orgId, runId: run.id, attemptId: entry.attemptId ?? null, kind: entry.kind, actor: entry.actor ?? null, message: entry.message, evidence: entry.evidence ?? null });
}

/** Columns that a move may set beside the status. */
type RunPatch = Partial<Omit<typeof runs.$inferInsert, "id" | "orgId" | "status">>;
type AttemptPatch = Partial<Omit<typeof attempts.$inferInsert, "id" | "orgId" | "status">>;

/** @throws DomainError "conflict" when the transition table has no such move. */
export async function moveRun(work: Work, run: RunRecord, event: RunEvent, patch: RunPatch = {}): Promise<void> {
  const status = move(run.status, event);
  const { orgId, id } = run;
  const [row] = await work.tx.update(runs).set({ ...patch, status, statusSince: sql`now()` }).where(eq(runs.id, id)).returning();
  Object.assign(run, row);
  work.changes.push({ orgId, topic: "run", id });
}

/** @throws DomainError "conflict" when the transition table has no such move. */
export async function moveAttemptTo(work: Work, attempt: AttemptRecord, event: AttemptEvent, patch: AttemptPatch = {}): Promise<void> {
  const status = moveAttempt(attempt.status, event);
  const [row] = await work.tx.update(attempts).set({ ...patch, status }).where(eq(attempts.id, attempt.id)).returning();
  Object.assign(attempt, row);
  work.changes.push({ orgId: attempt.orgId, topic: "run", id: attempt.runId }, { orgId: attempt.orgId, topic: "cluster", id: attempt.clusterId });
}

/** Its room is free again, and its agent need not hold it any more. */
export function freed(work: Work, attempt: Pick<AttemptRecord, "orgId" | "clusterId">): void {
  work.changes.push({ orgId: attempt.orgId, topic: "queue", id: attempt.orgId }, { orgId: attempt.orgId, topic: "agent-desired", id: attempt.clusterId });
}

/** The run's end, in its one place: terminal status, class, evidence. */
export async function endRun(work: Work, run: RunRecord, end: { event: "succeed" | "fail" | "stop"; message: string; failureClass: FailureClass | null; evidence: Evidence | null; endedAt: Date | null; actor?: string; attemptId?: string }): Promise<void> {
  // Stopped without anybody having asked: the table knows the way only through cancelling.
  if (end.event === "stop" && run.status !== "cancelling" && canMove(run.status, "cancel")) await moveRun(work, run, "cancel");
  if (run.status !== "cancelled" || end.event !== "stop") {
    await moveRun(work, run, end.event, { statusReason: end.message, failureClass: end.failureClass, evidence: end.evidence, pending: null, notBefore: null, endedAt: end.endedAt ?? NOW });
  }
  note(work, run, { kind: "run.ended", message: `${run.status === "succeeded" ? "Succeeded" : run.status === "failed" ? "Failed" : "Cancelled"}. ${end.message}`, ...(end.actor ? { actor: end.actor } : {}), ...(end.attemptId ? { attemptId: end.attemptId } : {}), evidence: end.evidence });
}

/** Back into the queue for a new attempt. `delaySeconds`: the backoff. `counts`: it uses up one of the policy's retries. `keepsPlace`: it waits as if it had never left the queue. `avoids`: the node that failed it, as `clusterId/node`. */
export async function requeueRun(work: Work, run: RunRecord, how: { message: string; delaySeconds: number; counts: boolean; actor?: string; keepsPlace?: boolean; avoids?: string | null }): Promise<void> {
  const notBefore = how.delaySeconds > 0 ? databaseTime(sql`now() + make_interval(secs => ${how.delaySeconds})`) : null;
  await moveRun(work, run, "requeue", {
    statusReason: how.message,
    ...(how.keepsPlace ? {} : { queuedAt: NOW }),
    notBefore,
    clusterId: null,
    ...(how.avoids ? { excludedNodes: [...new Set([...run.excludedNodes, how.avoids])] } : {}),
    retriesUsed: run.retriesUsed + (how.counts ? 1 : 0),
    pending: run.heldAt ? { kind: "held", message: `Held by ${run.heldBy}.` } : how.delaySeconds > 0 ? backoffReason(how.message, Date.now() + how.delaySeconds * 1000) : { kind: "placing", message: "Being placed." },
  });
  await renewHolds(work.tx, run.id);
  note(work, run, { kind: "run.requeued", message: how.message, actor: how.actor ?? "placement" });
  work.changes.push({ orgId: run.orgId, topic: "queue", id: run.orgId });
}
