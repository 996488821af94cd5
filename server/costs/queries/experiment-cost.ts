import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { experiments, experimentTags } from "../../../db/schema/experiments.ts";
import { reaches } from "../../../domain/access/roles.ts";
import { figuresOf } from "../../../domain/costs/accrual.ts";
import type { BestRunCost, ExperimentCost } from "../../../domain/costs/cost-view.ts";
import { add, decimal, decimalText, trimmed } from "../../../domain/costs/decimal.ts";
import type { ReadExperimentCost } from "../../../domain/costs/inputs.ts";
import { unitCost } from "../../../domain/costs/unit-cost.ts";
import { type ExperimentGoal, GOAL_TAGS, goalOfTags } from "../../../domain/experiments/goal.ts";
import type { RunStatus } from "../../../domain/experiments/run-status.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";
import { listHeld, type RunSpan } from "./held.ts";
import { costsOf, isUnsettled } from "./live-costs.ts";
import { loadPriceBook, type PriceBook } from "./prices.ts";

/**
 * What an experiment has cost so far, and what its best run took. Sums of the ledger, with only those runs reckoned anew of which it
 * may lack something, so that its length does not matter. @throws DomainError "not_found"
 */
export async function readExperimentCost(ctx: Ctx, { id, goal: said }: ReadExperimentCost): Promise<ExperimentCost> {
  const [found] = await ctx.db
    .select({ projectId: projects.id, teamId: projects.teamId })
    .from(experiments)
    .innerJoin(projects, and(eq(projects.orgId, experiments.orgId), eq(projects.id, experiments.projectId)))
    .where(and(eq(experiments.orgId, ctx.orgId), eq(experiments.id, id), reachedProjects(ctx.grant)));
  if (!found) throw notFound();
  const [book, goal] = await Promise.all([loadPriceBook(ctx.db, ctx.orgId), said ?? storedGoal(ctx, id)]);
  const runsGrant = ctx.grantFor("runs:read");
  const seesRuns = runsGrant !== null && reaches(runsGrant, { id: found.projectId, teamId: found.teamId });
  const best = goal && seesRuns ? await findBest(ctx, id, goal) : null;
  const [all, costed] = await Promise.all([totalOf(ctx, id, book, null), best && costedBest(ctx, id, best, book)]);
  return {
    currency: book.currency, ratingVersion: book.version, isUnpriced: book.lines.length === 0,
    amount: all.amount, provisional: all.provisional, runs: all.runs, perRun: unitCost(all.amount, `${all.runs}`), goal,
    best: costed && { ...costed, spent: costed.spent ?? all.amount },
  };
}

async function storedGoal(ctx: Ctx, experimentId: string): Promise<ExperimentGoal | null> {
  const tags = await ctx.db.select({ key: experimentTags.key, value: experimentTags.value }).from(experimentTags).where(and(eq(experimentTags.experimentId, experimentId), inArray(experimentTags.key, Object.values(GOAL_TAGS))));
  return goalOfTags(new Map(tags.map(({ key, value }) => [key, value])));
}

interface Best {
  id: string;
  name: string;
  status: RunStatus;
  score: number;
  ended_at: number | null;
}

/** The run that the table shows first when sorted by the metric. Of equal ones, that which was there first. */
async function findBest(ctx: Ctx, experimentId: string, { metric, better }: ExperimentGoal): Promise<Best | null> {
  const order = sql.raw(better === "higher" ? "desc" : "asc");
  const [best] = await ctx.db.execute<Best & Record<string, unknown>>(sql`
    select r.id, r.name, r.status, m.last as score, extract(epoch from r.ended_at)::float8 * 1000 as ended_at
    from metric_summaries m join runs r on r.id = m.run_id
    where m.experiment_id = ${experimentId} and m.key = ${metric} and m.last > '-Infinity'::float8 and m.last < 'Infinity'::float8 and r.org_id = ${ctx.orgId} and r.deleted_at is null
    order by m.last ${order}, r.ended_at, r.id limit 1`);
  return best ?? null;
}

/** `spent` null: it goes on, so all that was spent so far. */
async function costedBest(ctx: Ctx, experimentId: string, { ended_at: endedAt, ...run }: Best, book: PriceBook): Promise<Omit<BestRunCost, "spent"> & { spent: string | null }> {
  const [[own], until] = await Promise.all([costsOf(ctx.db, ctx.orgId, [run.id], book), endedAt === null ? null : totalOf(ctx, experimentId, book, endedAt)]);
  return { ...run, amount: own?.amount ?? "0", spent: until?.amount ?? null };
}

/** @param until Unix ms; null: so far. Of runs that went on then, what they held until then. */
async function totalOf({ db, orgId }: Ctx, experimentId: string, book: PriceBook, until: number | null): Promise<{ amount: string; provisional: string; runs: number }> {
  const at = until === null ? null : sql`to_timestamp(${until / 1000}::float8)`;
  const [booked] = await db.execute<{ amount: string; provisional: string; runs: number; others: string[] }>(sql`
    with own as materialized (
      select r.id, c.amount, c.provisional, ${wentOn(at)} or ${isUnsettled(sql`r.id`, orgId)} as is_open
      from runs r left join cost_runs c on c.run_id = r.id and c.org_id = r.org_id
      where r.org_id = ${orgId} and r.experiment_id = ${experimentId} ${at ? sql`and (c.first_hour is null or c.first_hour < ${at})` : sql``}
    )
    select coalesce(sum(amount) filter (where not is_open), 0)::text as amount, coalesce(sum(provisional) filter (where not is_open), 0)::text as provisional,
      (count(amount) filter (where not is_open))::int as runs, coalesce(array_agg(id) filter (where is_open), '{}') as others from own`);
  const held = await listHeld(db, orgId, booked!.others);
  const here = until === null ? held : held.filter(({ from }) => from < until).map((span): RunSpan => ({ ...span, to: Math.min(span.to, until) }));
  const open = figuresOf(here, book);
  return { amount: sumText(booked!.amount, open.amount), provisional: sumText(booked!.provisional, open.provisional), runs: booked!.runs + new Set(here.map(({ runId }) => runId)).size };
}

/** Was an hour of it charged that was not over then? */
const wentOn = (at: SQL | null): SQL => (at ? sql`coalesce(c.last_hour + interval '1 hour' > ${at}, false)` : sql`false`);
const sumText = (a: string, b: string): string => decimalText(trimmed(add(decimal(a), decimal(b))));
