import { and, asc, eq, gt, inArray, isNull, or, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../db/client.ts";
import { apiTokens, orgs, projects, roleBindings, serviceAccounts, setupLinks, teams, users } from "../../db/schema/access.ts";
import type { Binding, Grant } from "../../domain/access/roles.ts";

/** An organization, by slug or by a token's own when no slug is given, and what somebody is given in it: one question, for it is asked with every request. */
export async function findStanding(db: DbOrTx, principalId: string, tokenOrgId: string | null, slug: string | null) {
  if (!slug && !tokenOrgId) return null;
  const bindings = sql<Binding[]>`(select coalesce(json_agg(json_build_object('role', b.role, 'scopeType', b.scope_type, 'scopeId', b.scope_id)), '[]')
    from ${roleBindings} b where b.org_id = ${orgs}.id and b.principal_id = ${principalId})`;
  const [found] = await db.select({ id: orgs.id, slug: orgs.slug, bindings }).from(orgs).where(slug ? eq(orgs.slug, slug) : eq(orgs.id, tokenOrgId!)).limit(1);
  return found ?? null;
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

/** Does anybody own any organization? Until then the setup link is the only way in. */
export async function hasOwner(db: DbOrTx): Promise<boolean> {
  const [row] = await db.select({ id: roleBindings.id }).from(roleBindings).where(eq(roleBindings.role, "owner")).limit(1);
  return row !== undefined;
}

export async function isSetupLinkLive(db: DbOrTx, tokenHash: string): Promise<boolean> {
  const [row] = await db
    .select({ hash: setupLinks.tokenHash })
    .from(setupLinks)
    .where(and(eq(setupLinks.tokenHash, tokenHash), isNull(setupLinks.usedAt), gt(setupLinks.expiresAt, sql`now()`)))
    .limit(1);
  return row !== undefined && !(await hasOwner(db));
}

/** The organizations somebody belongs to, by name. */
export async function listOrgsOf(db: DbOrTx, principalId: string) {
  return db
    .selectDistinct({ id: orgs.id, slug: orgs.slug, name: orgs.name })
    .from(orgs)
    .innerJoin(roleBindings, eq(roleBindings.orgId, orgs.id))
    .where(eq(roleBindings.principalId, principalId))
    .orderBy(asc(orgs.name))
    .limit(100);
}

/** SQL condition on `projects`: those that the grant reaches. undefined (no condition) when it reaches all. */
export function reachedProjects(grant: Grant): SQL | undefined {
  if (grant.org) return undefined;
  return or(inArray(projects.teamId, [...grant.teams]), inArray(projects.id, [...grant.projects]));
}

/** Frame of the organization for one caller: its teams, the projects that `grant` reaches, the caller's own bindings. */
export async function loadFrame(db: DbOrTx, principalId: string, grant: { orgId: string; projects: Grant | null }) {
  const [org] = await db.select({ id: orgs.id, slug: orgs.slug, name: orgs.name }).from(orgs).where(eq(orgs.id, grant.orgId));
  const allTeams = await db.select({ id: teams.id, slug: teams.slug, name: teams.name }).from(teams).where(eq(teams.orgId, grant.orgId)).orderBy(asc(teams.name)).limit(500);
  const seen = grant.projects
    ? await db
        .select({ id: projects.id, slug: projects.slug, name: projects.name, teamId: projects.teamId, archived: sql<boolean>`${projects.archivedAt} is not null` })
        .from(projects)
        .where(and(eq(projects.orgId, grant.orgId), reachedProjects(grant.projects)))
        .orderBy(sql`${projects.archivedAt} is not null`, asc(projects.name))
        .limit(1000)
    : [];
  const bindings = await listBindings(db, grant.orgId, principalId);
  return { org: org!, teams: allTeams, projects: seen, bindings };
}

/** Name and e-mail of a person; the name alone of a service account. */
export async function findPrincipal(db: DbOrTx, principalId: string): Promise<{ id: string; name: string; email: string | null } | null> {
  const [user] = await db.select({ id: users.id, name: users.name, email: users.email }).from(users).where(eq(users.id, principalId));
  if (user) return user;
  const [account] = await db.select({ id: serviceAccounts.id, name: serviceAccounts.name }).from(serviceAccounts).where(eq(serviceAccounts.id, principalId));
  return account ? { ...account, email: null } : null;
}
