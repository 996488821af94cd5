import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { TransactionSql } from "postgres";
import { newId } from "../../../db/schema/columns.ts";
import { usageReviews } from "../../../db/schema/costs.ts";
import type { ResolveReviews } from "../../../domain/costs/inputs.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { tellCosts } from "./tell-costs.ts";

/** Somebody is asked to look: what is counted stays as it is. */
export async function openReview(tx: TransactionSql, of: { orgId: string; clusterId: string; attemptId: string }, message: string, evidence: Parameters<TransactionSql["json"]>[0]): Promise<void> {
  await tx`insert into usage_reviews (id, org_id, cluster_id, attempt_id, message, evidence) values (${newId("usageReview")}, ${of.orgId}, ${of.clusterId}, ${of.attemptId}, ${message}, ${tx.json(evidence)})`;
}

/** Says what somebody found of them. All or none; usage and charges stay as they are. @throws DomainError "not_found", "conflict" where one of them was resolved meanwhile. */
export async function resolveReviews(ctx: Ctx, { ids, note }: ResolveReviews): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const of = and(eq(usageReviews.orgId, ctx.orgId), inArray(usageReviews.id, ids));
    const found = await tx.select({ id: usageReviews.id, resolvedBy: usageReviews.resolvedByName, resolvedAt: usageReviews.resolvedAt }).from(usageReviews).where(of).orderBy(usageReviews.id).for("update");
    if (found.length !== ids.length) throw notFound();
    const done = found.find(({ resolvedAt }) => resolvedAt !== null);
    if (done) throw new DomainError("conflict", `${done.resolvedBy ?? "Somebody"} resolved ${done.id} meanwhile.`);
    const resolved = await tx.update(usageReviews).set({ resolvedAt: sql`now()`, resolvedBy: ctx.actor.id, resolvedByName: ctx.actor.name, note }).where(and(of, isNull(usageReviews.resolvedAt))).returning();
    for (const { id, attemptId, message } of resolved) await audit(tx, ctx, { action: "usage-review.resolve", target: { type: "usage-review", id, name: attemptId ?? id }, before: { message }, after: { note } });
  });
  await tellCosts(ctx);
}
