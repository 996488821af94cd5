import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { TransactionSql } from "postgres";
import { newId } from "../../../db/schema/columns.ts";
import { usageReviews } from "../../../db/schema/costs.ts";
import type { ResolveReviews } from "../../../domain/costs/inputs.ts";
import { OVERHELD_HOUR } from "../../../domain/costs/review-view.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { type DirtyHour, keysOf } from "../queries/dirty.ts";
import { tellCosts } from "./tell-costs.ts";

/** Somebody is asked to look: what is counted stays as it is. */
export async function openReview(tx: TransactionSql, of: { orgId: string; clusterId: string; attemptId: string | null }, message: string, evidence: Parameters<TransactionSql["json"]>[0]): Promise<void> {
  await tx`insert into usage_reviews (id, org_id, cluster_id, attempt_id, message, evidence) values (${newId("usageReview")}, ${of.orgId}, ${of.clusterId}, ${of.attemptId}, ${message}, ${tx.json(evidence)})`;
}

interface Overheld {
  org_id: string;
  cluster_id: string;
  /** Of which asset, and by hour how much less than nothing was left of it: what the check of a month's close looks for. */
  overheld: { node: string; kind: string; model: string; hours: Record<string, string> };
}

/**
 * Somebody is asked to look at these hours of assets of which more was held than there was, such as an accelerator that fell off
 * its bus while a run had it: one review for each asset until it is resolved. An hour that was looked at is asked about again
 * only where it comes to something else.
 */
export async function reviewOverheld(tx: TransactionSql, hours: readonly DirtyHour[]): Promise<void> {
  const found = await tx<Overheld[]>`
    select s.org_id, s.cluster_id, jsonb_build_object('node', s.node, 'kind', s.kind, 'model', s.model, 'hours', jsonb_object_agg(s.hour, s.idle)) as overheld
    from (
      select l.org_id, l.cluster_id, l.node, l.kind, l.model, to_char(l.hour at time zone 'utc', ${OVERHELD_HOUR}) as hour, trim_scale(sum(l.quantity))::text as idle
      from ${keysOf(tx, hours)} join ledger_entries l using (cluster_id, node, kind, model, hour) where l.line > 0 and l.attempt_id is null group by 1, 2, 3, 4, 5, 6 having sum(l.quantity) < 0
    ) s
    where not exists (select from usage_reviews r where r.org_id = s.org_id and r.cluster_id = s.cluster_id
      and r.evidence -> 'overheld' @> jsonb_build_object('node', s.node, 'kind', s.kind, 'model', s.model, 'hours', jsonb_build_object(s.hour, s.idle)))
    group by s.org_id, s.cluster_id, s.node, s.kind, s.model order by 2, 3`;
  for (const { org_id: orgId, cluster_id: clusterId, overheld } of found) {
    const { hours: which, ...asset } = overheld;
    const open = await tx`
      update usage_reviews set evidence = jsonb_set(evidence, '{overheld,hours}', (evidence #> '{overheld,hours}') || ${tx.json(which)})
      where id = (select id from usage_reviews where org_id = ${orgId} and cluster_id = ${clusterId} and resolved_at is null and evidence -> 'overheld' @> ${tx.json(asset)} order by id limit 1) returning id`;
    const what = overheld.kind === "accelerator" ? overheld.model : overheld.kind === "cpu" ? "cores" : "memory";
    if (open.length === 0) await openReview(tx, { orgId, clusterId, attemptId: null }, `Of the ${what} of ${overheld.node}, more was held than there was, from ${Object.keys(which).toSorted()[0]} UTC on. It is charged as it was held.`, { overheld });
  }
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
