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

/** What a run held, up to the last proof that it lived. @throws DomainError "not_found" */
async function listHeld(ctx: Ctx, id: string): Promise<{ startedAt: Date | null; held: HeldSpan[] }> {
  const [run] = await ctx.db.select({ startedAt: runs.startedAt }).from(runs).innerJoin(projects, and(eq(projects.orgId, runs.orgId), eq(projects.id, runs.projectId))).where(and(eq(runs.orgId, ctx.orgId), eq(runs.id, id), reachedProjects(ctx.grant)));
  if (!run) throw notFound();
  const rows = await ctx.db.execute<HeldRow>(sql`
    select i.cluster_id, i.kind, i.model, c.capacity_class, i.milli, (extract(epoch from i.from_at) * 1000)::bigint::text as from, (extract(epoch from coalesce(i.until_at, greatest(i.from_at, m.alive_at))) * 1000)::bigint::text as to, i.evidence
    from usage_intervals i join clusters c on c.id = i.cluster_id join usage_meters m on m.attempt_id = i.attempt_id where i.org_id = ${ctx.orgId} and i.run_id = ${id}`);
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
