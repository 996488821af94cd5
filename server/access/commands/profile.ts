import { and, eq, ne } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { accounts, sessions, users } from "../../../db/schema/access.ts";
import type { ChangePassword, UpdateProfile } from "../../../domain/access/inputs.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import type { BaseCtx } from "../../trpc/context.ts";
import type { AuditEntry } from "../audit.ts";
import { audit } from "../audit.ts";
import { auth } from "../auth.ts";
import { publishAccess } from "../publish.ts";
import { listOrgsOf } from "../queries.ts";
import { passwordTries } from "../throttle.ts";
import { hashPassword } from "./account.ts";

/** A person's own name, shown in all their organizations; each one's audit log says so. */
export async function updateProfile(ctx: BaseCtx, input: UpdateProfile): Promise<void> {
  const actor = personOnly(ctx);
  const orgs = await ctx.db.transaction(async (tx) => {
    const [before] = await tx.select({ name: users.name }).from(users).where(eq(users.id, actor.id)).for("update");
    if (before!.name === input.name) return [];
    await tx.update(users).set({ name: input.name }).where(eq(users.id, actor.id));
    return auditEverywhere(tx, ctx, { action: "user.update", target: { type: "user", id: actor.id, name: input.name }, before: { name: before!.name }, after: { name: input.name } });
  });
  await Promise.all(orgs.map((org) => publishAccess(org.id)));
}

/** Ends every other session of the person: whoever knew the old password is out. API tokens stay. */
export async function changePassword(ctx: BaseCtx, input: ChangePassword): Promise<void> {
  const actor = personOnly(ctx);
  const [account] = await ctx.db.select({ id: accounts.id, password: accounts.password }).from(accounts).where(and(eq(accounts.userId, actor.id), eq(accounts.providerId, "credential")));
  const { password: hasher } = await auth().$context;
  const guess = passwordTries.attempt(actor.id, `session of ${actor.id}`); // from nowhere that others are, too: their failures count for nobody else
  if (!account?.password || !(await hasher.verify({ hash: account.password, password: input.current }))) {
    throw new DomainError("invalid", "The current password is wrong.", { issues: [{ field: "current", message: "This is not your current password." }] });
  }
  guess.succeeded();
  const hash = await hashPassword(input.next);
  const sessionId = ctx.caller?.sessionId;
  const orgs = await ctx.db.transaction(async (tx) => {
    await tx.update(accounts).set({ password: hash }).where(eq(accounts.id, account.id));
    await tx.delete(sessions).where(and(eq(sessions.userId, actor.id), sessionId ? ne(sessions.id, sessionId) : undefined));
    return auditEverywhere(tx, ctx, { action: "user.change-password", target: { type: "user", id: actor.id, name: actor.name } });
  });
  await Promise.all(orgs.map((org) => publishAccess(org.id)));
}

function personOnly(ctx: BaseCtx) {
  const actor = ctx.caller?.actor;
  if (!actor || actor.type !== "user" || actor.tokenId) throw new DomainError("forbidden", "Only a signed-in person can do this, not a token.");
  return actor;
}

async function auditEverywhere(tx: Tx, ctx: BaseCtx, entry: AuditEntry): Promise<{ id: string }[]> {
  const actor = ctx.caller!.actor;
  const orgs = await listOrgsOf(tx, actor.id);
  for (const org of orgs) await audit(tx, { orgId: org.id, actor, requestId: ctx.requestId }, entry);
  return orgs;
}
