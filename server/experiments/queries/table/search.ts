import { and, desc, eq, gt, inArray, isNull, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { projects } from "../../../../db/schema/access.ts";
import { experiments, metricSummaries, runParams, runs, runTags } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import type { ValueColumn } from "../../../../domain/experiments/compare/inputs.ts";
import type { Order } from "../../../../domain/experiments/filter/ast.ts";
import { parseSorts } from "../../../../domain/experiments/table-columns.ts";
import type { NewerRuns, SearchTable, TableKeys, TableRows, TableSet } from "../../../../domain/experiments/table-inputs.ts";
import type { TableKeysFound, TableRow } from "../../../../domain/experiments/table-view.ts";
import { cellsOf } from "../compare/values.ts";
import { findRuns, type Page, toRows } from "../runs.ts";
import { isByCost } from "../search/cost-sql.ts";
import { filterSql } from "../search/filter-sql.ts";
import { searchRuns } from "../search/search-runs.ts";
import { reachedProjects } from "../visible.ts";
import { type TableReader, walkedExperiments, withinOf } from "./within.ts";

/** Ids sort by creation: the newest first, along the primary key. */
const NEWEST: Order = { entity: "attributes", key: "run_id", descending: true };
const MAX_NEWER = 100;
const MAX_COUNTED = 10_000;

/**
 * One page of the table. No page costs more than the one before it, whatever was sorted by. `newest` comes with the first one: the run
 * after which others count as new, wherever the order puts it; null where nothing matches, and on later pages.
 */
export async function searchTable(db: DbOrTx, grant: Grant, reader: TableReader, { sorts, columns, cursor, limit, ...set }: SearchTable): Promise<Page<TableRow> & { newest: string | null }> {
  const first = cursor === undefined;
  // Before the page: a run that comes in between is then counted as new, and never missed.
  const newest = first && parseSorts(sorts).length > 0 ? (await searchIds(db, grant, reader, set, { sorts: [], limit: 1 })).ids[0] : undefined;
  const { ids, nextCursor } = await searchIds(db, grant, reader, set, { sorts, cursor, limit });
  return { items: await rowsOf(db, ids, columns), nextCursor, newest: first ? (newest ?? ids[0] ?? null) : null };
}

export async function searchIds(db: DbOrTx, grant: Grant, reader: TableReader, set: TableSet, page: { sorts: string[]; cursor?: string | undefined; limit: number }): Promise<{ ids: string[]; nextCursor: string | null }> {
  const within = await withinOf(db, grant, reader, set);
  const orders = parseSorts(page.sorts).map(({ order }) => order).filter((order) => reader.seesCosts || !isByCost(order));
  const byMetric = orders[0]?.entity === "metrics";
  const experimentIds = byMetric || within.filter ? await walkedExperiments(db, grant, within, set.experimentId) : null;
  const { ids, next } = await searchRuns(db, { within: within.where, experimentIds: byMetric ? experimentIds : null, searchedIn: experimentIds, filter: within.filter, orders: orders.length > 0 ? orders : [NEWEST], limit: page.limit, token: page.cursor });
  return { ids, nextCursor: next };
}

/** Rows of these runs in their order. Whether they may be seen was decided before. */
export async function rowsOf(db: DbOrTx, ids: string[], columns: readonly ValueColumn[]): Promise<TableRow[]> {
  if (ids.length === 0) return [];
  const [found, cells] = await Promise.all([findRuns(db, inArray(runs.id, ids), ids.length), cellsOf(db, ids, columns)]);
  const archived = new Set(found.flatMap(({ run }) => (run.deletedAt ? [run.id] : [])));
  const byId = new Map((await toRows(db, found)).map((row) => [row.id, row]));
  return ids.flatMap((id, at) => {
    const row = byId.get(id);
    return row ? [{ ...row, cells: cells[at]!, archived: archived.has(id) }] : [];
  });
}

/** The same rows again, for a table that stays where it is while its runs go on. */
export async function readTableRows(db: DbOrTx, grant: Grant, { ids, columns }: TableRows): Promise<TableRow[]> {
  const seen = await db.select({ id: runs.id }).from(runs).innerJoin(projects, eq(projects.id, runs.projectId)).where(and(eq(runs.orgId, grant.orgId), inArray(runs.id, ids), reachedProjects(grant)));
  const known = new Set(seen.map(({ id }) => id));
  return rowsOf(db, ids.filter((id) => known.has(id)), columns);
}

const condition = ({ where, filter }: Awaited<ReturnType<typeof withinOf>>): SQL => (filter ? and(where, filterSql(filter, null))! : where);

/** How many match, up to a number that a person still tells from more. */
export async function countTable(db: DbOrTx, grant: Grant, reader: TableReader, set: TableSet): Promise<{ count: number; more: boolean }> {
  const where = condition(await withinOf(db, grant, reader, set));
  const [row] = await db.execute<{ count: number }>(sql`select count(*)::int as count from (select 1 from ${runs} where ${where} limit ${MAX_COUNTED + 1}) found`);
  return { count: Math.min(row!.count, MAX_COUNTED), more: row!.count > MAX_COUNTED };
}

/** Runs made after one that is shown, which match: they wait behind a bar until somebody asks for them. */
export async function countNewer(db: DbOrTx, grant: Grant, reader: TableReader, { since, ...set }: NewerRuns): Promise<number> {
  const where = and(condition(await withinOf(db, grant, reader, set)), gt(runs.id, since));
  const [row] = await db.execute<{ count: number }>(sql`select count(*)::int as count from (select 1 from ${runs} where ${where} limit ${MAX_NEWER}) found`);
  return row!.count;
}

const LOOKED_AT = 500;
const MAX_KEYS = 2000;

/** What the newest runs have: names to choose columns and conditions from. All runs would be too many to ask. */
export async function readTableKeys(db: DbOrTx, grant: Grant, { project, experimentId }: TableKeys): Promise<TableKeysFound> {
  const newest = await db
    .select({ id: runs.id })
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .innerJoin(experiments, eq(experiments.id, runs.experimentId))
    .where(and(eq(runs.orgId, grant.orgId), reachedProjects(grant), isNull(runs.deletedAt), project ? eq(projects.slug, project) : undefined, experimentId ? eq(experiments.id, experimentId) : undefined))
    .orderBy(desc(runs.id))
    .limit(LOOKED_AT);
  const ids = newest.map(({ id }) => id);
  if (ids.length === 0) return { metrics: [], params: [], tags: [], runs: 0 };
  const keys = async (table: typeof metricSummaries | typeof runParams | typeof runTags) =>
    (await db.selectDistinct({ key: table.key }).from(table).where(inArray(table.runId, ids)).orderBy(table.key).limit(MAX_KEYS)).map(({ key }) => key);
  const [metrics, params, tags] = await Promise.all([keys(metricSummaries), keys(runParams), keys(runTags)]);
  return { metrics, params, tags, runs: ids.length };
}
