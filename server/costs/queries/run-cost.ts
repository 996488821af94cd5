import { and, eq } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { accrued, costOf, figuresOf, momentsOf } from "../../../domain/costs/accrual.ts";
import type { RunCost, RunCostSeries } from "../../../domain/costs/cost-view.ts";
import { decimalText } from "../../../domain/costs/decimal.ts";
import type { ReadRunCostSeries } from "../../../domain/costs/inputs.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";
import { listHeld, type RunSpan } from "./held.ts";
import { loadPriceBook } from "./prices.ts";
import { readStand } from "./spend.ts";

/** About so many points make the curve of a run's cost. */
const STEPS = 100;

/** What a run held. @throws DomainError "not_found" */
async function heldBy(ctx: Ctx, id: string): Promise<{ startedAt: Date | null; held: RunSpan[] }> {
  const [run] = await ctx.db.select({ startedAt: runs.startedAt }).from(runs).innerJoin(projects, and(eq(projects.orgId, runs.orgId), eq(projects.id, runs.projectId))).where(and(eq(runs.orgId, ctx.orgId), eq(runs.id, id), reachedProjects(ctx.grant)));
  if (!run) throw notFound();
  return { ...run, held: await listHeld(ctx.db, ctx.orgId, [id]) };
}

/** What a run has cost so far: the same figures that the ledger will have, before it has them. */
export async function readRunCost(ctx: Ctx, id: string): Promise<RunCost> {
  const [{ held }, book, stand] = await Promise.all([heldBy(ctx, id), loadPriceBook(ctx.db, ctx.orgId), readStand(ctx.db, ctx.orgId)]);
  const attempts = [...Map.groupBy(held, ({ attemptId }) => attemptId)].map(([attemptId, own]) => ({ id: attemptId, amount: decimalText(costOf(own, book)) }));
  return { ...stand, currency: book.currency, ratingVersion: book.version, isUnpriced: book.lines.length === 0, ...figuresOf(held, book), attempts };
}

/** What it had cost by when, on the axis of its metrics: Unix ms, or seconds since its first process began. */
export async function readRunCostSeries(ctx: Ctx, { id, x }: ReadRunCostSeries): Promise<RunCostSeries> {
  const [{ startedAt, held }, book] = await Promise.all([heldBy(ctx, id), loadPriceBook(ctx.db, ctx.orgId)]);
  const begun = x === "relative" ? (startedAt?.getTime() ?? Math.min(...held.map(({ from }) => from))) : 0;
  const points = accrued(held, book, momentsOf(held, STEPS)).map(({ at, amount }) => ({ x: x === "relative" ? (at - begun) / 1000 : at, amount: decimalText(amount) }));
  return { currency: book.currency, isUnpriced: book.lines.length === 0, points };
}
