import { createPublicKey } from "node:crypto";
import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { projects, teams } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { embedClients, embedReports, embedSessions } from "../../../db/schema/embeds.ts";
import type { AuditAction } from "../../../domain/access/audit-actions.ts";
import { type EmbedFilter, isKeyAddress } from "../../../domain/costs/embed.ts";
import type { ChangeEmbedClient, CreateEmbedClient, PublishReport } from "../../../domain/costs/embed-inputs.ts";
import { IDLE } from "../../../domain/costs/spend-filter.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { tellCosts } from "./tell-costs.ts";

const NOW = sql`now()` as unknown as Date;
/** Now by the site's clock, as far as its tokens showed it to be ahead: what it signed until now is dated before, what it signs from now on is not. */
const NOW_THERE = sql`now() + make_interval(secs => ${embedClients.aheadSeconds})` as unknown as Date;

export async function publishReport(ctx: Ctx, { title, by, range, filter }: PublishReport): Promise<{ id: string }> {
  const id = await ctx.db.transaction(async (tx) => {
    await checkFilter(tx, ctx.orgId, filter ?? {});
    const [made] = await tx.insert(embedReports).values({ orgId: ctx.orgId, title, by, range, filter: filter ?? null, createdBy: ctx.actor.name }).returning();
    await audit(tx, ctx, { action: "embed.publish", target: { type: "report", id: made!.id, name: title }, after: { title, by, range, ...(filter ? { filter } : {}) } });
    return made!.id;
  });
  await tellCosts(ctx);
  return { id };
}

/** What it is narrowed to must be of this organization, as must all else that is named. */
async function checkFilter(tx: Tx, orgId: string, { project, team, cluster }: EmbedFilter): Promise<void> {
  for (const [table, id] of [[projects, project], [teams, team === IDLE ? undefined : team], [clusters, cluster]] as const) {
    if (id !== undefined && (await tx.select({ id: table.id }).from(table).where(and(eq(table.orgId, orgId), eq(table.id, id)))).length === 0) throw notFound();
  }
}

/** No site shows it any more, from the next look on. */
export async function withdrawReport(ctx: Ctx, id: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [gone] = await tx.update(embedReports).set({ withdrawnAt: NOW }).where(and(eq(embedReports.orgId, ctx.orgId), eq(embedReports.id, id), isNull(embedReports.withdrawnAt))).returning();
    if (!gone) throw notFound();
    await audit(tx, ctx, { action: "embed.withdraw", target: { type: "report", id, name: gone.title } });
  });
  await tellCosts(ctx);
}

export async function createEmbedClient(ctx: Ctx, input: CreateEmbedClient): Promise<{ id: string }> {
  const id = await ctx.db.transaction(async (tx) => {
    await check(tx, ctx.orgId, input);
    const [made] = await tx.insert(embedClients).values({ ...input, orgId: ctx.orgId, createdBy: ctx.actor.name }).returning();
    await audit(tx, ctx, { action: "embed.client-create", target: { type: "embed-client", id: made!.id, name: input.name }, after: input });
    return made!.id;
  });
  await tellCosts(ctx);
  return { id };
}

/**
 * What becomes narrower holds for sessions that are open too: their next look is checked against it. What a session does not
 * remember ends them all: which key its token was signed with, on which site it stands, whether it named its projects.
 */
export async function changeEmbedClient(ctx: Ctx, { id, ...change }: ChangeEmbedClient): Promise<void> {
  await update(ctx, id, "embed.client-change", async (tx, before) => {
    await check(tx, ctx.orgId, change);
    const isOther = change.publicKey !== before.publicKey || before.origins.some((origin) => !change.origins.includes(origin)) || (change.mustFilter && !before.mustFilter);
    return isOther ? { ...change, ...(await revoked(tx, id)) } : change;
  });
}
export async function switchEmbedClient(ctx: Ctx, { id, disabled }: { id: string; disabled: boolean }): Promise<void> {
  await update(ctx, id, disabled ? "embed.client-disable" : "embed.client-enable", async () => ({ disabledAt: disabled ? NOW : null }));
}
/** Every token and session from before this moment is dead, as the site's own clock dates them; the key stays. */
export async function revokeEmbedClient(ctx: Ctx, id: string): Promise<void> {
  await update(ctx, id, "embed.client-revoke", (tx) => revoked(tx, id));
}
async function revoked(tx: Tx, id: string): Promise<Patch> {
  await tx.delete(embedSessions).where(eq(embedSessions.clientId, id));
  return { notBefore: NOW_THERE };
}

type Patch = Partial<typeof embedClients.$inferInsert>;
async function update(ctx: Ctx, id: string, action: AuditAction, patchOf: (tx: Tx, before: typeof embedClients.$inferSelect) => Promise<Patch>): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [before] = await tx.select().from(embedClients).where(and(eq(embedClients.orgId, ctx.orgId), eq(embedClients.id, id))).for("update");
    if (!before) throw notFound();
    const [after] = await tx.update(embedClients).set(await patchOf(tx, before)).where(eq(embedClients.id, id)).returning();
    await audit(tx, ctx, { action, target: { type: "embed-client", id, name: after!.name }, before, after });
  });
  await tellCosts(ctx);
}

/** @throws DomainError "invalid" for a key that is not Ed25519, and for reports or projects that are not here. */
async function check(tx: Tx, orgId: string, { publicKey, reportIds, projectIds }: CreateEmbedClient): Promise<void> {
  if (!isKeyAddress(publicKey) && !isEd25519(publicKey)) refuse("publicKey", "This is no Ed25519 key. Make a pair with: openssl genpkey -algorithm ed25519");
  const known = await tx.select({ id: embedReports.id }).from(embedReports).where(and(eq(embedReports.orgId, orgId), inArray(embedReports.id, reportIds)));
  if (known.length < new Set(reportIds).size) refuse("reportIds", "One of these reports is not here.");
  if (!projectIds) return;
  const found = await tx.select({ id: projects.id }).from(projects).where(and(eq(projects.orgId, orgId), inArray(projects.id, projectIds)));
  if (found.length < new Set(projectIds).size) refuse("projectIds", "One of these projects is not here.");
}

function isEd25519(pem: string): boolean {
  try {
    return createPublicKey(pem).asymmetricKeyType === "ed25519";
  } catch {
    return false;
  }
}

function refuse(field: string, message: string): never {
  throw new DomainError("invalid", message, { issues: [{ field, message }] });
}
