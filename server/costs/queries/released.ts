import { type SQL, sql } from "drizzle-orm";
import { costProjectDays } from "../../../db/schema/cost-sums.ts";
import { costClocks } from "../../../db/schema/costs.ts";
import { OTHERS } from "../../../domain/costs/spend-by.ts";
import type { CostSource } from "./spend.ts";

/**
 * Days of costs of which no figure, and no difference of figures, is what fewer than `k` people cost.
 *
 * All that anybody gets is a sum of the same parts, whatever report, filter or file is asked for: what one project cost on
 * one asset (a day of a resource of a cluster), where `k` people or more did. Smaller ones of an asset are one part, again of
 * `k` or more, or are left out together with what nobody held, since that and a known capacity would give them away. So that
 * no later look differs by what one person added, a day counts once it is complete.
 * @param seesRest The joined parts are for who sees all that the client may: elsewhere they would tell of projects that are filtered out.
 */
export function releasedCosts(orgId: string, k: number, seesRest: boolean): CostSource {
  const asset = sql.raw("day, cluster_id, kind, model, capacity_class");
  return {
    seesRest,
    prefix: ({ from, to }): SQL => sql`
      with parts as (
        select ${asset}, project_id, owners, quantity, amount, provisional from ${costProjectDays}
        where org_id = ${orgId} and day between ${from} and ${to} and day < (select (min(complete_to) at time zone 'utc')::date from ${costClocks} where org_id = ${orgId})
      ), small as (
        select ${asset}, count(distinct owner) as people from parts, unnest(owners) as owner where project_id <> '' and cardinality(owners) < ${k} group by ${asset}
      ), "cost_daily" as (
        select ${orgId}::text as org_id, ${asset}, case when project_id = '' or cardinality(owners) >= ${k} then project_id else ${OTHERS} end as project_id, '' as owner_id, '' as experiment_id,
          sum(quantity) as quantity, sum(amount) as amount, sum(provisional) as provisional
        from parts left join small using (${asset})
        where (project_id <> '' and cardinality(owners) >= ${k}) or coalesce(small.people, ${k}) >= ${k}
        group by ${asset}, 7
      )`,
  };
}
