import { and, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { projects } from "../../../../db/schema/access.ts";
import { runs } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { MAX_GROUP_BUCKETS, MAX_GROUP_LINES, MAX_GROUPED } from "../../../../domain/experiments/compare/buckets.ts";
import type { CompareGroups } from "../../../../domain/experiments/compare/group-inputs.ts";
import { ALL_RUNS, NOT_SET, type GroupedSeries } from "../../../../domain/experiments/compare/view.ts";
import { filterSql } from "../search/filter-sql.ts";
import { groupValue } from "../table/groups.ts";
import { type TableReader, type Within, withinOf } from "../table/within.ts";
import { comparable } from "./heads.ts";
import { readGroups, spanOf } from "./series.ts";

/**
 * One metric over all runs of a set: mean, median and confidence of each group at each bucket, with how many runs they are of. No
 * sample: every run that matches is read, up to the newest MAX_GROUPED, and whether that was all is said.
 */
export async function readGrouped(db: DbOrTx, grant: Grant, reader: TableReader, ask: CompareGroups, most = MAX_GROUPED): Promise<GroupedSeries> {
  const { found, more } = await runsOf(db, grant, reader, ask, most);
  const groups = Map.groupBy(found, ({ value }) => value);
  const drawn = [...groups].sort(([a, some], [b, others]) => others.length - some.length || (a < b ? -1 : 1)).slice(0, MAX_GROUP_LINES);
  const members = drawn.flatMap(([, own]) => own);
  const said = { looked: found.length, more, allGroups: groups.size, order: drawn.map(([value]) => value) };
  const spanned = members.length > 0 ? await spanOf(db, members, ask) : null;
  if (!spanned) return { grid: null, lines: [], groups: [], ...said };
  const answer = await readGroups(db, grant, spanned, { ...ask, buckets: Math.min(ask.buckets ?? MAX_GROUP_BUCKETS, MAX_GROUP_BUCKETS) }, new Map(members.map(({ id, value }) => [id, value])));
  return { ...answer, ...said };
}

interface Found {
  id: string;
  startedAt: Date | null;
  value: string;
}

async function runsOf(db: DbOrTx, grant: Grant, reader: TableReader, { of, group }: CompareGroups, most: number): Promise<{ found: Found[]; more: boolean }> {
  const value = group ? sql<string>`coalesce(${groupValue(group)}, ${NOT_SET})` : sql<string>`${ALL_RUNS}::text`;
  const where = "ids" in of ? comparable(grant, of.ids) : matching(await withinOf(db, grant, reader, of));
  const rows = await db.execute<{ id: string; started: number | null; value: string }>(sql`
    select ${runs.id} as id, extract(epoch from ${runs.startedAt})::float8 * 1000 as started, ${value} as value
    from ${runs} join ${projects} on ${projects.id} = ${runs.projectId} where ${where} order by ${runs.id} desc limit ${most + 1}`);
  return { found: rows.slice(0, most).map(({ id, started, value: own }) => ({ id, startedAt: started === null ? null : new Date(started), value: own })), more: rows.length > most };
}

const matching = ({ where, filter }: Within): SQL => (filter ? and(where, filterSql(filter, null))! : where);
