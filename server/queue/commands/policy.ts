import { isDeepStrictEqual } from "node:util";
import { and, eq } from "drizzle-orm";
import { projects, teams } from "../../../db/schema/access.ts";
import { queuePolicies, quotas, teamUsage } from "../../../db/schema/queue.ts";
import type { Tx } from "../../../db/client.ts";
import type { ChangePolicy, QuotaHolding } from "../../../domain/queue/inputs.ts";
import { QueuePolicy } from "../../../domain/queue/policy.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { lockOrg } from "../../access/queries/tree.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { loadPolicy } from "../queries/policy.ts";

const tell = (ctx: Ctx) => bus().publishNow([{ orgId: ctx.orgId, topic: "queue", id: ctx.orgId }]);

/** What is not named stays as it is by then: of two who change different things at once, both do. */
export async function setPolicy(ctx: Ctx, change: ChangePolicy): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockOrg(tx, ctx.orgId);
    const before = await loadPolicy(tx, ctx.orgId);
    const policy: QueuePolicy = QueuePolicy.parse({ ...before, ...change });
    if (isDeepStrictEqual(policy, before)) return;
    await tx.insert(queuePolicies).values({ orgId: ctx.orgId, policy }).onConflictDoUpdate({ target: queuePolicies.orgId, set: { policy, updatedAt: new Date() } });
    await audit(tx, ctx, { action: "queue.policy", target: { type: "organization", id: ctx.orgId }, before, after: policy });
  });
  await tell(ctx);
}

export async function setTeamQuota(ctx: Ctx, { teamId, ...holding }: QuotaHolding & { teamId: string }): Promise<void> {
  await setQuota(ctx, { scope: "team", scopeId: teamId }, holding);
}

export async function setProjectQuota(ctx: Ctx, { projectId, ...holding }: QuotaHolding & { projectId: string }): Promise<void> {
  await setQuota(ctx, { scope: "project", scopeId: projectId }, holding);
}

type Of = { scope: "team" | "project"; scopeId: string };

/** One quota per scope and model: setting it again replaces it. @throws DomainError "not_found" */
async function setQuota(ctx: Ctx, of: Of, holding: QuotaHolding): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const name = await nameOf(tx, ctx.orgId, of);
    const [before] = await tx.select().from(quotas).where(and(eq(quotas.orgId, ctx.orgId), eq(quotas.scope, of.scope), eq(quotas.scopeId, of.scopeId), eq(quotas.model, holding.model)));
    const [after] = await tx
      .insert(quotas)
      .values({ orgId: ctx.orgId, ...of, ...holding })
      .onConflictDoUpdate({ target: [quotas.orgId, quotas.scope, quotas.scopeId, quotas.model], set: { guaranteed: holding.guaranteed, borrow: holding.borrow, limit: holding.limit, updatedAt: new Date() } })
      .returning();
    const target = { type: "quota", id: after!.id, name: `${name}, ${holding.model}` };
    await audit(tx, ctx, { action: "queue.quota", target, projectId: of.scope === "project" ? of.scopeId : null, before: before ? pick(before) : null, after: holding });
  });
  await tell(ctx);
}

const pick = ({ model, guaranteed, borrow, limit }: QuotaHolding) => ({ model, guaranteed, borrow, limit });

async function nameOf(tx: Tx, orgId: string, { scope, scopeId }: Of): Promise<string> {
  const table = scope === "team" ? teams : projects;
  const [found] = await tx.select({ name: table.name }).from(table).where(and(eq(table.orgId, orgId), eq(table.id, scopeId)));
  if (!found) throw notFound();
  return found.name;
}

export async function removeQuota(ctx: Ctx, id: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [gone] = await tx.delete(quotas).where(and(eq(quotas.orgId, ctx.orgId), eq(quotas.id, id))).returning();
    if (!gone) throw notFound();
    await audit(tx, ctx, { action: "queue.remove-quota", target: { type: "quota", id, name: gone.model }, projectId: gone.scope === "project" ? gone.scopeId : null, before: pick(gone) });
  });
  await tell(ctx);
}

/** A team's part of the whole. Its use so far stays. */
export async function setWeight(ctx: Ctx, { teamId, weight }: { teamId: string; weight: number }): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const name = await nameOf(tx, ctx.orgId, { scope: "team", scopeId: teamId });
    const [before] = await tx.select({ weight: teamUsage.weight }).from(teamUsage).where(eq(teamUsage.teamId, teamId));
    await tx.insert(teamUsage).values({ orgId: ctx.orgId, teamId, weight }).onConflictDoUpdate({ target: teamUsage.teamId, set: { weight } });
    await audit(tx, ctx, { action: "queue.weight", target: { type: "team", id: teamId, name }, before: { weight: before?.weight ?? 1 }, after: { weight } });
  });
  await tell(ctx);
}
