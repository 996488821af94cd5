import { and, asc, count, desc, eq, exists, gt, ilike, inArray, isNull, or, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { invitations, orgs, projects, roleBindings, sessions, teams, users } from "../../../db/schema/access.ts";
import type { ListPage, ListPeople } from "../../../domain/access/inputs.ts";
import type { BindingView, InvitationView, MemberView, OpenInvitation, Page } from "../../../domain/access/people-view.ts";
import type { Grant, Role, ScopeType } from "../../../domain/access/roles.ts";
import { covers, whyNotGive, type GrantFor } from "../../../domain/access/scopes.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { reachedProjects } from "../queries.ts";
import { countOwners } from "./tree.ts";
import { containing } from "../../like.ts";

const scopeName = sql<string | null>`coalesce(${projects.name}, ${teams.name}, ${orgs.name})`;
/** A session's row goes with signing out; the audit log keeps when it began. Written out: drizzle drops table names from columns in a select from one table. */
const lastSignInAt = (ctx: Ctx) =>
  sql<Date | null>`greatest(
    (select max(s.created_at) from sessions s where s.user_id = users.id),
    (select a.at from audit_log a where a.org_id = ${ctx.orgId} and a.target_id = users.id and a.action = 'user.sign-in' order by a.id desc limit 1))`.mapWith(sessions.createdAt);
const LAST_OWNER = "The last owner of the organization cannot be removed. Make somebody else an owner first.";

/** Members by name, each with the roles that the caller may see. `cursor` is opaque. */
export async function listPeople(ctx: Ctx, input: ListPeople): Promise<Page<MemberView> & { total: number }> {
  const text = input.text ? containing(input.text) : null;
  const matches = and(isInOrg(ctx), text ? or(ilike(users.name, text), ilike(users.email, text)) : undefined);
  const after = readCursor(input.cursor);
  const found = await ctx.db
    .select({ id: users.id, name: users.name, email: users.email, lastSignInAt: lastSignInAt(ctx), sortedBy: sql<string>`lower(${users.name})` })
    .from(users)
    .where(and(matches, after ? sql`(lower(${users.name}), ${users.id}) > (${after[0]}, ${after[1]})` : undefined))
    .orderBy(sql`lower(${users.name})`, asc(users.id))
    .limit(input.limit + 1);
  const [total] = await ctx.db.select({ n: count() }).from(users).where(matches);
  const page = found.slice(0, input.limit);
  const last = page.at(-1);
  return { items: await withRoles(ctx, page.map(({ sortedBy: _, ...user }) => user)), total: total!.n, nextCursor: found.length > input.limit && last ? writeCursor(last.sortedBy, last.id) : null };
}

/** One member. @throws DomainError not_found when they hold no role in the organization. */
export async function getMember(ctx: Ctx, userId: string): Promise<MemberView> {
  const found = await ctx.db
    .select({ id: users.id, name: users.name, email: users.email, lastSignInAt: lastSignInAt(ctx) })
    .from(users)
    .where(and(eq(users.id, userId), isInOrg(ctx)));
  const [member] = await withRoles(ctx, found);
  if (!member) throw notFound();
  return member;
}

const isInOrg = (ctx: Ctx) => exists(ctx.db.select({ one: sql`1` }).from(roleBindings).where(and(eq(roleBindings.orgId, ctx.orgId), eq(roleBindings.principalId, users.id))));

async function withRoles(ctx: Ctx, page: Pick<MemberView, "id" | "name" | "email" | "lastSignInAt">[]): Promise<MemberView[]> {
  const bindings = await listBindingViews(ctx, page.map((user) => user.id));
  return page.map((user) => {
    const own = bindings.filter((binding) => binding.principalId === user.id);
    return { ...user, isViewer: user.id === ctx.actor.id, bindings: own.map(({ principalId: _, ...binding }) => binding), removable: removable(own) };
  });
}

function removable(bindings: BindingView[]): MemberView["removable"] {
  return bindings.find((binding) => !binding.removable.ok)?.removable ?? { ok: true };
}

async function listBindingViews(ctx: Ctx, principalIds: string[]): Promise<(BindingView & { principalId: string })[]> {
  if (principalIds.length === 0) return [];
  const granter = sql<string | null>`(select u.name from users u where u.id = ${roleBindings.grantedBy})`;
  const rows = await ctx.db
    .select({
      id: roleBindings.id, principalId: roleBindings.principalId, role: roleBindings.role, scopeType: roleBindings.scopeType,
      scopeId: roleBindings.scopeId, scopeName, teamId: projects.teamId, grantedBy: granter, at: roleBindings.createdAt,
    })
    .from(roleBindings)
    .leftJoin(orgs, eq(orgs.id, roleBindings.scopeId))
    .leftJoin(teams, eq(teams.id, roleBindings.scopeId))
    .leftJoin(projects, eq(projects.id, roleBindings.scopeId))
    .where(and(eq(roleBindings.orgId, ctx.orgId), inArray(roleBindings.principalId, principalIds)))
    .orderBy(sql`array_position(array['org','team','project'], ${roleBindings.scopeType})`, asc(roleBindings.id));
  const owners = await countOwners(ctx.db, ctx.orgId);
  const seesProjects = ctx.grantFor("projects:read");
  return rows
    .filter((row) => row.scopeType !== "project" || covers(seesProjects, { type: "project", id: row.scopeId, teamId: row.teamId }))
    .map(({ teamId, ...row }) => ({ ...row, scopeName: row.scopeName ?? row.scopeId, removable: mayRemove(ctx.grantFor, { ...row, teamId }, owners) }));
}

function mayRemove(grantFor: GrantFor, row: { role: Role; scopeType: ScopeType; scopeId: string; teamId: string | null }, owners: number): BindingView["removable"] {
  const refusal = whyNotGive(row.role, { type: row.scopeType, id: row.scopeId, teamId: row.teamId }, grantFor);
  if (refusal) return { ok: false, reason: refusal.message };
  return row.role === "owner" && owners <= 1 ? { ok: false, reason: LAST_OWNER } : { ok: true };
}

/** Open invitations to places where the caller manages members, newest first; expired ones stay until withdrawn or replaced. */
export async function listInvitations(ctx: Ctx, input: ListPage): Promise<Page<InvitationView> & { total: number }> {
  const where = and(eq(invitations.orgId, ctx.orgId), isNull(invitations.acceptedAt), isNull(invitations.revokedAt), reachedInvitations(ctx.grant));
  const rows = await ctx.db
    .select({
      id: invitations.id, email: invitations.email, role: invitations.role, scopeType: invitations.scopeType, scopeName,
      invitedBy: sql<string>`coalesce(${users.name}, ${invitations.invitedBy})`, createdAt: invitations.createdAt, expiresAt: invitations.expiresAt,
      isExpired: sql<boolean>`${invitations.expiresAt} <= now()`,
    })
    .from(invitations)
    .leftJoin(users, eq(users.id, invitations.invitedBy))
    .leftJoin(orgs, eq(orgs.id, invitations.scopeId))
    .leftJoin(teams, eq(teams.id, invitations.scopeId))
    .leftJoin(projects, eq(projects.id, invitations.scopeId))
    .where(and(where, input.cursor ? sql`${invitations.id} < ${input.cursor}` : undefined))
    .orderBy(desc(invitations.id))
    .limit(input.limit + 1);
  const [total] = await ctx.db.select({ n: count() }).from(invitations).leftJoin(projects, eq(projects.id, invitations.scopeId)).where(where);
  const items = rows.slice(0, input.limit).map((row) => ({ ...row, scopeName: row.scopeName ?? "" }));
  return { items, total: total!.n, nextCursor: rows.length > input.limit ? items.at(-1)!.id : null };
}

/** SQL condition on `invitations` (with `projects` joined by scope): places that the grant covers. */
function reachedInvitations(grant: Grant): SQL | undefined {
  if (grant.org) return undefined;
  return or(inArray(invitations.scopeId, [...grant.teams]), and(eq(invitations.scopeType, "project"), reachedProjects(grant)));
}

/** What the holder of a link may know before accepting. */
export async function findInvitation(db: DbOrTx, tokenHash: string): Promise<OpenInvitation> {
  const [row] = await db
    .select({
      orgName: orgs.name, orgSlug: orgs.slug, email: invitations.email, role: invitations.role, scopeType: invitations.scopeType,
      scopeName: sql<string>`coalesce(${projects.name}, ${teams.name}, ${orgs.name})`, expiresAt: invitations.expiresAt,
      invitedBy: sql<string>`coalesce((select u.name from users u where u.id = ${invitations.invitedBy}), 'An admin')`,
      existingUser: sql<boolean>`exists (select 1 from users u where u.email = ${invitations.email})`,
    })
    .from(invitations)
    .innerJoin(orgs, eq(orgs.id, invitations.orgId))
    .leftJoin(teams, eq(teams.id, invitations.scopeId))
    .leftJoin(projects, eq(projects.id, invitations.scopeId))
    .where(and(eq(invitations.tokenHash, tokenHash), isNull(invitations.acceptedAt), isNull(invitations.revokedAt), gt(invitations.expiresAt, sql`now()`)));
  return row ? { valid: true, ...row } : { valid: false };
}

const writeCursor = (...parts: [string, string]): string => Buffer.from(JSON.stringify(parts)).toString("base64url");

/** null for none, and for one that is not ours: the list then starts at its beginning. */
function readCursor(cursor: string | undefined): [string, string] | null {
  if (!cursor) return null;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === "string") ? (parts as [string, string]) : null;
  } catch {
    return null;
  }
}
