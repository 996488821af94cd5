import { sql } from "drizzle-orm";
import { projects, serviceAccounts, users } from "../../../db/schema/access.ts";
import { costPersonDays } from "../../../db/schema/cost-sums.ts";
import { costDaily } from "../../../db/schema/costs.ts";
import { experiments } from "../../../db/schema/experiments.ts";
import { type Anomaly, BASELINE_WEEKS, type Cause, type CauseDimension, causesOf, type DayCost, findAnomalies, WATCHED_DAYS } from "../../../domain/costs/anomaly.ts";
import { DAY_MS, dayOf, daysBetween } from "../../../domain/costs/days.ts";
import { ownerWords } from "./dimensions.ts";
import { seenCosts, type SpendReader } from "./spend.ts";

/** What an unusual day is compared with when its causes are looked for. */
const DAYS_BEFORE = 28;

/**
 * What cost unusually much in the last two weeks, in the projects that the caller sees, and what it is put down to.
 * @param last The last day that is complete.
 * @param most Of them, the dearest.
 */
export async function listAnomalies(ctx: SpendReader, last: string, most = Infinity): Promise<(Anomaly & { causes: Cause[] })[]> {
  const from = dayOf(Date.parse(last) - (WATCHED_DAYS + 7 * BASELINE_WEEKS) * DAY_MS);
  const days = await ctx.db.execute<DayCost & Record<string, unknown>>(sql`
    select ${costDaily.day}::text as day, ${projects.id} as key, min(${projects.name}) as label, sum(${costDaily.amount})::text as amount
    from ${costPersonDays} as "cost_daily" join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}
    where ${seenCosts(ctx, { from, to: last })} group by ${costDaily.day}, 2`);
  const found = findAnomalies([...days], last).slice(0, most);
  return Promise.all(found.map(async (one) => ({ ...one, causes: await listCauses(ctx, one) })));
}

async function listCauses(ctx: SpendReader, { key, from, to }: Anomaly): Promise<Cause[]> {
  const begun = dayOf(Date.parse(from) - DAYS_BEFORE * DAY_MS);
  const part = (filter: ReturnType<typeof sql>) => sql`coalesce(sum(${costDaily.amount}) filter (where ${filter}), 0)::text`;
  const rows = await ctx.db.execute<{ dimension: CauseDimension; label: string; during: string; before: string }>(sql`
    select case when grouping(${costDaily.experimentId}) = 0 then 'experiment' when grouping(${costDaily.ownerId}) = 0 then 'person' else 'resource' end as dimension,
      case when grouping(${costDaily.experimentId}) = 0 then min(${experiments.name}) when grouping(${costDaily.ownerId}) = 0 then coalesce(min(${users.name}), min(${serviceAccounts.name}), ${ownerWords(sql`min(${costDaily.ownerId})`)})
        else case ${costDaily.kind} when 'accelerator' then ${costDaily.model} when 'cpu' then 'CPU cores' else 'Memory' end end as label,
      ${part(sql`${costDaily.day} >= ${from}`)} as during, ${part(sql`${costDaily.day} < ${from}`)} as before
    from ${costDaily} join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}
    left join ${experiments} on ${experiments.id} = ${costDaily.experimentId}
    left join ${users} on ${users.id} = ${costDaily.ownerId} left join ${serviceAccounts} on ${serviceAccounts.id} = ${costDaily.ownerId}
    where ${seenCosts(ctx, { from: begun, to })} and ${costDaily.projectId} = ${key}
    group by grouping sets ((${costDaily.experimentId}), (${costDaily.ownerId}), (${costDaily.kind}, ${costDaily.model}))`);
  return causesOf(rows, daysBetween(from, to) + 1, DAYS_BEFORE);
}

