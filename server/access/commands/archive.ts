import { and, count, eq, isNull, notInArray } from "drizzle-orm";
import { projects, teams } from "../../../db/schema/access.ts";
import { runs } from "../../../db/schema/experiments.ts";
import type { ArchiveProject, ArchiveTeam, MoveProject } from "../../../domain/access/inputs.ts";
import { covers } from "../../../domain/access/scopes.ts";
import { TERMINAL } from "../../../domain/experiments/run-status.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { plural } from "../../../domain/shared/format.ts";
import type { Ctx } from "../../trpc/context.ts";
import { audit } from "../audit.ts";
import { publishAccess } from "../publish.ts";
import { findScope, holdTeamOpen } from "../queries/tree.ts";
import { lockReached } from "./tree.ts";

/**
 * Into another team. Roles given on the old team no longer reach the project, those on the new one do.
 * @throws DomainError conflict for an open project and an archived team.
 */
export async function moveProject(ctx: Ctx, { id, teamId }: MoveProject): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await lockReached(tx, ctx, id);
    const [from, to] = [await findScope(tx, ctx, "team", before.teamId), await findScope(tx, ctx, "team", teamId)];
    if (!from || !to) throw notFound();
    for (const team of [from, to]) {
      if (!covers(ctx.grant, team)) throw new DomainError("forbidden", `You need the permission projects:manage on the team ${team.name}. Ask an organization admin for it.`);
    }
    if (before.teamId === teamId) return;
    if (!before.archivedAt) await holdTeamOpen(tx, teamId);
    await tx.update(projects).set({ teamId }).where(eq(projects.id, id));
    await audit(tx, ctx, { action: "project.move", target: { type: "project", id, name: before.name }, projectId: id, before: { teamId: from.id, teamName: from.name }, after: { teamId, teamName: to.name } });
  });
  await publishAccess(ctx.orgId);
}

/** Closed for new runs, and open again. Everything in it can still be seen. @throws DomainError conflict while something in it has not ended. */
export async function archiveProject(ctx: Ctx, { id, archived }: ArchiveProject): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await lockReached(tx, ctx, id);
    if ((before.archivedAt !== null) === archived) return;
    const [live] = await tx.select({ n: count() }).from(runs).where(and(eq(runs.projectId, id), notInArray(runs.status, [...TERMINAL])));
    if (archived && live!.n > 0) throw new DomainError("conflict", `${plural(live!.n, "run")} of ${before.name} ${live!.n === 1 ? "has" : "have"} not ended. Cancel ${live!.n === 1 ? "it" : "them"} or wait, then archive the project.`);
    const [team] = await tx.select({ name: teams.name, archivedAt: teams.archivedAt }).from(teams).where(eq(teams.id, before.teamId)).for("update");
    if (!archived && team!.archivedAt) throw new DomainError("conflict", `The team ${team!.name} is archived. Restore it first.`);
    await tx.update(projects).set({ archivedAt: archived ? new Date() : null }).where(eq(projects.id, id));
    await audit(tx, ctx, { action: archived ? "project.archive" : "project.restore", target: { type: "project", id, name: before.name }, projectId: id });
  });
  await publishAccess(ctx.orgId);
}

/** @throws DomainError conflict while one of its projects is not archived. */
export async function archiveTeam(ctx: Ctx, { id, archived }: ArchiveTeam): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [before] = await tx.select().from(teams).where(and(eq(teams.orgId, ctx.orgId), eq(teams.id, id))).for("update");
    if (!before) throw notFound();
    if ((before.archivedAt !== null) === archived) return;
    const [open] = await tx.select({ n: count() }).from(projects).where(and(eq(projects.teamId, id), isNull(projects.archivedAt)));
    if (archived && open!.n > 0) throw new DomainError("conflict", `${plural(open!.n, "project")} of ${before.name} ${open!.n === 1 ? "is" : "are"} still open. Archive or move ${open!.n === 1 ? "it" : "them"} first.`);
    await tx.update(teams).set({ archivedAt: archived ? new Date() : null }).where(eq(teams.id, id));
    await audit(tx, ctx, { action: archived ? "team.archive" : "team.restore", target: { type: "team", id, name: before.name } });
  });
  await publishAccess(ctx.orgId);
}
