import { type SQL, sql } from "drizzle-orm";
import { costProjectDays } from "../../../db/schema/cost-sums.ts";
import { costClocks } from "../../../db/schema/costs.ts";
import { OTHERS } from "../../../domain/costs/spend-by.ts";
import type { CostSource } from "./spend.ts";

/** Days of costs of whole projects, for who may know what a person costs in them: no person's own days. */
export const wholeCosts = (orgId: string): CostSource => ({
  seesRest: false,
  prefix: ({ from, to }): SQL => sql`with "cost_daily" as not materialized (
    select org_id, day, cluster_id, kind, model, capacity_class, project_id, '' as owner_id, '' as experiment_id, quantity, amount, provisional from ${costProjectDays} where org_id = ${orgId} and day between ${from} and ${to}
  )`,
});

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
  const part = sql`select ${orgId}::text as org_id, ${asset}, project_id, '' as owner_id, '' as experiment_id, parts.quantity, parts.amount, parts.provisional from parts`;
  return {
    seesRest,
    prefix: ({ from, to }): SQL => sql`
      with parts as not materialized (
        select ${asset}, project_id, owners, quantity, amount, provisional from ${costProjectDays}
        where org_id = ${orgId} and day between ${from} and ${to} and day < (select (min(complete_to) at time zone 'utc')::date from ${costClocks} where org_id = ${orgId})
      ), small as (
        select ${asset}, string_agg(array_to_string(owners, ','), ',') as owners, sum(quantity) as quantity, sum(amount) as amount, sum(provisional) as provisional
        from parts where project_id <> '' and cardinality(owners) < ${k} group by ${asset}
      ), joined as materialized (
        select ${asset}, (select count(distinct owner) from unnest(string_to_array(owners, ',')) as owner) as people, quantity, amount, provisional from small
      ), "cost_daily" as (
        ${part} where project_id <> '' and cardinality(owners) >= ${k}
        union all ${part} left join joined using (${asset}) where project_id = '' and coalesce(joined.people, ${k}) >= ${k}
        union all select ${orgId}, ${asset}, ${OTHERS}, '', '', quantity, amount, provisional from joined where people >= ${k}
      )`,
  };
}
