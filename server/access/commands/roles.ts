import { and, eq, isNull, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { apiTokens, invitations, roleBindings, serviceAccounts, users } from "../../../db/schema/access.ts";
import type { GrantRole } from "../../../domain/access/inputs.ts";
import { type Role, ROLES } from "../../../domain/access/roles.ts";
import { whyNotGive, type GrantFor, type Scope } from "../../../domain/access/scopes.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { audit } from "../audit.ts";
import { publishAccess } from "../publish.ts";
import { countOwners, findScope } from "../queries/tree.ts";
import { inTurn } from "./turn.ts";

/** @throws DomainError forbidden (or invalid, for a role that does not exist at such a node) unless the caller may give the role there. */
export function refuseUngivable(role: Role, scope: Scope, grantFor: GrantFor): void {
  const refusal = whyNotGive(role, scope, grantFor);
  if (!refusal) return;
  throw new DomainError(refusal.field === "scopeType" ? "invalid" : "forbidden", refusal.message, { issues: refusal.field ? [{ field: refusal.field, message: refusal.message }] : [] });
}

/** Give a member or service account of the organization one more role. */
export async function grantRole(asked: Ctx, input: GrantRole): Promise<{ id: string }> {
  const id = await asked.db.transaction(async (tx) => {
    const ctx = await inTurn(tx, asked);
    const scope = await findScope(tx, ctx, input.scopeType, input.scopeId);
    const principal = await findMember(tx, ctx.orgId, input.principalId);
    if (!scope || !principal) throw notFound();
    if (principal.projectId && !(await findScope(tx, ctx, "project", principal.projectId))) throw notFound();
    if (principal.projectId && principal.projectId !== scope.id) throw new DomainError("invalid", "A service account holds roles in its own project only.", { issues: [{ field: "scopeId", message: "Choose the service account's own project." }] });
    refuseUngivable(input.role, scope, ctx.grantFor);
    const binding = { role: input.role, scopeType: scope.type, scopeId: scope.id };
    const [row] = await tx
      .insert(roleBindings)
      .values({ orgId: ctx.orgId, principalType: principal.type, principalId: principal.id, ...binding, grantedBy: ctx.actor.id })
      .onConflictDoNothing()
      .returning({ id: roleBindings.id });
    if (!row) {
      const message = `${principal.name} is ${ROLES[input.role].label} of ${scope.name} already.`;
      throw new DomainError("conflict", message, { issues: [{ field: "role", message }] });
    }
    await audit(tx, ctx, { action: "member.grant", target: { type: principal.type, id: principal.id, name: principal.name }, projectId: scope.type === "project" ? scope.id : null, after: { ...binding, scopeName: scope.name } });
    return row.id;
  });
  await publishAccess(asked.orgId);
  return { id };
}

/** Take one role away; with the last one, the person leaves the organization and their tokens there stop working. */
export async function revokeRole(asked: Ctx, { id }: { id: string }): Promise<void> {
  await asked.db.transaction(async (tx) => {
    const ctx = await inTurn(tx, asked);
    const [binding] = await tx.select().from(roleBindings).where(and(eq(roleBindings.orgId, ctx.orgId), eq(roleBindings.id, id)));
    if (!binding) throw notFound();
    await revokeBinding(tx, ctx, binding);
    await revokeTokensOfLeaver(tx, ctx, binding.principalId);
  });
  await publishAccess(asked.orgId);
}

/** Take away every role that a person holds in the organization, and the ways back in that they still have. */
export async function removeMember(asked: Ctx, { userId }: { userId: string }): Promise<void> {
  await asked.db.transaction(async (tx) => {
    const ctx = await inTurn(tx, asked);
    const bindings = await tx.select().from(roleBindings).where(and(eq(roleBindings.orgId, ctx.orgId), eq(roleBindings.principalId, userId)));
    if (bindings.length === 0) throw notFound();
    for (const binding of bindings) await revokeBinding(tx, ctx, binding);
    await revokeTokensOfLeaver(tx, ctx, userId);
    await withdrawInvitationsOf(tx, ctx, userId);
  });
  await publishAccess(asked.orgId);
}

/** Those that the caller may withdraw: where somebody else manages people, that is for them to say. */
async function withdrawInvitationsOf(tx: Tx, ctx: Ctx, userId: string): Promise<void> {
  const open = await tx
    .select({ id: invitations.id, email: invitations.email, role: invitations.role, scopeType: invitations.scopeType, scopeId: invitations.scopeId })
    .from(invitations)
    .innerJoin(users, eq(users.email, invitations.email))
    .where(and(eq(invitations.orgId, ctx.orgId), eq(users.id, userId), isNull(invitations.acceptedAt), isNull(invitations.revokedAt)));
  for (const { id, ...invitation } of open) {
    const scope = await findScope(tx, ctx, invitation.scopeType, invitation.scopeId);
    if (!scope || whyNotGive(invitation.role, scope, ctx.grantFor)) continue;
    await tx.update(invitations).set({ revokedAt: sql`now()` }).where(eq(invitations.id, id));
    await audit(tx, ctx, { action: "member.revoke-invitation", target: { type: "invitation", id, name: invitation.email }, projectId: scope.type === "project" ? scope.id : null, before: invitation, reason: "Whom it is for was removed from the organization." });
  }
}

async function revokeBinding(tx: Tx, ctx: Ctx, binding: typeof roleBindings.$inferSelect): Promise<void> {
  const scope = await findScope(tx, ctx, binding.scopeType, binding.scopeId);
  if (!scope) throw notFound();
  refuseUngivable(binding.role, scope, ctx.grantFor);
  await tx.delete(roleBindings).where(eq(roleBindings.id, binding.id));
  if (binding.role === "owner" && (await countOwners(tx, ctx.orgId)) === 0) {
    throw new DomainError("conflict", "The last owner of the organization cannot be removed. Make somebody else an owner first.");
  }
  const principal = await findPrincipalName(tx, binding.principalId);
  await audit(tx, ctx, {
    action: "member.revoke", target: { type: binding.principalType, id: binding.principalId, name: principal }, projectId: scope.type === "project" ? scope.id : null,
    before: { role: binding.role, scopeType: scope.type, scopeId: scope.id, scopeName: scope.name },
  });
}

/** A token of somebody without roles can do nothing; revoked, it also stays dead should they come back. */
async function revokeTokensOfLeaver(tx: Tx, ctx: Ctx, principalId: string): Promise<void> {
  const [left] = await tx.select({ id: roleBindings.id }).from(roleBindings).where(and(eq(roleBindings.orgId, ctx.orgId), eq(roleBindings.principalId, principalId))).limit(1);
  if (left) return;
  const revoked = await tx
    .update(apiTokens)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(apiTokens.orgId, ctx.orgId), eq(apiTokens.principalId, principalId), isNull(apiTokens.revokedAt)))
    .returning({ id: apiTokens.id, name: apiTokens.name, projectId: apiTokens.projectId });
  for (const token of revoked) await audit(tx, ctx, { action: "token.revoke", target: { type: "token", id: token.id, name: token.name }, projectId: token.projectId, reason: "Its owner left the organization." });
}

async function findMember(tx: Tx, orgId: string, id: string): Promise<{ type: "user" | "service_account"; id: string; name: string; projectId: string | null } | null> {
  const [account] = await tx.select().from(serviceAccounts).where(and(eq(serviceAccounts.orgId, orgId), eq(serviceAccounts.id, id), isNull(serviceAccounts.disabledAt)));
  if (account) return { type: "service_account", id, name: account.name, projectId: account.projectId };
  const [user] = await tx
    .select({ name: users.name })
    .from(users)
    .innerJoin(roleBindings, eq(roleBindings.principalId, users.id))
    .where(and(eq(users.id, id), eq(roleBindings.orgId, orgId)))
    .limit(1);
  return user ? { type: "user", id, name: user.name, projectId: null } : null;
}

async function findPrincipalName(tx: Tx, id: string): Promise<string | undefined> {
  const [user] = await tx.select({ name: users.name }).from(users).where(eq(users.id, id));
  if (user) return user.name;
  const [account] = await tx.select({ name: serviceAccounts.name }).from(serviceAccounts).where(eq(serviceAccounts.id, id));
  return account?.name;
}
