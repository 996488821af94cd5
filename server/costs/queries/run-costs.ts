import { and, eq, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { costDaily, costRunDays, costRuns, ledgerEntries } from "../../../db/schema/costs.ts";
import { runs } from "../../../db/schema/experiments.ts";
import type { RunCostRow } from "../../../domain/costs/cost-view.ts";
import { compare, decimal } from "../../../domain/costs/decimal.ts";
import type { ListCostTags, ListRunCosts } from "../../../domain/costs/inputs.ts";
import { haveRuns } from "../../../domain/costs/spend-filter.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";
import { inLedgerDays, ofCharges, ofRuns } from "./run-days.ts";
import { taggedDays } from "./run-sums.ts";
import { seenCosts } from "./spend.ts";

const MOST_TAGS = 100;
const FIRST_LOOK = 2;
const NEXT_LOOK = 4;

/** Keys of tags that the runs of these days have, the most common first. */
export async function listCostTags(ctx: Ctx, ask: ListCostTags): Promise<string[]> {
  const rows = await ctx.db.execute<{ key: string }>(sql`
    select cost_daily.key as key from (${await taggedDays(ctx, ask)}) as "cost_daily" left join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}
    where ${seenCosts(ctx, ask)} group by 1 order by sum(cost_daily.runs) desc, 1 limit ${MOST_TAGS}`);
  return rows.map(({ key }) => key);
}

/** `amount` null: it cost something before these days and after them, and nothing in them. */
type Candidate = Omit<RunCostRow, "amount"> & { amount: string | null; total: string } & Record<string, unknown>;
type Found = Candidate & { amount: string };
const isFound = (one: Candidate): one is Found => one.amount !== null;

/**
 * The dearest runs of these days, by what these days cost. Only so many of the dearest of all time are looked at as it takes: no
 * day of a run costs less than nothing, so whoever comes after them cost no more in these days than in all.
 */
export async function listRunCosts(ctx: Ctx, { cursor = 0, limit, ...ask }: ListRunCosts): Promise<{ items: RunCostRow[]; nextCursor: number | null }> {
  const wanted = cursor + limit + 1;
  for (let looked = wanted * FIRST_LOOK; ; looked *= NEXT_LOOK) {
    const candidates = await dearest(ctx, ask, looked);
    const found = candidates.filter(isFound);
    if (candidates.length === looked && !isDearer(found[wanted - 1], candidates)) continue;
    const items = found.slice(cursor, cursor + limit).map(({ total: _all, ...row }): RunCostRow => row);
    return { items, nextCursor: found.length > cursor + limit ? cursor + limit : null };
  }
}

/** Is this run before all that were not looked at? Of equal ones the lower id is looked at first, and comes first. */
function isDearer(run: Found | undefined, looked: readonly Candidate[]): boolean {
  if (!run) return false;
  const least = looked.map(({ total }) => decimal(total)).reduce((low, total) => (compare(total, low) < 0 ? total : low));
  const difference = compare(decimal(run.amount), least);
  return difference > 0 || (difference === 0 && compare(decimal(run.total), least) === 0);
}

async function dearest({ db, orgId, grant }: Ctx, { from, to, project, where = {} }: Omit<ListRunCosts, "cursor" | "limit">, most: number): Promise<Candidate[]> {
  const seen = and(
    reachedProjects(grant), project ? eq(projects.slug, project) : undefined, where.team === undefined ? undefined : eq(projects.teamId, where.team),
    where.person === undefined ? undefined : eq(costRuns.ownerId, where.person), where.experiment === undefined ? undefined : eq(costRuns.experimentId, where.experiment),
    haveRuns(where) ? undefined : sql`false`,
    where.outcome === undefined && !where.tag ? undefined : sql`exists (select from ${runs} where ${runs.id} = ${costRuns.runId} and ${ofRuns(where)})`,
  );
  const charges = ofCharges(where);
  const ofDays = charges
    ? sql`select sum(amount) as amount, coalesce(sum(amount) filter (where evidence = 'provisional'), 0) as provisional, coalesce(sum(quantity) filter (where kind = 'accelerator'), 0) as hours from ${ledgerEntries} where ${ledgerEntries.runId} = c.run_id and ${inLedgerDays({ from, to })} and ${charges}`
    : sql`select sum(amount) as amount, sum(provisional) as provisional, sum(accelerator_hours) as hours from ${costRunDays} where run_id = c.run_id and day between ${from} and ${to}`;
  return db.execute<Candidate>(sql`
    with candidates as materialized (
      select ${costRuns.runId} as run_id, ${costRuns.amount} as total, ${projects.name} as project
      from ${costRuns} join ${projects} on ${projects.orgId} = ${costRuns.orgId} and ${projects.id} = ${costRuns.projectId}
      where ${costRuns.orgId} = ${orgId} and ${costRuns.lastHour} >= ${from}::date::timestamp at time zone 'utc' and ${costRuns.firstHour} < (${to}::date + 1)::timestamp at time zone 'utc' and ${seen ?? sql`true`}
      order by ${costRuns.amount} desc, ${costRuns.runId} limit ${most}
    )
    select ${runs.id} as id, ${runs.name} as name, ${runs.status} as status, c.project, d.amount::text as amount, d.provisional::text as provisional, d.hours::text as "acceleratorHours", c.total::text as total
    from candidates c join ${runs} on ${runs.id} = c.run_id
    left join lateral (${ofDays} having count(*) > 0) d on true
    order by d.amount desc nulls last, ${runs.id}`);
}
