import { and, eq, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { accrued, costOf, type HeldSpan, momentsOf } from "../../../domain/costs/accrual.ts";
import type { RunCost, RunCostSeries } from "../../../domain/costs/cost-view.ts";
import { decimalText } from "../../../domain/costs/decimal.ts";
import type { ReadRunCostSeries } from "../../../domain/costs/inputs.ts";
import type { CapacityClass, HeldKind, UsageEvidence } from "../../../domain/costs/metering.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";
import { loadPriceBook } from "./prices.ts";

interface HeldRow extends Record<string, unknown> {
  cluster_id: string;
  kind: HeldKind;
  model: string;
  capacity_class: CapacityClass;
  milli: number;
  from: string;
  to: string;
  evidence: UsageEvidence;
}

/** About so many points make the curve of a run's cost. */
const STEPS = 100;

/** What a run held, up to the last proof that it lived, and of what class: of an hour's last capacity, as the ledger has it. @throws DomainError "not_found" */
async function listHeld(ctx: Ctx, id: string): Promise<{ startedAt: Date | null; held: HeldSpan[] }> {
  const [run] = await ctx.db.select({ startedAt: runs.startedAt }).from(runs).innerJoin(projects, and(eq(projects.orgId, runs.orgId), eq(projects.id, runs.projectId))).where(and(eq(runs.orgId, ctx.orgId), eq(runs.id, id), reachedProjects(ctx.grant)));
  if (!run) throw notFound();
  const rows = await ctx.db.execute<HeldRow>(sql`
    with held as materialized (
      select i.cluster_id, i.node, i.kind, i.model, i.milli, i.from_at, coalesce(i.until_at, greatest(i.from_at, m.alive_at)) as to_at, i.evidence
      from usage_intervals i join usage_meters m on m.attempt_id = i.attempt_id where i.org_id = ${ctx.orgId} and i.run_id = ${id}
    ), classes as (
      select c.cluster_id, c.node, c.kind, c.model, c.capacity_class, date_trunc('hour', c.from_at, 'UTC') as since,
        coalesce(lead(date_trunc('hour', c.from_at, 'UTC')) over (partition by c.cluster_id, c.node, c.kind, c.model order by c.from_at), 'infinity') as upto
      from (select distinct cluster_id, node, kind, model from held) asset join capacity_intervals c using (cluster_id, node, kind, model)
    ), spans as (
      select h.*, k.capacity_class, greatest(h.from_at, k.since) as since, least(h.to_at, k.upto) as upto from held h join classes k using (cluster_id, node, kind, model) where k.since < k.upto and k.since < h.to_at and k.upto > h.from_at
      union all select h.*, 'owned', h.from_at, least(h.to_at, f.first) from held h left join (select cluster_id, node, kind, model, min(since) as first from classes group by 1, 2, 3, 4) f using (cluster_id, node, kind, model) where f.first is null or f.first > h.from_at
    )
    select cluster_id, kind, model, capacity_class, milli, (extract(epoch from since) * 1000)::bigint::text as from, (extract(epoch from upto) * 1000)::bigint::text as to, evidence from spans`);
  return { ...run, held: rows.map((one) => ({ clusterId: one.cluster_id, kind: one.kind, model: one.model, capacityClass: one.capacity_class, milli: one.milli, from: +one.from, to: +one.to, evidence: one.evidence })) };
}

/** What a run has cost so far: the same figures that the ledger will have, before it has them. */
export async function readRunCost(ctx: Ctx, id: string): Promise<RunCost> {
  const [{ held }, book] = await Promise.all([listHeld(ctx, id), loadPriceBook(ctx.db, ctx.orgId)]);
  const provisional = held.filter(({ evidence }) => evidence === "provisional");
  return { currency: book.currency, ratingVersion: book.version, isUnpriced: book.lines.length === 0, amount: decimalText(costOf(held, book)), provisional: decimalText(costOf(provisional, book)) };
}

/** What it had cost by when, on the axis of its metrics: Unix ms, or seconds since its first process began. */
export async function readRunCostSeries(ctx: Ctx, { id, x }: ReadRunCostSeries): Promise<RunCostSeries> {
  const [{ startedAt, held }, book] = await Promise.all([listHeld(ctx, id), loadPriceBook(ctx.db, ctx.orgId)]);
  const begun = x === "relative" ? (startedAt?.getTime() ?? Math.min(...held.map(({ from }) => from))) : 0;
  const points = accrued(held, book, momentsOf(held, STEPS)).map(({ at, amount }) => ({ x: x === "relative" ? (at - begun) / 1000 : at, amount: decimalText(amount) }));
  return { currency: book.currency, isUnpriced: book.lines.length === 0, points };
}
