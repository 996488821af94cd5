import { and, eq, gt, isNull, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { DbOrTx } from "../../../db/client.ts";
import { apiTokens, orgs, projects, roleBindings, serviceAccounts, users } from "../../../db/schema/access.ts";
import type { Binding } from "../../../domain/access/roles.ts";

const asked = alias(projects, "asked");
const BINDINGS = sql<Binding[]>`(select coalesce(json_agg(json_build_object('role', b.role, 'scopeType', b.scope_type, 'scopeId', b.scope_id)), '[]')
  from ${roleBindings} b where b.org_id = ${apiTokens.orgId} and b.principal_id = ${apiTokens.principalId})`;

/**
 * All that decides whether a token may act in a project of its organization, in one question: programs that log ask it with
 * every request, and what was revoked a moment ago is revoked. The project is null when the organization has none of that name.
 */
export async function findTokenEntry(db: DbOrTx, hash: string, projectSlug: string) {
  const [row] = await db
    .select({
      id: apiTokens.id,
      orgId: apiTokens.orgId,
      orgSlug: orgs.slug,
      projectId: apiTokens.projectId,
      projectTeamId: projects.teamId,
      principalType: apiTokens.principalType,
      principalId: apiTokens.principalId,
      principalName: sql<string>`coalesce(${users.name}, ${serviceAccounts.name}, 'unknown')`,
      permissions: apiTokens.permissions,
      bindings: BINDINGS,
      project: { id: asked.id, teamId: asked.teamId, slug: asked.slug },
    })
    .from(apiTokens)
    .innerJoin(orgs, eq(orgs.id, apiTokens.orgId))
    .leftJoin(projects, eq(projects.id, apiTokens.projectId))
    .leftJoin(users, eq(users.id, apiTokens.principalId))
    .leftJoin(serviceAccounts, eq(serviceAccounts.id, apiTokens.principalId))
    .leftJoin(asked, and(eq(asked.orgId, apiTokens.orgId), eq(asked.slug, projectSlug)))
    .where(and(eq(apiTokens.hash, hash), isNull(apiTokens.revokedAt), gt(apiTokens.expiresAt, sql`now()`), isNull(serviceAccounts.disabledAt)))
    .limit(1);
  return row ?? null;
}
