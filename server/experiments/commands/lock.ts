import { and, eq, inArray } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import { LIVE_ATTEMPT_STATUSES } from "../../../domain/experiments/attempt-status.ts";
import { runActions } from "../../../domain/experiments/run-actions.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { situationOf } from "../queries/run.ts";
import { reachedProjects } from "../queries/visible.ts";
import { submitted } from "./transitions.ts";

/** All but `interact`, which changes nothing of a run: `enterRun` asks for that. */
type Act = Exclude<keyof ReturnType<typeof runActions>, "interact">;

/**
 * The run and its live attempts, locked, and the act allowed by the table that the buttons read too.
 * @throws DomainError "not_found" when missing or not to be seen, "conflict" when its state forbids the act, "forbidden" when only a permission is missing.
 */
export async function lockRunFor(tx: Tx, ctx: Ctx, id: string, act: Act) {
  const seen = ctx.grantFor("runs:read") ?? ctx.grant;
  const [found] = await tx
    .select({ run: runs, project: { id: projects.id, teamId: projects.teamId } })
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(runs.orgId, ctx.orgId), eq(runs.id, id), reachedProjects(seen)))
    .for("update", { of: runs });
  if (!found) throw notFound();
  const { project } = found;
  const live = await tx.select().from(attempts).where(and(eq(attempts.runId, id), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES]))).for("update");
  const situation = situationOf(ctx, { ...found.run, project }, { hasUnreachableAttempt: live.some(({ status }) => status === "unreachable") });
  const allowed = runActions(situation)[act];
  if (!allowed.ok) {
    const all = { interact: true, interactAny: true, submit: true, cancel: true, cancelAny: true, declareLost: true, order: true };
    const isState = !runActions({ ...situation, holds: all })[act].ok; // still no with every permission
    throw new DomainError(isState ? "conflict" : "forbidden", allowed.reason, { context: { id, act, status: found.run.status } });
  }
  return { run: submitted(found.run), live, project };
}

/** Keeps the project open until the transaction ends. @throws DomainError "conflict" when it is archived: nothing new comes into it. */
export async function holdOpen(tx: Tx, projectId: string): Promise<void> {
  const [project] = await tx.select({ name: projects.name, archivedAt: projects.archivedAt }).from(projects).where(eq(projects.id, projectId)).for("share");
  if (!project?.archivedAt) return;
  const message = `The project ${project.name} is archived. Restore it under People, Teams, or choose another.`;
  throw new DomainError("conflict", message, { issues: [{ field: "project", message }] });
}
