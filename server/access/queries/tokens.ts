import { aliasedTable, and, count, desc, eq, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { apiTokens, projects, roleBindings, serviceAccounts, users } from "../../../db/schema/access.ts";
import type { ListPage } from "../../../domain/access/inputs.ts";
import type { Page, ServiceAccountView, TokenState, TokenView } from "../../../domain/access/people-view.ts";
import type { Permission } from "../../../domain/access/permissions.ts";
import type { Role } from "../../../domain/access/roles.ts";
import { maskedToken } from "../../../domain/access/token-format.ts";
import type { Ctx } from "../../trpc/context.ts";
import { reachedProjects } from "../queries.ts";
import { grantableTo } from "../../../domain/access/token-rights.ts";

const creators = aliasedTable(users, "creators");

/** The caller's own tokens, newest first. */
export async function listMyTokens(ctx: Ctx, input: ListPage): Promise<Page<TokenView> & { total: number }> {
  return listTokensWhere(ctx, and(eq(apiTokens.orgId, ctx.orgId), eq(apiTokens.principalId, ctx.actor.id)), input);
}

/** Tokens of service accounts in projects that the caller manages; with the permission on the organization, people's tokens too. */
export async function listTokens(ctx: Ctx, input: ListPage): Promise<Page<TokenView> & { total: number }> {
  const reached = ctx.grant.org ? undefined : and(eq(apiTokens.principalType, "service_account"), reachedProjects(ctx.grant));
  return listTokensWhere(ctx, and(eq(apiTokens.orgId, ctx.orgId), reached), input);
}

async function listTokensWhere(ctx: Ctx, where: SQL | undefined, input: ListPage) {
  const rows = await ctx.db
    .select({
      id: apiTokens.id, name: apiTokens.name, principalType: apiTokens.principalType, principalId: apiTokens.principalId, lastFour: apiTokens.lastFour,
      ownerName: sql<string>`coalesce(${users.name}, ${serviceAccounts.name}, ${apiTokens.principalId})`,
      projectId: projects.id, projectSlug: projects.slug, projectName: projects.name,
      permissions: apiTokens.permissions, createdBy: sql<string>`coalesce(${creators.name}, ${apiTokens.createdBy})`,
      createdAt: apiTokens.createdAt, expiresAt: apiTokens.expiresAt, lastUsedAt: apiTokens.lastUsedAt,
      state: sql<TokenState>`case when ${apiTokens.revokedAt} is not null then 'revoked' when ${serviceAccounts.disabledAt} is not null then 'disabled' when ${apiTokens.expiresAt} <= now() then 'expired' else 'live' end`,
    })
    .from(apiTokens)
    .leftJoin(projects, eq(projects.id, apiTokens.projectId))
    .leftJoin(users, eq(users.id, apiTokens.principalId))
    .leftJoin(serviceAccounts, eq(serviceAccounts.id, apiTokens.principalId))
    .leftJoin(creators, eq(creators.id, apiTokens.createdBy))
    .where(and(where, input.cursor ? sql`${apiTokens.id} < ${input.cursor}` : undefined))
    .orderBy(desc(apiTokens.id))
    .limit(input.limit + 1);
  const [total] = await ctx.db.select({ n: count() }).from(apiTokens).leftJoin(projects, eq(projects.id, apiTokens.projectId)).where(where);
  const items = rows.slice(0, input.limit).map(toTokenView);
  return { items, total: total!.n, nextCursor: rows.length > input.limit ? items.at(-1)!.id : null };
}

interface TokenRow extends Omit<TokenView, "kind" | "masked" | "owner" | "project" | "permissions"> {
  principalType: "user" | "service_account";
  principalId: string;
  lastFour: string;
  ownerName: string;
  projectId: string | null;
  projectSlug: string | null;
  projectName: string | null;
  permissions: string[];
}

function toTokenView(row: TokenRow): TokenView {
  const kind = row.principalType === "user" ? "pat" : "sat";
  return {
    id: row.id, name: row.name, kind, masked: maskedToken(kind, row.id, row.lastFour), owner: { id: row.principalId, name: row.ownerName },
    project: row.projectId ? { id: row.projectId, slug: row.projectSlug!, name: row.projectName! } : null,
    permissions: row.permissions as Permission[], state: row.state, createdBy: row.createdBy, createdAt: row.createdAt, expiresAt: row.expiresAt, lastUsedAt: row.lastUsedAt,
  };
}

/** Service accounts of the projects that the caller manages, newest first. */
export async function listServiceAccounts(ctx: Ctx, input: ListPage): Promise<Page<ServiceAccountView> & { total: number }> {
  const where = and(eq(serviceAccounts.orgId, ctx.orgId), reachedProjects(ctx.grant));
  const rows = await ctx.db
    .select({
      id: serviceAccounts.id, name: serviceAccounts.name, projectId: projects.id, projectSlug: projects.slug, projectName: projects.name, teamId: projects.teamId,
      roles: sql<Role[]>`array(select b.role from ${roleBindings} b where b.principal_id = ${serviceAccounts.id} order by b.id)`,
      liveTokens: sql<number>`(select count(*)::int from ${apiTokens} t where t.principal_id = ${serviceAccounts.id} and t.revoked_at is null and t.expires_at > now())`,
      createdBy: sql<string>`coalesce(${users.name}, ${serviceAccounts.createdBy})`, createdAt: serviceAccounts.createdAt, disabledAt: serviceAccounts.disabledAt,
    })
    .from(serviceAccounts)
    .innerJoin(projects, eq(projects.id, serviceAccounts.projectId))
    .leftJoin(users, eq(users.id, serviceAccounts.createdBy))
    .where(and(where, input.cursor ? sql`${serviceAccounts.id} < ${input.cursor}` : undefined))
    .orderBy(desc(serviceAccounts.id))
    .limit(input.limit + 1);
  const [total] = await ctx.db.select({ n: count() }).from(serviceAccounts).innerJoin(projects, eq(projects.id, serviceAccounts.projectId)).where(where);
  const items = rows.slice(0, input.limit).map(({ projectId, projectSlug, projectName, teamId, ...row }) => ({
    ...row,
    project: { id: projectId, slug: projectSlug, name: projectName },
    grantable: grantableTo(ctx, row.roles, { type: "project", id: projectId, teamId }),
  }));
  return { items, total: total!.n, nextCursor: rows.length > input.limit ? items.at(-1)!.id : null };
}

/** A service account in a project that the caller manages; null when missing or out of reach. */
export async function findServiceAccount(db: DbOrTx, ctx: Ctx, id: string) {
  const [row] = await db
    .select({
      id: serviceAccounts.id, name: serviceAccounts.name, disabledAt: serviceAccounts.disabledAt, projectId: projects.id, teamId: projects.teamId,
      roles: sql<Role[]>`array(select b.role from ${roleBindings} b where b.principal_id = ${serviceAccounts.id} order by b.id)`,
    })
    .from(serviceAccounts)
    .innerJoin(projects, eq(projects.id, serviceAccounts.projectId))
    .where(and(eq(serviceAccounts.orgId, ctx.orgId), eq(serviceAccounts.id, id), reachedProjects(ctx.grant)));
  return row ?? null;
}

/** A token that the caller may revoke as a manager: the same reach as the list. */
export async function findManagedToken(db: DbOrTx, ctx: Ctx, id: string) {
  const reached = ctx.grant.org ? undefined : and(eq(apiTokens.principalType, "service_account"), reachedProjects(ctx.grant));
  return findToken(db, and(eq(apiTokens.orgId, ctx.orgId), eq(apiTokens.id, id), reached));
}

export async function findMyToken(db: DbOrTx, ctx: Ctx, id: string) {
  return findToken(db, and(eq(apiTokens.orgId, ctx.orgId), eq(apiTokens.id, id), eq(apiTokens.principalId, ctx.actor.id)));
}

async function findToken(db: DbOrTx, where: SQL | undefined) {
  const [row] = await db
    .select({ id: apiTokens.id, name: apiTokens.name, projectId: apiTokens.projectId, principalId: apiTokens.principalId, revokedAt: apiTokens.revokedAt })
    .from(apiTokens)
    .leftJoin(projects, eq(projects.id, apiTokens.projectId))
    .where(where);
  return row ?? null;
}
