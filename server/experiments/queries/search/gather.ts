import { sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { runs } from "../../../../db/schema/experiments.ts";
import { type Filter, isGroup } from "../../../../domain/experiments/filter/ast.ts";
import { checkSql, holdersSql, runIdsSql } from "./filter-sql.ts";
import { after, named, namedKeys, namedOrder, readRows, type Row, type SortKey, valuesOf } from "./order-sql.ts";
import type { Parts } from "./rarity.ts";
import type { RunSearch } from "./search-runs.ts";

export interface Gathering {
  search: RunSearch;
  experimentIds: string[];
  parts: Parts;
  keys: SortKey[];
  /** The values of the last run of the page before. */
  after: (string | null)[] | null;
}

/**
 * Up to one more run than a page has, from a rare condition on: its runs by an index alone, where they are few those of them that
 * other comparisons hold for, these put in order, and the rest of the filter looked up from the first on until there are enough. The
 * planner knows neither how rare a value is nor that the runs are few, so each step is fenced off (`offset 0`), and read as it stands.
 */
export async function gather(db: DbOrTx, { search, experimentIds, parts, keys, after: values }: Gathering): Promise<Row[]> {
  const rare = sql.join(parts.sets.map((one) => sql`(${runIdsSql(one, experimentIds)!})`), sql` intersect `);
  const narrowed = parts.narrow.map((one, at) => sql`, ${rareAt(at + 1)} as materialized (${holdersSql(one, rareAt(at))})`);
  const few = rareAt(parts.narrow.length);
  const inOrder = sql`
    select found.* from ${few} few cross join lateral (
      select ${namedKeys(keys)} from ${runs} where ${runs.id} = few.run_id and ${runs.experimentId} = any(${sql.param(experimentIds)}::text[]) and ${search.within} offset 0
    ) found ${values ? sql`where ${after(named(keys), values)}` : sql``} order by ${namedOrder(keys)} offset 0`;
  return readRows(db, sql`
    with ${rareAt(0)} as materialized (${rare})${sql.join(narrowed)}
    select ${valuesOf(keys)} from (${inOrder}) found ${restSql(parts, keys)} order by ${namedOrder(keys)} limit ${sql.raw(String(search.limit + 1))}`);
}

const rareAt = (at: number): SQL => sql.raw(`rare${at}`);

/** Looked up in the run itself only where an attribute of it is asked for: what else a run has is found by its id. */
function restSql({ rest }: Parts, keys: SortKey[]): SQL {
  if (!rest) return sql``;
  const id = sql.raw(`found.k${keys.length - 1}`);
  const run = asksAttribute(rest) ? sql`${runs} where ${runs.id} = ${id} and` : sql`(select ${id} as id) ${runs} where`;
  return sql`cross join lateral (select from ${run} ${checkSql(rest)} offset 0) holds`;
}

const asksAttribute = (filter: Filter): boolean => (isGroup(filter) ? filter.items.some(asksAttribute) : filter.entity === "attributes");
