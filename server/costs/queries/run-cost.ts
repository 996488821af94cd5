import { and, eq, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { add, decimalText, ZERO } from "../../../domain/costs/decimal.ts";
import type { RunCost } from "../../../domain/costs/cost-view.ts";
import type { CapacityClass, HeldKind, UsageEvidence } from "../../../domain/costs/metering.ts";
import { priceSpans } from "../../../domain/costs/price-book.ts";
import { costOfHolding } from "../../../domain/costs/rating.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";
import { loadPriceBook } from "./prices.ts";

interface Held extends Record<string, unknown> {
  cluster_id: string;
  kind: HeldKind;
  model: string;
  capacity_class: CapacityClass;
  milli: number;
  from: string;
  to: string;
  evidence: UsageEvidence;
}

/** What a run has cost up to the last proof that it lived: the same figures that the ledger will have, before it has them. */
export async function readRunCost(ctx: Ctx, id: string): Promise<RunCost> {
  const [run] = await ctx.db.select({ id: runs.id }).from(runs).innerJoin(projects, and(eq(projects.orgId, runs.orgId), eq(projects.id, runs.projectId))).where(and(eq(runs.orgId, ctx.orgId), eq(runs.id, id), reachedProjects(ctx.grant)));
  if (!run) throw notFound();
  const held = await ctx.db.execute<Held>(sql`
    select i.cluster_id, i.kind, i.model, c.capacity_class, i.milli, (extract(epoch from i.from_at) * 1000)::bigint::text as from, (extract(epoch from coalesce(i.until_at, greatest(i.from_at, m.alive_at))) * 1000)::bigint::text as to, i.evidence
    from usage_intervals i join clusters c on c.id = i.cluster_id join usage_meters m on m.attempt_id = i.attempt_id where i.org_id = ${ctx.orgId} and i.run_id = ${id}`);
  const book = await loadPriceBook(ctx.db, ctx.orgId);
  let [amount, provisional] = [ZERO, ZERO];
  for (const one of held) {
    const [from, to] = [+one.from, +one.to];
    const asset = { kind: one.kind, clusterId: one.cluster_id, model: one.kind === "accelerator" ? one.model : null, capacityClass: one.capacity_class };
    const paid = costOfHolding({ from, to, milli: one.milli }, priceSpans(book.lines, asset, from, to, book.version));
    amount = add(amount, paid);
    if (one.evidence === "provisional") provisional = add(provisional, paid);
  }
  return { currency: book.currency, ratingVersion: book.version, isUnpriced: book.lines.length === 0, amount: decimalText(amount), provisional: decimalText(provisional) };
}
