import { and, eq, gt, isNotNull, isNull, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { invitations, roleBindings, serviceAccounts, users } from "../../../db/schema/access.ts";
import type { AcceptInvitation, Invite } from "../../../domain/access/inputs.ts";
import { resolveGrant, ROLES } from "../../../domain/access/roles.ts";
import { whyNotGive } from "../../../domain/access/scopes.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { env } from "../../../env.ts";
import { paths } from "../../../paths.ts";
import type { BaseCtx, Ctx } from "../../trpc/context.ts";
import type { Actor } from "../actor.ts";
import { audit } from "../audit.ts";
import { publishAccess } from "../publish.ts";
import { listBindings } from "../queries.ts";
import { findScope, lockOrg } from "../queries/tree.ts";
import { randomSecret, sha256 } from "../secrets.ts";
import { hashPassword, insertUser } from "./account.ts";
import { refuseUngivable } from "./roles.ts";
import { inTurn } from "./turn.ts";

const VALID_DAYS = 7;

/** A link for one person and one role, good once and for seven days. A new invitation to the same place replaces the older one. */
export async function invite(asked: Ctx, input: Invite): Promise<{ id: string; link: string; expiresAt: Date }> {
  const token = randomSecret();
  const made = await asked.db.transaction(async (tx) => {
    const ctx = await inTurn(tx, asked);
    const scope = await findScope(tx, ctx, input.scopeType, input.scopeId);
    if (!scope) throw notFound();
    refuseUngivable(input.role, scope, ctx.grantFor);
    await refuseHolder(tx, ctx.orgId, input, scope.name);
    const place = { email: input.email, role: input.role, scopeType: scope.type, scopeId: scope.id };
    await tx
      .update(invitations)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(invitations.orgId, ctx.orgId), eq(invitations.email, place.email), eq(invitations.role, place.role), eq(invitations.scopeId, place.scopeId), isNull(invitations.acceptedAt), isNull(invitations.revokedAt)));
    const [row] = await tx
      .insert(invitations)
      .values({ orgId: ctx.orgId, ...place, tokenHash: sha256(token), invitedBy: ctx.actor.id, expiresAt: sql`now() + make_interval(days => ${VALID_DAYS})` })
      .returning({ id: invitations.id, expiresAt: invitations.expiresAt });
    await audit(tx, ctx, {
      action: "member.invite", target: { type: "invitation", id: row!.id, name: place.email },
      projectId: scope.type === "project" ? scope.id : null, after: { ...place, scopeName: scope.name, expiresAt: row!.expiresAt },
    });
    return row!;
  });
  await publishAccess(asked.orgId);
  return { ...made, link: new URL(paths.invite(token), env().DROVER_URL).href };
}

async function refuseHolder(tx: Tx, orgId: string, input: Invite, scopeName: string): Promise<void> {
  const [held] = await tx
    .select({ id: roleBindings.id })
    .from(roleBindings)
    .innerJoin(users, eq(users.id, roleBindings.principalId))
    .where(and(eq(roleBindings.orgId, orgId), eq(users.email, input.email), eq(roleBindings.role, input.role), eq(roleBindings.scopeId, input.scopeId)));
  if (!held) return;
  const message = `${input.email} is ${ROLES[input.role].label} of ${scopeName} already.`;
  throw new DomainError("conflict", message, { issues: [{ field: "email", message }] });
}

/** Withdraw an open invitation: its link stops working at once. */
export async function revokeInvitation(ctx: Ctx, { id }: { id: string }): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [row] = await tx.select().from(invitations).where(and(eq(invitations.orgId, ctx.orgId), eq(invitations.id, id))).for("update");
    const scope = row && (await findScope(tx, ctx, row.scopeType, row.scopeId));
    if (!row || !scope) throw notFound();
    refuseUngivable(row.role, scope, ctx.grantFor);
    if (row.acceptedAt || row.revokedAt) throw new DomainError("conflict", row.acceptedAt ? "This invitation was accepted. Take the role away instead." : "This invitation was withdrawn already.");
    await tx.update(invitations).set({ revokedAt: sql`now()` }).where(eq(invitations.id, id));
    await audit(tx, ctx, {
      action: "member.revoke-invitation", target: { type: "invitation", id, name: row.email },
      projectId: scope.type === "project" ? scope.id : null, before: { email: row.email, role: row.role, scopeType: row.scopeType, scopeId: row.scopeId },
    });
  });
  await publishAccess(ctx.orgId);
}

/**
 * A new person names themselves and chooses a password; somebody with an account must be signed in with the invited e-mail.
 * @throws DomainError not_found for a link that was used, withdrawn or is too old, or whose sender may not give the role any more.
 */
export async function acceptInvitation(ctx: BaseCtx, input: AcceptInvitation): Promise<{ orgSlug: string; email: string }> {
  const [seen] = await ctx.db.select({ email: invitations.email, orgId: invitations.orgId }).from(invitations).where(liveInvitation(sha256(input.token)));
  if (!seen) throw deadLink();
  const [user] = await ctx.db.select({ id: users.id, name: users.name, email: users.email }).from(users).where(eq(users.email, seen.email));
  if (user && ctx.caller?.email !== user.email) throw new DomainError("unauthenticated", `Sign in as ${user.email}, then open the link again.`);
  const person = user ? null : await newPerson(input, seen.email);
  const done = await ctx.db.transaction(async (tx) => {
    const org = await lockOrg(tx, seen.orgId); // before its sender's rights are looked at: they may be taken away just now
    const [invitation] = await tx.update(invitations).set({ acceptedAt: sql`now()` }).where(liveInvitation(sha256(input.token))).returning();
    if (!invitation) throw deadLink();
    await refuseLapsedSender(tx, invitation);
    const actor: Actor = { type: "user", id: user?.id ?? (await insertUser(tx, person!)), name: user?.name ?? person!.name, tokenId: null };
    const by = { orgId: invitation.orgId, actor, requestId: ctx.requestId };
    const binding = { role: invitation.role, scopeType: invitation.scopeType, scopeId: invitation.scopeId };
    await tx.insert(roleBindings).values({ orgId: invitation.orgId, principalType: "user", principalId: actor.id, ...binding, grantedBy: invitation.invitedBy }).onConflictDoNothing();
    const projectId = invitation.scopeType === "project" ? invitation.scopeId : null;
    if (!user) await audit(tx, by, { action: "user.sign-up", target: { type: "user", id: actor.id, name: actor.name }, projectId, after: { email: seen.email } });
    await audit(tx, by, { action: "member.accept", target: { type: "user", id: actor.id, name: actor.name }, projectId, after: { ...binding, invitation: invitation.id, invitedBy: invitation.invitedBy } });
    return { orgId: invitation.orgId, orgSlug: org.slug };
  });
  await publishAccess(done.orgId);
  return { orgSlug: done.orgSlug, email: seen.email };
}

const liveInvitation = (tokenHash: string) =>
  and(eq(invitations.tokenHash, tokenHash), isNull(invitations.acceptedAt), isNull(invitations.revokedAt), gt(invitations.expiresAt, sql`now()`));

const deadLink = () => new DomainError("not_found", "This invitation was used, withdrawn or is too old. Ask for a new one.");

async function newPerson(input: AcceptInvitation, email: string): Promise<{ name: string; email: string; passwordHash: string }> {
  const issues = [
    ...(input.name ? [] : [{ field: "name", message: "Give yourself a name." }]),
    ...(input.password ? [] : [{ field: "password", message: "Choose a password." }]),
  ];
  if (!input.name || !input.password) throw new DomainError("invalid", "A new account needs a name and a password.", { issues });
  return { name: input.name, email, passwordHash: await hashPassword(input.password) };
}

/** Otherwise somebody about to lose a role could keep it in a link. A disabled service account keeps its roles, but nothing of what it gave out. */
async function refuseLapsedSender(tx: Tx, invitation: typeof invitations.$inferSelect): Promise<void> {
  const [disabled] = await tx.select({ id: serviceAccounts.id }).from(serviceAccounts).where(and(eq(serviceAccounts.id, invitation.invitedBy), isNotNull(serviceAccounts.disabledAt)));
  if (disabled) throw deadLink();
  const bindings = await listBindings(tx, invitation.orgId, invitation.invitedBy);
  const grantFor = (name: Parameters<typeof resolveGrant>[1]) => resolveGrant(invitation.orgId, name, bindings);
  const scope = await findScope(tx, { orgId: invitation.orgId, grantFor }, invitation.scopeType, invitation.scopeId);
  if (!scope || whyNotGive(invitation.role, scope, grantFor)) throw deadLink();
}
