import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { reportComments, reports, reportVersions } from "../../../db/schema/reports.ts";
import { type Grant, reaches } from "../../../domain/access/roles.ts";
import type { ArchiveReport, CommentReport, CreateReport, UpdateReport } from "../../../domain/experiments/report-inputs.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { reachedProjects } from "../queries/visible.ts";

export async function createReport(ctx: Ctx, { projectId, title, body }: CreateReport): Promise<{ id: string }> {
  const made = await ctx.db.transaction(async (tx) => {
    const [project] = await tx.select({ id: projects.id }).from(projects).where(and(reachedProjects(ctx.grant), eq(projects.id, projectId))).limit(1);
    if (!project) throw notFound();
    const [report] = await tx.insert(reports).values({ orgId: ctx.orgId, projectId, title, body, createdBy: ctx.actor.id, createdByName: ctx.actor.name, updatedByName: ctx.actor.name }).returning({ id: reports.id });
    await tx.insert(reportVersions).values({ reportId: report!.id, version: 1, title, body, byName: ctx.actor.name });
    await audit(tx, ctx, { action: "report.create", target: { type: "report", id: report!.id, name: title }, projectId, after: { title } });
    return report!;
  });
  publish(ctx, made.id);
  return made;
}

/** Writes a new version; the old ones stay. @throws DomainError "conflict" when somebody else wrote one meanwhile. */
export async function updateReport(ctx: Ctx, { id, title, body, from }: UpdateReport): Promise<{ version: number }> {
  const version = await ctx.db.transaction(async (tx) => {
    const before = await lockReport(tx, ctx, id);
    if (before.version !== from) throw new DomainError("conflict", `${before.updatedByName} saved version ${before.version} while you edited version ${from}. Copy your text, then reload.`);
    if (before.title === title && before.body === body) return before.version;
    const next = before.version + 1;
    await tx.update(reports).set({ title, body, version: next, updatedByName: ctx.actor.name }).where(eq(reports.id, id));
    await tx.insert(reportVersions).values({ reportId: id, version: next, title, body, byName: ctx.actor.name });
    await audit(tx, ctx, { action: "report.update", target: { type: "report", id, name: title }, projectId: before.projectId, before: { title: before.title, version: before.version }, after: { title, version: next } });
    return next;
  });
  publish(ctx, id);
  return { version };
}

/** Out of the list, or back into it. */
export async function archiveReport(ctx: Ctx, { id, archived }: ArchiveReport): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await lockReport(tx, ctx, id);
    if ((before.archivedAt !== null) === archived) return;
    await tx.update(reports).set({ archivedAt: archived ? sql`now()` : null }).where(eq(reports.id, id));
    await audit(tx, ctx, { action: archived ? "report.archive" : "report.restore", target: { type: "report", id, name: before.title }, projectId: before.projectId });
  });
  publish(ctx, id);
}

export async function commentReport(ctx: Ctx, { id, body }: CommentReport): Promise<{ id: string }> {
  const made = await ctx.db.transaction(async (tx) => {
    const report = await lockReport(tx, ctx, id);
    const [comment] = await tx.insert(reportComments).values({ orgId: ctx.orgId, reportId: id, authorId: ctx.actor.id, authorName: ctx.actor.name, body }).returning({ id: reportComments.id });
    await audit(tx, ctx, { action: "report.comment", target: { type: "report", id, name: report.title }, projectId: report.projectId, after: { commentId: comment!.id } });
    return comment!;
  });
  publish(ctx, id);
  return made;
}

/** One's own only. @throws DomainError "not_found" for anybody else's. */
export async function deleteComment(ctx: Ctx, id: string): Promise<void> {
  const reportId = await ctx.db.transaction(async (tx) => {
    const [comment] = await tx.select().from(reportComments).where(and(eq(reportComments.orgId, ctx.orgId), eq(reportComments.id, id), eq(reportComments.authorId, ctx.actor.id))).for("update");
    if (!comment) throw notFound();
    const report = await lockReport(tx, ctx, comment.reportId);
    await tx.delete(reportComments).where(eq(reportComments.id, id));
    await audit(tx, ctx, { action: "report.delete-comment", target: { type: "report", id: report.id, name: report.title }, projectId: report.projectId, before: { commentId: id, body: comment.body } });
    return report.id;
  });
  publish(ctx, reportId);
}

/** @throws DomainError "not_found" when it may not be seen, "forbidden" when it may only be read. */
async function lockReport(tx: Tx, ctx: Ctx, id: string) {
  const seen: Grant = ctx.grantFor("reports:read") ?? ctx.grant;
  const [found] = await tx.select({ report: reports, project: { id: projects.id, teamId: projects.teamId } }).from(reports).innerJoin(projects, eq(projects.id, reports.projectId)).where(and(eq(reports.orgId, ctx.orgId), eq(reports.id, id), reachedProjects(seen))).for("update", { of: reports });
  if (!found) throw notFound();
  if (!reaches(ctx.grant, found.project)) throw new DomainError("forbidden", "This needs the permission reports:write in this project.");
  return found.report;
}

const publish = (ctx: Ctx, id: string) => bus().publish({ orgId: ctx.orgId, topic: "report", id });
