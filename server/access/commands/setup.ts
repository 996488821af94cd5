import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { orgs, projects, roleBindings, setupLinks, teams } from "../../../db/schema/access.ts";
import type { CompleteSetup } from "../../../domain/access/inputs.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { slugify } from "../../../domain/shared/id-format.ts";
import { RESERVED_SLUGS } from "../../../paths.ts";
import { audit } from "../audit.ts";
import { publishAccess } from "../publish.ts";
import { hasOwner, isSetupLinkLive } from "../queries.ts";
import { sha256 } from "../secrets.ts";
import { hashPassword, insertUser } from "./account.ts";
import { LOCKS } from "../../locks.ts";

export async function insertSetupLink(db: Db, tokenHash: string, expiresAt: Date): Promise<void> {
  await db.insert(setupLinks).values({ tokenHash, expiresAt });
}

/**
 * The first owner and their organization, all or nothing. A setup link works once, and none works once there is an owner.
 * @throws DomainError not_found for a link that is unknown, used or too old.
 */
export async function completeSetup(ctx: { db: Db; requestId: string }, input: CompleteSetup): Promise<{ orgSlug: string }> {
  const tokenHash = sha256(input.token);
  if (!(await isSetupLinkLive(ctx.db, tokenHash))) throw deadLink();
  const passwordHash = await hashPassword(input.password);
  const made = await ctx.db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.setup})`); // two different links must not make two owners
    const [link] = await tx
      .update(setupLinks)
      .set({ usedAt: sql`now()` })
      .where(and(eq(setupLinks.tokenHash, tokenHash), isNull(setupLinks.usedAt), gt(setupLinks.expiresAt, sql`now()`)))
      .returning({ tokenHash: setupLinks.tokenHash });
    if (!link || (await hasOwner(tx))) throw deadLink();
    const slug = orgSlug(input.orgName);
    const userId = await insertUser(tx, { name: input.name, email: input.email, passwordHash });
    const [org] = await tx.insert(orgs).values({ slug, name: input.orgName }).returning();
    const by = { orgId: org!.id, actor: { type: "user" as const, id: userId, name: input.name, tokenId: null }, requestId: ctx.requestId };
    const [team] = await tx.insert(teams).values({ orgId: org!.id, slug: "default", name: "Default" }).returning();
    const [project] = await tx.insert(projects).values({ orgId: org!.id, teamId: team!.id, slug: "default", name: "Default" }).returning();
    const binding = { role: "owner" as const, scopeType: "org" as const, scopeId: org!.id };
    await tx.insert(roleBindings).values({ orgId: org!.id, principalType: "user", principalId: userId, ...binding, grantedBy: userId });
    await audit(tx, by, { action: "user.sign-up", target: { type: "user", id: userId, name: input.name }, after: { email: input.email } });
    await audit(tx, by, { action: "org.create", target: { type: "organization", id: org!.id, name: org!.name }, after: { name: org!.name, slug } });
    await audit(tx, by, { action: "team.create", target: { type: "team", id: team!.id, name: team!.name }, after: { name: team!.name, slug: team!.slug } });
    await audit(tx, by, { action: "project.create", target: { type: "project", id: project!.id, name: project!.name }, projectId: project!.id, after: { name: project!.name, slug: project!.slug } });
    await audit(tx, by, { action: "member.grant", target: { type: "user", id: userId, name: input.name }, after: binding });
    return { orgId: org!.id, orgSlug: slug };
  });
  await publishAccess(made.orgId);
  return { orgSlug: made.orgSlug };
}

const deadLink = () => new DomainError("not_found", "This setup link was used or is too old. Start Drover again to print a new one.");

function orgSlug(name: string): string {
  const slug = slugify(name);
  return RESERVED_SLUGS.includes(slug) ? `${slug.slice(0, 59)}-org` : slug;
}
