import { and, asc, count, countDistinct, eq, exists, ilike, inArray, isNull, or, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { orgs, projects, roleBindings, serviceAccounts, teams } from "../../../db/schema/access.ts";
import type { ListTeams } from "../../../domain/access/inputs.ts";
import type { Grantable, TeamView } from "../../../domain/access/people-view.ts";
import { ROLE_NAMES, type Grant, type ScopeType } from "../../../domain/access/roles.ts";
import { whyNotGive, type GrantFor, type Scope } from "../../../domain/access/scopes.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { containing } from "../../like.ts";
import { reachedProjects } from "../queries.ts";

/** Nodes shown at once in the scope pickers. */
const MOST_TEAMS = 1000;
const MOST_PROJECTS = 1000;

/** A node with its name, if it is in the organization and the caller may see it; else null. Teams are seen by all members. */
export async function findScope(db: DbOrTx, ctx: { orgId: string; grantFor: GrantFor }, type: ScopeType, id: string): Promise<(Scope & { name: string; archived: boolean }) | null> {
  if (type === "org") {
    const [org] = await db.select({ name: orgs.name }).from(orgs).where(and(eq(orgs.id, ctx.orgId), eq(orgs.id, id)));
    return org ? { type, id, teamId: null, name: org.name, archived: false } : null;
  }
  if (type === "team") {
    const [team] = await db.select({ name: teams.name, archivedAt: teams.archivedAt }).from(teams).where(and(eq(teams.orgId, ctx.orgId), eq(teams.id, id)));
    return team ? { type, id, teamId: null, name: team.name, archived: team.archivedAt !== null } : null;
  }
  const project = await findProject(db, ctx.orgId, ctx.grantFor("projects:read"), id);
  return project ? { type, id, teamId: project.teamId, name: project.name, archived: project.archivedAt !== null } : null;
}

/** One project that the grant reaches; null when missing or out of reach. */
export async function findProject(db: DbOrTx, orgId: string, grant: Grant | null, id: string) {
  if (!grant) return null;
  const [project] = await db
    .select({ id: projects.id, slug: projects.slug, name: projects.name, teamId: projects.teamId, archivedAt: projects.archivedAt })
    .from(projects)
    .where(and(eq(projects.orgId, orgId), eq(projects.id, id), reachedProjects(grant)));
  return project ?? null;
}

async function listProjects(db: DbOrTx, orgId: string, grant: Grant | null, ofTeams?: readonly string[]) {
  if (!grant) return [];
  return db
    .select({ id: projects.id, slug: projects.slug, name: projects.name, teamId: projects.teamId, archivedAt: projects.archivedAt })
    .from(projects)
    .where(and(eq(projects.orgId, orgId), reachedProjects(grant), ofTeams ? inArray(projects.teamId, [...ofTeams]) : undefined))
    .orderBy(sql`${projects.archivedAt} is not null`, asc(projects.name))
    .limit(MOST_PROJECTS);
}

/** Teams with the projects that the caller sees, and how many hold a role right there. `text`: in a name of either. */
export async function listTeams(db: DbOrTx, orgId: string, projectsGrant: Grant | null, { text, limit }: ListTeams): Promise<TeamView[]> {
  const named = (table: typeof teams | typeof projects) => or(ilike(table.name, containing(text!)), ilike(table.slug, containing(text!)));
  const hasProject = projectsGrant ? exists(db.select({ id: projects.id }).from(projects).where(and(eq(projects.teamId, teams.id), reachedProjects(projectsGrant), text ? named(projects) : undefined))) : undefined;
  const all = await db
    .select({ id: teams.id, slug: teams.slug, name: teams.name, archivedAt: teams.archivedAt })
    .from(teams)
    .where(and(eq(teams.orgId, orgId), text ? or(named(teams), hasProject) : undefined))
    .orderBy(sql`${teams.archivedAt} is not null`, asc(teams.name))
    .limit(limit);
  const seen = await listProjects(db, orgId, projectsGrant, all.map(({ id }) => id));
  const ids = [...all, ...seen].map((node) => node.id);
  const members = await db
    .select({ scopeId: roleBindings.scopeId, n: countDistinct(roleBindings.principalId) })
    .from(roleBindings)
    .where(and(eq(roleBindings.orgId, orgId), eq(roleBindings.principalType, "user"), inArray(roleBindings.scopeId, ids)))
    .groupBy(roleBindings.scopeId);
  const accounts = await db
    .select({ projectId: serviceAccounts.projectId, n: count() })
    .from(serviceAccounts)
    .where(and(eq(serviceAccounts.orgId, orgId), isNull(serviceAccounts.disabledAt)))
    .groupBy(serviceAccounts.projectId);
  const membersOf = new Map(members.map((row) => [row.scopeId, row.n]));
  const accountsOf = new Map(accounts.map((row) => [row.projectId, row.n]));
  return all.map((team) => ({
    ...team,
    members: membersOf.get(team.id) ?? 0,
    projects: seen
      .filter((project) => project.teamId === team.id)
      .map(({ id, slug, name, archivedAt }) => ({ id, slug, name, archivedAt, members: membersOf.get(id) ?? 0, serviceAccounts: accountsOf.get(id) ?? 0 })),
  }));
}

/** Where the caller may give which roles: the organization first, then teams, then projects. Empty for most people. */
export async function listGrantable(db: DbOrTx, ctx: { orgId: string; grantFor: GrantFor }): Promise<Grantable[]> {
  if (!ctx.grantFor("members:manage")) return [];
  const [org] = await db.select({ id: orgs.id, name: orgs.name }).from(orgs).where(eq(orgs.id, ctx.orgId));
  const all = await db.select({ id: teams.id, name: teams.name }).from(teams).where(eq(teams.orgId, ctx.orgId)).orderBy(asc(teams.name)).limit(MOST_TEAMS);
  const seen = await listProjects(db, ctx.orgId, ctx.grantFor("projects:read"));
  const nodes: (Scope & { name: string })[] = [
    { type: "org", id: org!.id, teamId: null, name: org!.name },
    ...all.map((team) => ({ type: "team" as const, id: team.id, teamId: null, name: team.name })),
    ...seen.map((project) => ({ type: "project" as const, id: project.id, teamId: project.teamId, name: project.name })),
  ];
  return nodes
    .map((node) => ({ scopeType: node.type, scopeId: node.id, name: node.name, roles: ROLE_NAMES.filter((role) => whyNotGive(role, node, ctx.grantFor) === null) }))
    .filter((node) => node.roles.length > 0);
}

/** Keeps the team open until the transaction ends. @throws DomainError "conflict" when it is archived: no open project comes into it. */
export async function holdTeamOpen(tx: DbOrTx, teamId: string): Promise<void> {
  const [team] = await tx.select({ name: teams.name, archivedAt: teams.archivedAt }).from(teams).where(eq(teams.id, teamId)).for("share");
  if (team?.archivedAt) throw new DomainError("conflict", `The team ${team.name} is archived. Restore it first.`);
}

/** Holds the organization's row until the transaction ends, so that changes of roles happen one after the other; what only refers to the organization does not wait. */
export async function lockOrg(tx: DbOrTx, orgId: string): Promise<{ id: string; slug: string; name: string }> {
  const [org] = await tx.select({ id: orgs.id, slug: orgs.slug, name: orgs.name }).from(orgs).where(eq(orgs.id, orgId)).for("no key update");
  return org!;
}

/** People who own the organization. */
export async function countOwners(db: DbOrTx, orgId: string): Promise<number> {
  const [row] = await db
    .select({ n: sql<number>`count(distinct ${roleBindings.principalId})::int` })
    .from(roleBindings)
    .where(and(eq(roleBindings.orgId, orgId), eq(roleBindings.role, "owner"), eq(roleBindings.principalType, "user")));
  return row!.n;
}
