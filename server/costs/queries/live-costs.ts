import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { figuresOf } from "../../../domain/costs/accrual.ts";
import type { RunCosts } from "../../../domain/costs/cost-view.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";
import { listHeld } from "./held.ts";
import { loadPriceBook, type PriceBook } from "./prices.ts";

/**
 * May the ledger lack something of what this run held? Of one that still holds something, or ended after the hour from which on
 * not every one is rated, or rated by the prices of now. Of many of those it lacks nothing: they are reckoned all the same, and cost as much.
 */
export const isUnsettled = (runId: SQL, orgId: string): SQL => sql`exists (
  select from attempts a join usage_meters m on m.attempt_id = a.id left join cost_clocks k on k.cluster_id = m.cluster_id
  where a.run_id = ${runId} and m.opened_at is not null
    and (m.closed_at is null or k.complete_to is null or m.closed_at >= least(k.complete_to, (select min(hour) from dirty_hours where org_id = ${orgId}))))`;

/** What these runs have cost so far: from the ledger where it has all of it, and else reckoned as on a run's own page. Whether they may be seen was decided before. */
export async function costsOf(db: DbOrTx, orgId: string, ids: readonly string[], book: PriceBook): Promise<RunCosts["runs"]> {
  if (ids.length === 0) return [];
  const rows = await db.execute<{ id: string; amount: string | null; provisional: string | null; unsettled: boolean }>(sql`
    select asked.id, c.amount::text as amount, c.provisional::text as provisional, ${isUnsettled(sql`asked.id`, orgId)} as unsettled
    from unnest(${sql.param([...ids])}::text[]) as asked (id) left join cost_runs c on c.run_id = asked.id and c.org_id = ${orgId}`);
  const open = Map.groupBy(await listHeld(db, orgId, rows.filter(({ unsettled }) => unsettled).map(({ id }) => id)), ({ runId }) => runId);
  return rows.flatMap(({ id, amount, provisional, unsettled }) => {
    const held = open.get(id);
    if (unsettled) return held ? [{ id, ...figuresOf(held, book) }] : [];
    return amount === null || provisional === null ? [] : [{ id, amount, provisional }];
  });
}

/** The same of those among them that the caller may see. */
export async function readRunCosts(ctx: Ctx, ids: readonly string[]): Promise<RunCosts> {
  const [seen, book] = await Promise.all([
    ctx.db.select({ id: runs.id }).from(runs).innerJoin(projects, and(eq(projects.orgId, runs.orgId), eq(projects.id, runs.projectId))).where(and(eq(runs.orgId, ctx.orgId), inArray(runs.id, [...ids]), reachedProjects(ctx.grant))),
    loadPriceBook(ctx.db, ctx.orgId),
  ]);
  return { currency: book.currency, ratingVersion: book.version, isUnpriced: book.lines.length === 0, runs: await costsOf(ctx.db, ctx.orgId, seen.map(({ id }) => id), book) };
}
