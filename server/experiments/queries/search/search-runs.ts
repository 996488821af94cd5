import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { DbOrTx } from "../../../../db/client.ts";
import { metricSummaries, runs } from "../../../../db/schema/experiments.ts";
import type { Filter, Order } from "../../../../domain/experiments/filter/ast.ts";
import { DomainError } from "../../../../domain/shared/errors.ts";
import { isByCost } from "./cost-sql.ts";
import { filterSql } from "./filter-sql.ts";
import { gather } from "./gather.ts";
import { after, namedKeys, namedOrder, orderBy, readRows, type Row, type SortKey, sortKeys, valuesOf } from "./order-sql.ts";
import { partsOf, RARE } from "./rarity.ts";
import { walkCosts } from "./walk-costs.ts";

export interface RunSearch {
  /** Which runs the caller may see, as a condition on `runs`: tenancy, project, deleted or not. */
  within: SQL;
  /** These experiments only, each walked by its own index; null for all that `within` allows. */
  experimentIds: string[] | null;
  /** Where all runs that `within` allows are known to be, though they are not walked by experiment. */
  searchedIn?: string[] | null | undefined;
  filter: Filter | null;
  orders: Order[];
  /** Whose words for a status runs are sorted by. */
  words?: "drover" | "mlflow";
  limit: number;
  /** The `next` of the page before. */
  token?: string | undefined;
}

export interface FoundIds {
  ids: string[];
  /** null: that was the last page. */
  next: string | null;
}

/** Where a page ended: in which part of the order, and the values that its last run is sorted by. */
const Cursor = z.object({ part: z.enum(["all", "with", "without"]), values: z.array(z.string().nullable()).min(1).max(40) });
type Cursor = z.infer<typeof Cursor>;

const encode = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString("base64url");

/** @throws DomainError "invalid" for a token that no page gave. */
function decode(token: string, keys: number): Cursor {
  try {
    const cursor = Cursor.parse(JSON.parse(Buffer.from(token, "base64url").toString("utf8")));
    if (cursor.values.length === keys) return cursor;
  } catch {
    // told below
  }
  throw new DomainError("invalid", "Invalid page token. It must come from the page before, of the same search.");
}

/**
 * One page of runs, by id. No page costs more than the one before it: there are no offsets.
 * @param rare A condition that holds for more runs than that is none to begin at: the order is walked instead. The answer is the same.
 */
export async function searchRuns(db: DbOrTx, search: RunSearch, rare = RARE): Promise<FoundIds> {
  const keys = sortKeys(search.orders, search.words);
  const cursor = search.token ? decode(search.token, keys.length) : null;
  const [first] = search.orders;
  const byMetric = first?.entity === "metrics" && search.experimentIds ? first : null;
  const known = search.experimentIds ?? search.searchedIn;
  const parts = search.filter && known?.length ? await partsOf(db, search.filter, known, rare) : null;
  if (parts) return gatheredPage(await gather(db, { search, experimentIds: known!, parts, keys, after: cursor?.values ?? null }), search.limit, byMetric !== null);
  return walkedPage(db, search, keys, cursor, byMetric);
}

async function walkedPage(db: DbOrTx, search: RunSearch, keys: SortKey[], cursor: Cursor | null, byMetric: Order | null): Promise<FoundIds> {
  if (isByCost(search.orders[0])) return page(await walkCosts(db, search, keys, cursor?.values ?? null, search.limit + 1), search.limit, "all");
  if (!byMetric) return page(await walk(db, search, keys, cursor, search.limit + 1, null), search.limit, "all");
  // First the runs that have the metric, along its index; then those that have not.
  const began = cursor?.part ?? "with";
  const having = began === "with" ? await walk(db, search, keys, cursor, search.limit + 1, byMetric) : [];
  if (having.length > search.limit) return page(having, search.limit, "with");
  const rest = await walk(db, { ...search, within: sql`${search.within} and ${lacks(byMetric)}` }, keys, began === "without" ? cursor : null, search.limit + 1 - having.length, null);
  const all = [...having, ...rest];
  return page(all, search.limit, all.length > search.limit && search.limit <= having.length ? "with" : "without");
}

const lacks = ({ key }: Order): SQL => sql`not exists (select 1 from ${metricSummaries} m where m.run_id = ${runs.id} and m.key = ${key} and m.last < 'NaN'::float8)`;

/** As if it had been walked: the next page may be. */
function gatheredPage(rows: Row[], limit: number, byMetric: boolean): FoundIds {
  const [value] = rows[Math.min(limit, rows.length) - 1]?.values ?? [];
  const part = value === null ? "without" : "with";
  return page(rows, limit, byMetric ? part : "all");
}

function page(rows: Row[], limit: number, part: Cursor["part"]): FoundIds {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { ids: shown.map(({ values }) => values.at(-1)!), next: rows.length > limit && last ? encode({ part, values: last.values }) : null };
}

/** Up to `limit` runs in order. With several experiments each gives its own first few, and those are merged. */
async function walk(db: DbOrTx, search: RunSearch, keys: SortKey[], cursor: Cursor | null, limit: number, metric: Order | null): Promise<Row[]> {
  if (search.experimentIds?.length === 0) return [];
  const along = metric ? alongMetric(metric, keys) : keys;
  const conditions = [
    search.within,
    ...(search.filter ? [filterSql(search.filter, search.experimentIds)] : []),
    ...(metric ? [sql`m.key = ${metric.key} and m.last < 'NaN'::float8`] : []),
    ...(cursor ? [after(along, cursor.values), ...bound(along[0]!, cursor.values[0] ?? null)] : []),
  ];
  const most = sql.raw(String(limit)); // not as a parameter: the planner would take it for a tenth of all runs, and plan each page anew
  const one = (experiment: SQL | null) => sql`
    select ${namedKeys(along)}
    from ${runs}${metric ? sql` join ${metricSummaries} m on m.run_id = ${runs.id}` : sql``}
    where ${sql.join([...(experiment ? [metric ? sql`m.experiment_id = ${experiment}` : sql`${runs.experimentId} = ${experiment}`] : []), ...conditions], sql` and `)}
    order by ${orderBy(along)} limit ${most}`;
  const columns = valuesOf(along);
  const merged = namedOrder(along);
  const source = search.experimentIds ? sql`unnest(${sql.param(search.experimentIds)}::text[]) as e(id) cross join lateral (${one(sql`e.id`)}) found` : sql`(${one(null)}) found`;
  return readRows(db, sql`select ${columns} from ${source} order by ${merged} limit ${most}`);
}

/** The first key read from the joined row, not null there, so that its index gives the order. */
const alongMetric = (metric: Order, keys: SortKey[]): SortKey[] => [{ expression: sql`m.last`, type: "float8", descending: metric.descending, total: true }, ...keys.slice(1)];

/** The part of "after" that an index can begin at. */
function bound({ expression, type, descending, total }: SortKey, value: string | null): SQL[] {
  return value === null || !total ? [] : [sql`${expression} ${descending ? sql`<=` : sql`>=`} ${value}::${sql.raw(type)}`];
}
