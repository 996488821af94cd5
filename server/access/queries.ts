import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { DbOrTx } from "../../db/client.ts";
import { apiTokens, orgs, projects, roleBindings, serviceAccounts, users } from "../../db/schema/access.ts";
import type { Binding } from "../../domain/access/roles.ts";

/** By slug, or by a token's own organization when no slug is given. */
export async function findOrgBySlug(db: DbOrTx, tokenOrgId: string | null, slug: string | null) {
  if (!slug && !tokenOrgId) return null;
  const [org] = await db.select().from(orgs).where(slug ? eq(orgs.slug, slug) : eq(orgs.id, tokenOrgId!)).limit(1);
  return org ?? null;
}

export async function listBindings(db: DbOrTx, orgId: string, principalId: string): Promise<Binding[]> {
  return db
    .select({ role: roleBindings.role, scopeType: roleBindings.scopeType, scopeId: roleBindings.scopeId })
    .from(roleBindings)
    .where(and(eq(roleBindings.orgId, orgId), eq(roleBindings.principalId, principalId)));
}

/** A token that may be used now: not revoked, not expired, its service account not disabled. */
export async function findLiveToken(db: DbOrTx, hash: string) {
  const [row] = await db
    .select({
      id: apiTokens.id,
      orgId: apiTokens.orgId,
      projectId: apiTokens.projectId,
      projectTeamId: projects.teamId,
      principalType: apiTokens.principalType,
      principalId: apiTokens.principalId,
      principalName: sql<string>`coalesce(${users.name}, ${serviceAccounts.name}, 'unknown')`,
      permissions: apiTokens.permissions,
    })
    .from(apiTokens)
    .leftJoin(projects, eq(projects.id, apiTokens.projectId))
    .leftJoin(users, eq(users.id, apiTokens.principalId))
    .leftJoin(serviceAccounts, eq(serviceAccounts.id, apiTokens.principalId))
    .where(and(eq(apiTokens.hash, hash), isNull(apiTokens.revokedAt), gt(apiTokens.expiresAt, sql`now()`), isNull(serviceAccounts.disabledAt)))
    .limit(1);
  return row ?? null;
}
