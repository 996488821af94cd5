import { type SQL, sql } from "drizzle-orm";
import { costPeopleDays, costProjectDays } from "../../../db/schema/cost-sums.ts";
import { costClocks } from "../../../db/schema/costs.ts";
import { BY_PROJECT, OTHERS } from "../../../domain/costs/spend-by.ts";
import { narrowedBy } from "../../../domain/costs/spend-filter.ts";
import type { CostSource } from "./spend.ts";

const ASSET = sql.raw("day, cluster_id, kind, model, capacity_class");
const NOBODYS = sql`'' as owner_id, '' as experiment_id`;
/** By these only what a project cost on a day is asked for, and nothing of its assets: sums without them, under the names of those that have them. */
const isWithoutAssets = ({ by, where }: Asked): boolean => by !== undefined && [by, ...narrowedBy(where ?? {})].every((one) => BY_PROJECT.has(one));
type Asked = Parameters<CostSource["prefix"]>[0];
const WITHOUT_ASSETS = sql`org_id, day, '' as cluster_id, 'accelerator' as kind, '' as model, '' as capacity_class, project_id, ${NOBODYS}, accelerator_hours as quantity, amount, provisional from ${costPeopleDays}`;

/** Days of costs of whole projects, for who may know what a person costs in them: no person's own days. */
export const wholeCosts = (orgId: string): CostSource => ({
  seesRest: false,
  prefix: (ask): SQL => sql`with "cost_daily" as not materialized (
    select ${isWithoutAssets(ask) ? WITHOUT_ASSETS : sql`org_id, ${ASSET}, project_id, ${NOBODYS}, quantity, amount, provisional from ${costProjectDays}`} where org_id = ${orgId} and day between ${ask.from} and ${ask.to}
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
  const part = sql`select ${orgId}::text as org_id, ${ASSET}, project_id, ${NOBODYS}, parts.quantity, parts.amount, parts.provisional from parts`;
  return {
    seesRest,
    prefix: (ask): SQL => {
      const isComplete = sql`org_id = ${orgId} and day between ${ask.from} and ${ask.to} and day < (select (min(complete_to) at time zone 'utc')::date from ${costClocks} where org_id = ${orgId})`;
      return sql`
      with parts as not materialized (
        select ${ASSET}, project_id, owners, people, quantity, amount, provisional from ${costProjectDays} where ${isComplete}
      ), small as (
        select ${ASSET}, string_agg(nullif(array_to_string(owners, ','), ''), ',') as owners, sum(quantity) as quantity, sum(amount) as amount, sum(provisional) as provisional
        from parts where project_id <> '' and people < ${k} group by ${ASSET}
      ), joined as materialized (
        select ${ASSET}, (select count(distinct owner) from unnest(string_to_array(owners, ',')) as owner) as people, quantity, amount, provisional from small
      ), "cost_daily" as (
        ${isWithoutAssets(ask) ? sql`select ${WITHOUT_ASSETS} where ${isComplete} and project_id <> '' and people >= ${k}` : sql`${part} where project_id <> '' and people >= ${k}`}
        union all ${part} left join joined using (${ASSET}) where project_id = '' and coalesce(joined.people, ${k}) >= ${k}
        union all select ${orgId}, ${ASSET}, ${OTHERS}, '', '', quantity, amount, provisional from joined where people >= ${k}
      )`;
    },
  };
}
