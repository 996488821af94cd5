import { and, desc, eq, gte, like, lt, sql, type SQL } from "drizzle-orm";
import { apiTokens, auditLog, projects } from "../../../db/schema/access.ts";
import type { ListAudit } from "../../../domain/access/inputs.ts";
import type { AuditView, Page } from "../../../domain/access/people-view.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { Ctx } from "../../trpc/context.ts";
import { reachedProjects } from "../queries.ts";

/** Newest first. Without the permission on the organization: only what happened in the projects that the grant reaches. */
export async function listAudit(ctx: Ctx, input: ListAudit): Promise<Page<AuditView>> {
  const rows = await ctx.db
    .select({
      id: auditLog.id, at: auditLog.at, actorType: auditLog.actorType, actorId: auditLog.actorId, actorName: auditLog.actorName, tokenId: auditLog.tokenId,
      tokenName: apiTokens.name, action: auditLog.action, targetType: auditLog.targetType, targetId: auditLog.targetId, targetName: auditLog.targetName,
      projectId: auditLog.projectId, before: auditLog.before, after: auditLog.after, reason: auditLog.reason, requestId: auditLog.requestId,
    })
    .from(auditLog)
    .leftJoin(apiTokens, eq(apiTokens.id, auditLog.tokenId))
    .where(
      and(
        eq(auditLog.orgId, ctx.orgId),
        inReach(ctx, ctx.grant),
        input.actorId ? eq(auditLog.actorId, input.actorId) : undefined,
        input.action ? (input.action.includes(".") ? eq(auditLog.action, input.action) : like(auditLog.action, `${input.action}.%`)) : undefined,
        input.targetId ? eq(auditLog.targetId, input.targetId) : undefined,
        input.from ? gte(auditLog.at, input.from) : undefined,
        input.to ? lt(auditLog.at, input.to) : undefined,
        input.cursor ? lt(auditLog.id, input.cursor) : undefined,
      ),
    )
    .orderBy(desc(auditLog.id))
    .limit(input.limit + 1);
  const items = rows.slice(0, input.limit).map(({ actorType, actorId, actorName, tokenId, tokenName, targetType, targetId, targetName, ...row }) => ({
    ...row,
    actor: { type: actorType, id: actorId, name: actorName },
    token: tokenId ? { id: tokenId, name: tokenName } : null,
    target: { type: targetType, id: targetId, name: targetName },
  }));
  return { items, nextCursor: rows.length > input.limit ? items.at(-1)!.id : null };
}

function inReach(ctx: Ctx, grant: Grant): SQL | undefined {
  if (grant.org) return undefined;
  const reached = ctx.db.select({ id: projects.id }).from(projects).where(and(eq(projects.orgId, ctx.orgId), reachedProjects(grant)));
  return sql`${auditLog.projectId} in ${reached}`;
}
