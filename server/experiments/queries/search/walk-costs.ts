import { sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { costRuns } from "../../../../db/schema/costs.ts";
import { runs } from "../../../../db/schema/experiments.ts";
import { CHARGED } from "./cost-sql.ts";
import { filterSql } from "./filter-sql.ts";
import { after, namedKeys, orderBy, readRows, type Row, type SortKey, valuesOf } from "./order-sql.ts";
import type { RunSearch } from "./search-runs.ts";

/** Up to `limit` runs, the first of `keys` being the cost: those that have one along the index over it, then the others. `values`: where the page before ended. */
export async function walkCosts(db: DbOrTx, { within, experimentIds, filter }: RunSearch, keys: SortKey[], values: (string | null)[] | null, limit: number): Promise<Row[]> {
  const conditions = [within, ...(filter ? [filterSql(filter, experimentIds)] : []), ...(experimentIds ? [sql`${runs.experimentId} = any(${sql.param(experimentIds)}::text[])`] : [])];
  const most = (count: number) => sql.raw(String(count)); // not as a parameter, as in every search
  const read = (from: SQL, along: SortKey[], more: SQL[], count: number) => readRows(db, sql`
    select ${valuesOf(along)} from (select ${namedKeys(along)} from ${from} where ${sql.join([...conditions, ...more], sql` and `)} order by ${orderBy(along)} limit ${most(count)}) found`);
  const [first, ...others] = keys as [SortKey, ...SortKey[]];
  const isPast = values !== null && values[0] === null;
  const costly: SortKey[] = [{ ...first, expression: sql`c.amount`, total: true }, ...others];
  const begin = values === null || isPast ? [] : [after(costly, values), sql`c.amount ${first.descending ? sql`<=` : sql`>=`} ${values[0]}::numeric`];
  const having = isPast ? [] : await read(sql`${runs} join ${costRuns} c on c.run_id = ${runs.id} and c.org_id = ${runs.orgId}`, costly, begin, limit);
  if (having.length === limit) return having;
  const free: SortKey[] = [{ ...first, expression: sql`null::numeric` }, ...others];
  return [...having, ...(await read(sql`${runs}`, free, [sql`not exists (${CHARGED})`, ...(isPast ? [after(free, values)] : [])], limit - having.length))];
}
