import { and, asc, desc, eq, inArray, lt, sql } from "drizzle-orm";
import { ranksOf } from "../../../agent/protocol/ranks.ts";
import type { DbOrTx } from "../../../db/client.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { attempts, logHeads, runEvents, runParams, runs } from "../../../db/schema/experiments.ts";
import { type Grant, reaches } from "../../../domain/access/roles.ts";
import { runEnvironment, withoutSecrets } from "../../../domain/experiments/environment.ts";
import { idleUntil } from "../../../domain/experiments/interactive.ts";
import type { ListRunEvents } from "../../../domain/experiments/run-inputs.ts";
import { runActions, type RunSituation } from "../../../domain/experiments/run-actions.ts";
import { MARKING_KINDS } from "../../../domain/experiments/run-marks.ts";
import type { AttemptView, RunDetail, RunEventView } from "../../../domain/experiments/run-view.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { logRemoved } from "./log-page.ts";
import { listRunInputs } from "./run-inputs.ts";
import { findRuns, type Page, toRows } from "./runs.ts";
import { getVisibleRun, reachedProjects } from "./visible.ts";

/** What decides the buttons of one run for this caller. */
export function situationOf(ctx: Pick<Ctx, "actor" | "grantFor">, run: { status: RunSituation["status"]; origin: RunSituation["origin"]; ownerId: string; project: { id: string; teamId: string } }, { hasUnreachableAttempt = false, letsIn = null }: Partial<Pick<RunSituation, "hasUnreachableAttempt" | "letsIn">> = {}): RunSituation {
  const holds = (permission: Parameters<Ctx["grantFor"]>[0]) => {
    const grant = ctx.grantFor(permission);
    return grant !== null && reaches(grant, run.project);
  };
  return {
    status: run.status,
    origin: run.origin,
    isOwn: run.ownerId === ctx.actor.id,
    hasUnreachableAttempt,
    letsIn,
    holds: { interact: holds("runs:interact"), interactAny: holds("runs:interact-any"), submit: holds("runs:submit"), cancel: holds("runs:cancel"), cancelAny: holds("runs:cancel-any"), declareLost: holds("runs:declare-lost"), order: holds("queue:order") },
  };
}

/** Everything the run's page shows but its history. @throws DomainError "not_found" */
export async function getRun(ctx: Ctx, id: string): Promise<RunDetail> {
  const { db } = ctx;
  const [found] = await findRuns(db, and(eq(runs.orgId, ctx.orgId), eq(runs.id, id), reachedProjects(ctx.grant)), 1);
  if (!found) throw notFound();
  const [[row], inputs, tries, params] = await Promise.all([
    toRows(db, [found]),
    listRunInputs(db, id),
    listAttempts(db, id),
    db.select().from(runParams).where(eq(runParams.runId, id)).orderBy(asc(runParams.key)),
  ]);
  const { run, project } = found;
  const live = tries.find(({ endedAt }) => endedAt === null);
  const situation = situationOf(ctx, { ...run, project }, { hasUnreachableAttempt: tries.some((attempt) => attempt.status === "unreachable"), letsIn: live?.letsIn ?? null });
  return {
    ...row!,
    spec: run.spec && !situation.holds.submit ? { ...run.spec, env: withoutSecrets(run.spec.env) } : run.spec,
    ranks: run.spec ? ranksOf({ ...run.spec, ...run.spec.resources }) : 1,
    params: Object.fromEntries(params.map(({ key, value }) => [key, value])),
    inputs: inputs.map(({ total: _, ...input }) => input),
    inputCount: inputs[0]?.total ?? 0,
    pending: run.status === "queued" ? run.pending : null,
    evidence: run.evidence,
    attempts: tries.map(({ letsIn: _, activeAt: __, ...attempt }) => attempt),
    idleUntil: run.status === "running" && run.spec?.interactive && live?.startedAt ? idleUntil(run.spec.interactive.idleTimeout, live.startedAt.getTime(), live.activeAt?.getTime() ?? null) : null,
    queuedAt: run.queuedAt,
    environment: run.spec ? runEnvironment({ ...run, spec: run.spec }, tries.at(-1) ?? null) : {},
    can: runActions(situation),
  };
}

/** In order, the oldest first; a run's retries are few. */
async function listAttempts(db: DbOrTx, runId: string): Promise<(AttemptView & { letsIn: boolean; activeAt: Date | null })[]> {
  const rows = await db
    .select({ attempt: attempts, clusterName: clusters.name, letsIn: sql<boolean>`coalesce((${clusters.capabilities} ->> 'interactive')::boolean, false)`, head: logHeads, removed: logRemoved })
    .from(attempts)
    .innerJoin(clusters, eq(clusters.id, attempts.clusterId))
    .leftJoin(logHeads, eq(logHeads.attemptId, attempts.id))
    .where(eq(attempts.runId, runId))
    .orderBy(desc(attempts.number))
    .limit(500);
  return rows.reverse().map(({ attempt, clusterName, letsIn, head, removed }) => ({
    id: attempt.id,
    letsIn,
    activeAt: attempt.activeAt,
    number: attempt.number,
    status: attempt.status,
    outcome: attempt.outcome,
    cluster: { id: attempt.clusterId, name: clusterName },
    nodeNames: attempt.nodeNames,
    acceleratorIndexes: attempt.acceleratorIndexes,
    scheduler: attempt.scheduler,
    exitCode: attempt.exitCode,
    signal: attempt.signal,
    failureClass: attempt.failureClass,
    evidence: attempt.evidence,
    unreachableSince: attempt.unreachableSince,
    assignedAt: attempt.assignedAt,
    startedAt: attempt.startedAt,
    endedAt: attempt.endedAt,
    drainedAt: attempt.drainedAt,
    log: { bytes: head?.bytes ?? 0, lines: head?.lines ?? 0, dropped: head ? head.stdoutNext + head.stderrNext - head.bytes : 0, archived: head?.archiveSha256 != null, removed: removed === true },
  }));
}

/** The run's timeline, newest first. */
export async function listRunEvents(db: DbOrTx, grant: Grant, { id, cursor, limit, marking }: ListRunEvents): Promise<Page<RunEventView>> {
  await getVisibleRun(db, grant, id);
  const rows = await db
    .select({
      id: runEvents.id,
      at: runEvents.at,
      kind: runEvents.kind,
      attemptNumber: attempts.number,
      actor: runEvents.actor,
      message: runEvents.message,
      evidence: runEvents.evidence,
    })
    .from(runEvents)
    .leftJoin(attempts, eq(attempts.id, runEvents.attemptId))
    .where(and(eq(runEvents.runId, id), cursor ? lt(runEvents.id, cursor) : undefined, marking ? inArray(runEvents.kind, MARKING_KINDS) : undefined))
    .orderBy(desc(runEvents.id))
    .limit(limit + 1);
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
}
