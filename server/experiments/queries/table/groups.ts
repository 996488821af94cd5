import { and, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { costRuns } from "../../../../db/schema/costs.ts";
import { metricSummaries, runParams, runs, runTags } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { TABLE_GROUPS, type GroupTable } from "../../../../domain/experiments/table-inputs.ts";
import type { TableGroup } from "../../../../domain/experiments/table-view.ts";
import { readCurrency } from "../../../costs/queries/prices.ts";
import { attributeValue } from "../search/attribute-sql.ts";
import { filterSql } from "../search/filter-sql.ts";
import { type TableReader, withinOf } from "./within.ts";

const MAX_GROUPS = 200;

/** What a run is grouped by; null where it has none. */
export function groupValue(by: string): SQL {
  if ((TABLE_GROUPS as readonly string[]).includes(by)) return attributeValue(by as (typeof TABLE_GROUPS)[number]).expression;
  const table = by.startsWith("param:") ? runParams : runTags;
  return sql`(select t.value from ${table} t where t.run_id = ${runs.id} and t.key = ${by.slice(by.indexOf(":") + 1)})`;
}

/** All matching runs by one thing, the largest groups first, each with what its runs reached. */
export async function groupTable(db: DbOrTx, grant: Grant, reader: TableReader, { by, metrics, costs, ...set }: GroupTable): Promise<TableGroup[]> {
  const within = await withinOf(db, grant, reader, set);
  const where = within.filter ? and(within.where, filterSql(within.filter, null))! : within.where;
  const joins = metrics.map((key, at) => sql`left join ${metricSummaries} ${sql.raw(`m${at}`)} on ${sql.raw(`m${at}`)}.run_id = found.id and ${sql.raw(`m${at}`)}.key = ${key} and ${sql.raw(`m${at}`)}.last not in ('NaN'::float8, 'Infinity'::float8, '-Infinity'::float8)`);
  const figures = metrics.map((_, at) => sql.raw(`json_build_array(count(m${at}.last)::int, avg(m${at}.last), min(m${at}.last), max(m${at}.last))`));
  const isCosted = costs && reader.seesCosts;
  const cost = isCosted ? sql`sum(c.amount)::text as amount, count(c.amount)::int as charged` : sql`null as amount, 0 as charged`;
  if (isCosted) joins.push(sql`left join ${costRuns} c on c.run_id = found.id`);
  const rows = await db.execute<{ value: string | null; runs: number; active: number; metrics: [number, number, number, number][]; amount: string | null; charged: number }>(sql`
    select found.value, ${cost}, count(*)::int as runs, (count(*) filter (where found.active))::int as active, json_build_array(${sql.join(figures, sql`, `)}) as metrics
    from (select ${runs.id} as id, ${groupValue(by)} as value, ${runs.status} not in ('succeeded', 'failed', 'cancelled') as active from ${runs} where ${where}) found
    ${sql.join(joins, sql` `)}
    group by found.value order by count(*) desc, found.value limit ${MAX_GROUPS}`);
  const currency = isCosted ? await readCurrency(db, grant.orgId) : "";
  return rows.map(({ metrics: found, amount, charged, ...row }) => ({ ...row, metrics: found.map(([n, mean, min, max]) => (n > 0 ? { n, mean, min, max } : null)), cost: amount === null ? null : { amount, n: charged, currency } }));
}
