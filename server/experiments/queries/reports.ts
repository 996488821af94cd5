import { and, asc, count, desc, eq, getTableColumns, gt, ilike, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { reportComments, reports, reportVersions } from "../../../db/schema/reports.ts";
import { type Grant, reaches } from "../../../domain/access/roles.ts";
import type { ListReports, OneReport, ReportPages } from "../../../domain/experiments/report-inputs.ts";
import type { ReportComment, ReportDetail, ReportRow, ReportVersion } from "../../../domain/experiments/report-view.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import type { Page } from "./runs.ts";
import { reachedProjects } from "./visible.ts";
import { containing } from "../../like.ts";

const { body: _body, ...LISTED } = getTableColumns(reports);
const COLUMNS = {
  report: LISTED,
  project: { id: projects.id, slug: projects.slug, name: projects.name, teamId: projects.teamId },
  comments: sql<number>`(select count(*)::int from ${reportComments} where ${reportComments.reportId} = ${reports.id})`,
};

type Found = { report: Omit<typeof reports.$inferSelect, "body">; project: { id: string; slug: string; name: string }; comments: number };

const toRow = ({ report, project, comments }: Found): ReportRow => ({
  id: report.id, title: report.title, project: { id: project.id, slug: project.slug, name: project.name }, createdByName: report.createdByName, updatedByName: report.updatedByName,
  version: report.version, comments, archivedAt: report.archivedAt, createdAt: report.createdAt, updatedAt: report.updatedAt,
});

/** Newest first, without their text; `total` over all pages. */
export async function listReports(db: DbOrTx, grant: Grant, { project, text, archived, cursor, limit }: ListReports): Promise<Page<ReportRow> & { total: number }> {
  const where = and(eq(reports.orgId, grant.orgId), reachedProjects(grant), archived ? isNotNull(reports.archivedAt) : isNull(reports.archivedAt), project ? eq(projects.slug, project) : undefined, text ? ilike(reports.title, containing(text)) : undefined);
  const [rows, [counted]] = await Promise.all([
    db.select(COLUMNS).from(reports).innerJoin(projects, eq(projects.id, reports.projectId)).where(and(where, cursor ? lt(reports.id, cursor) : undefined)).orderBy(desc(reports.id)).limit(limit + 1),
    db.select({ total: count() }).from(reports).innerJoin(projects, eq(projects.id, reports.projectId)).where(where),
  ]);
  const items = rows.slice(0, limit).map(toRow);
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null, total: counted!.total };
}

/** @throws DomainError "not_found" when missing or out of reach. */
export async function getVisibleReport(db: DbOrTx, grant: Grant, id: string) {
  const [found] = await db.select({ ...COLUMNS, body: reports.body }).from(reports).innerJoin(projects, eq(projects.id, reports.projectId)).where(and(eq(reports.orgId, grant.orgId), eq(reports.id, id), reachedProjects(grant))).limit(1);
  if (!found) throw notFound();
  return found;
}

/** A report as it is now, or as it was in one of its versions. @throws DomainError "not_found" */
export async function getReport(ctx: Ctx, { id, version }: OneReport): Promise<ReportDetail> {
  const found = await getVisibleReport(ctx.db, ctx.grant, id);
  const writes = ctx.grantFor("reports:write");
  const can = { write: writes && reaches(writes, found.project) ? ({ ok: true } as const) : ({ ok: false, reason: "This needs the permission reports:write in this project." } as const) };
  const row = toRow(found);
  if (version === undefined || version === row.version) return { ...row, body: found.body, newest: row.version, can };
  const [old] = await ctx.db.select().from(reportVersions).where(and(eq(reportVersions.reportId, id), eq(reportVersions.version, version))).limit(1);
  if (!old) throw notFound();
  return { ...row, title: old.title, body: old.body, version: old.version, updatedByName: old.byName, updatedAt: old.at, newest: row.version, can };
}

/** Newest first. */
export async function listVersions(db: DbOrTx, grant: Grant, { id, cursor, limit }: ReportPages): Promise<Page<ReportVersion>> {
  await getVisibleReport(db, grant, id);
  const v = reportVersions;
  const rows = await db.select({ version: v.version, title: v.title, byName: v.byName, at: v.at }).from(v).where(and(eq(v.reportId, id), cursor ? lt(v.version, Number(cursor) || 0) : undefined)).orderBy(desc(v.version)).limit(limit + 1);
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? String(items.at(-1)!.version) : null };
}

/** Oldest first: a conversation is read downwards. */
export async function listComments(db: DbOrTx, grant: Grant, actorId: string, { id, cursor, limit }: ReportPages): Promise<Page<ReportComment>> {
  await getVisibleReport(db, grant, id);
  const c = reportComments;
  const rows = await db.select().from(c).where(and(eq(c.reportId, id), cursor ? gt(c.id, cursor) : undefined)).orderBy(asc(c.id)).limit(limit + 1);
  const items = rows.slice(0, limit).map((row): ReportComment => ({ id: row.id, authorName: row.authorName, body: row.body, createdAt: row.createdAt, mine: row.authorId === actorId }));
  return { items, nextCursor: rows.length > limit ? items.at(-1)!.id : null };
}
