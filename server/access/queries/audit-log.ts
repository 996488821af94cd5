import { and, desc, eq, gte, like, lt, sql, type SQL } from "drizzle-orm";
import { apiTokens, auditLog, projects } from "../../../db/schema/access.ts";
import type { ListAudit } from "../../../domain/access/inputs.ts";
import type { AuditView, Page } from "../../../domain/access/people-view.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { reachedProjects } from "../queries.ts";

const COLUMNS = {
  id: auditLog.id, at: auditLog.at, actorType: auditLog.actorType, actorId: auditLog.actorId, actorName: auditLog.actorName, tokenId: auditLog.tokenId,
  tokenName: apiTokens.name, action: auditLog.action, targetType: auditLog.targetType, targetId: auditLog.targetId, targetName: auditLog.targetName,
  projectId: auditLog.projectId, before: auditLog.before, after: auditLog.after, reason: auditLog.reason, requestId: auditLog.requestId,
};

const select = (ctx: Ctx, where: SQL | undefined) =>
  ctx.db.select(COLUMNS).from(auditLog).leftJoin(apiTokens, eq(apiTokens.id, auditLog.tokenId)).where(and(eq(auditLog.orgId, ctx.orgId), inReach(ctx, ctx.grant), where));

/** Newest first. Without the permission on the organization: only what happened in the projects that the grant reaches. */
export async function listAudit(ctx: Ctx, input: ListAudit): Promise<Page<AuditView>> {
  const filter = and(
    input.actorId ? eq(auditLog.actorId, input.actorId) : undefined,
    input.action ? (input.action.includes(".") ? eq(auditLog.action, input.action) : like(auditLog.action, `${input.action}.%`)) : undefined,
    input.targetId ? eq(auditLog.targetId, input.targetId) : undefined,
    input.from ? gte(auditLog.at, input.from) : undefined,
    input.to ? lt(auditLog.at, input.to) : undefined,
    input.cursor ? lt(auditLog.id, input.cursor) : undefined,
  );
  const rows = await select(ctx, filter).orderBy(desc(auditLog.id)).limit(input.limit + 1);
  const items = rows.slice(0, input.limit).map(toView);
  return { items, nextCursor: rows.length > input.limit ? items.at(-1)!.id : null };
}

/** One entry. @throws DomainError not_found when missing or out of reach. */
export async function getAuditEntry(ctx: Ctx, id: string): Promise<AuditView> {
  const [row] = await select(ctx, eq(auditLog.id, id));
  if (!row) throw notFound();
  return toView(row);
}

function toView({ actorType, actorId, actorName, tokenId, tokenName, targetType, targetId, targetName, ...row }: Awaited<ReturnType<typeof select>>[number]): AuditView {
  return {
    ...row,
    actor: { type: actorType, id: actorId, name: actorName },
    token: tokenId ? { id: tokenId, name: tokenName } : null,
    target: { type: targetType, id: targetId, name: targetName },
  };
}

function inReach(ctx: Ctx, grant: Grant): SQL | undefined {
  if (grant.org) return undefined;
  const reached = ctx.db.select({ id: projects.id }).from(projects).where(and(eq(projects.orgId, ctx.orgId), reachedProjects(grant)));
  return sql`${auditLog.projectId} in ${reached}`;
}
