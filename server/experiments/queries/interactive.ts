import { and, desc, eq, gt, inArray, isNull, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { projects, sessions, users } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import { appSessions } from "../../../db/schema/interactive.ts";
import { LIVE_ATTEMPT_STATUSES } from "../../../domain/experiments/attempt-status.ts";
import type { InteractiveApp } from "../../../domain/experiments/interactive.ts";
import { runActions } from "../../../domain/experiments/run-actions.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { situationOf } from "./run.ts";
import { reachedProjects } from "./visible.ts";

/** A running attempt that somebody may enter. */
export interface Place {
  orgId: string;
  runId: string;
  runName: string;
  projectId: string;
  attemptId: string;
  fence: string;
  clusterId: string;
  /** null: the run is not an interactive one. */
  app: InteractiveApp | null;
}

export type Visitor = Pick<Ctx, "db" | "orgId" | "actor" | "grantFor">;

/** @throws DomainError "not_found" where the caller sees no such run, "forbidden" where a permission is missing, "conflict" where nobody can enter it now. */
export async function getPlace(ctx: Visitor, runId: string): Promise<Place> {
  const seen = ctx.grantFor("runs:read");
  if (!seen) throw notFound();
  const [found] = await ctx.db
    .select({ run: runs, project: { id: projects.id, teamId: projects.teamId }, attempt: attempts, letsIn: sql<boolean | null>`coalesce((${clusters.capabilities} ->> 'interactive')::boolean, false)` })
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .leftJoin(attempts, and(eq(attempts.runId, runs.id), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES])))
    .leftJoin(clusters, eq(clusters.id, attempts.clusterId))
    .where(and(eq(runs.orgId, ctx.orgId), eq(runs.id, runId), reachedProjects(seen)))
    .orderBy(desc(attempts.number))
    .limit(1);
  if (!found) throw notFound();
  const { run, project, attempt, letsIn } = found;
  const situation = situationOf(ctx, { ...run, project }, { letsIn: attempt ? letsIn : null });
  const allowed = runActions(situation).interact;
  if (!allowed.ok) {
    const isState = !runActions({ ...situation, holds: { ...situation.holds, interactAny: true } }).interact.ok;
    throw new DomainError(isState ? "conflict" : "forbidden", allowed.reason, { context: { runId, status: run.status } });
  }
  return { orgId: run.orgId, runId, runName: run.name, projectId: run.projectId, attemptId: attempt!.id, fence: String(attempt!.fence), clusterId: attempt!.clusterId, app: run.spec?.interactive?.app ?? null };
}

/** Whose cookie this is, for that run; null once it, or the login that it came from, has ended. */
export async function findAppSession(db: Db, runId: string, tokenHash: string): Promise<{ orgId: string; user: { id: string; name: string } } | null> {
  const [row] = await db
    .select({ orgId: appSessions.orgId, user: { id: users.id, name: users.name } })
    .from(appSessions)
    .innerJoin(sessions, and(eq(sessions.id, appSessions.loginId), gt(sessions.expiresAt, sql`now()`)))
    .innerJoin(users, eq(users.id, appSessions.userId))
    .where(and(eq(appSessions.tokenHash, tokenHash), eq(appSessions.runId, runId), isNull(appSessions.ticketHash), gt(appSessions.expiresAt, sql`now()`)))
    .limit(1);
  return row ?? null;
}
