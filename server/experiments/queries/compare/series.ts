import { sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { metricBatches, metricSummaries } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { bucketsFor, type BucketValue, fitLines, type Grid, gridOf, packNumbers } from "../../../../domain/experiments/compare/buckets.ts";
import { aggregateGroup } from "../../../../domain/experiments/compare/grouping.ts";
import type { CompareSeries } from "../../../../domain/experiments/compare/inputs.ts";
import type { ComparedGroup, ComparedSeries } from "../../../../domain/experiments/compare/view.ts";
import { isFinite } from "../series.ts";
import { groupsOf } from "./groups.ts";
import { visibleRuns } from "./heads.ts";

type Run = Awaited<ReturnType<typeof visibleRuns>>[number];
interface Found {
  buckets: BucketValue[];
  nonFinite: number;
}

/**
 * One metric of up to a hundred runs in one answer: reduced in SQL to the same buckets for all of them, least, greatest and last
 * of each kept, and as many buckets as fit into the answer's size.
 */
export async function readCompared(db: DbOrTx, grant: Grant, ask: CompareSeries): Promise<ComparedSeries> {
  const runs = await visibleRuns(db, grant, ask.ids);
  const range = runs.length > 0 ? await rangeOf(db, runs, ask) : null;
  if (!range) return { grid: null, lines: [], groups: [] };
  const groups = ask.group ? await groupsOf(db, grant, runs.map(({ id }) => id), ask.group) : null;
  const lines = groups ? new Set(groups.values()).size * 6 : runs.length;
  const grid = gridOf(range.from, range.to, bucketsFor(lines, ask.buckets), !isMetric(ask.x));
  const found = await reduceRuns(db, runs, ask, grid);
  return groups ? byGroup(grid, found, groups) : byRun(grid, runs, found);
}

function byRun(grid: Grid, runs: readonly Run[], found: ReadonlyMap<string, Found>): ComparedSeries {
  const present = runs.filter(({ id }) => found.has(id));
  const fitted = fitLines(grid, present.map(({ id }) => found.get(id)!.buckets));
  return { grid: fitted.grid, groups: [], lines: fitted.lines.map((line, at) => ({ ...line, id: present[at]!.id, nonFinite: found.get(present[at]!.id)!.nonFinite })) };
}

function byGroup(grid: Grid, found: ReadonlyMap<string, Found>, groups: ReadonlyMap<string, string>): ComparedSeries {
  const values = [...new Set(groups.values())].sort();
  const made = values.flatMap((value) => {
    const members = [...found].filter(([id]) => groups.get(id) === value).map(([, one]) => one);
    const course = aggregateGroup(members.map(({ buckets }) => buckets));
    return course.length > 0 ? [{ value, course, runs: members.length, nonFinite: members.reduce((sum, one) => sum + one.nonFinite, 0) }] : [];
  });
  const fitted = fitLines(grid, made.map(({ course }) => course.map(({ bucket, mean, low, high }) => ({ bucket, last: mean, min: low, max: high }))), Number.POSITIVE_INFINITY);
  const lines = made.map(({ value, course, runs, nonFinite }, at): ComparedGroup => ({
    ...fitted.lines[at]!, id: value, runs, nonFinite, median: packNumbers(course.map(({ median }) => median), 6), n: packNumbers(course.map(({ n }) => n), 17),
  }));
  return { grid: fitted.grid, lines: [], groups: lines };
}

const isMetric = (x: string) => x.startsWith("metric:");
const metricOf = (x: string) => x.slice("metric:".length);

/** What the x axis spans over all of the runs, narrowed to what is asked for. */
async function rangeOf(db: DbOrTx, runs: readonly Run[], { key, x, from, to }: CompareSeries): Promise<{ from: number; to: number } | null> {
  const s = metricSummaries;
  const ends: Record<string, [SQL, SQL]> = {
    step: [sql`min(${s.minStep})`, sql`max(${s.maxStep})`],
    time: [sql`min(${s.minTime})`, sql`max(${s.maxTime})`],
    relative: [sql`min(${s.minTime} - began.at)`, sql`max(${s.maxTime} - began.at)`],
  };
  const [low, high] = ends[x] ?? [sql`min(${s.min})`, sql`max(${s.max})`];
  const [row] = await db.execute<{ low: number | null; high: number | null }>(sql`
    select ${low}::float8 as low, ${high}::float8 as high
    from ${beganOf(runs)} join ${s} on ${s.runId} = began.run_id where ${s.key} = ${isMetric(x) ? metricOf(x) : key}`);
  if (row?.low == null || row.high == null) return null;
  const range = { from: Math.max(row.low, from ?? -Infinity), to: Math.min(row.high, to ?? Infinity) };
  if (!isMetric(x)) Object.assign(range, { from: Math.ceil(range.from), to: Math.floor(range.to) });
  return range.from <= range.to ? range : null;
}

/** The runs with when each began, Unix ms: its first process, or else its first point. */
function beganOf(runs: readonly Run[]): SQL {
  const s = metricSummaries;
  const rows = runs.map(({ id, startedAt }) => sql`(${id}::text, ${startedAt?.getTime() ?? null}::float8)`);
  return sql`(select of_run.run_id, coalesce(of_run.at, (select min(${s.minTime})::float8 from ${s} where ${s.runId} = of_run.run_id), 0) as at from (values ${sql.join(rows, sql`, `)}) as of_run(run_id, at)) as began`;
}

/** Points of one key of the runs named in `began`: (run_id, step, time, value, place). The only place that knows how points are stored. */
function pointsOf(key: string): SQL {
  const b = metricBatches;
  return sql`${b} cross join lateral unnest(${b.steps}, ${b.times}, ${b.values}) with ordinality as p(step, time, value, place)
    where ${b.runId} = began.run_id and ${b.key} = ${key}`;
}

async function reduceRuns(db: DbOrTx, runs: readonly Run[], { key, x }: CompareSeries, grid: Grid): Promise<Map<string, Found>> {
  const points = isMetric(x)
    ? sql`select y.value, y.time::float8 as "then", y.step::float8 as place, ${sql`of_x.value`} as x
        from (select p.* from ${pointsOf(key)}) y
        join (select distinct on (p.step) p.step, p.value from ${pointsOf(metricOf(x))} and ${isFinite(sql`p.value`)} order by p.step, p.time desc, p.place desc) of_x on of_x.step = y.step`
    : sql`select p.value, ${x === "step" ? sql`p.time` : sql`p.step`}::float8 as "then", p.place::float8 as place,
        ${x === "step" ? sql`p.step::float8` : x === "time" ? sql`p.time::float8` : sql`p.time::float8 - began.at`} as x
        from ${pointsOf(key)}`;
  const width = grid.whole ? grid.to - grid.from + 1 : grid.to - grid.from || 1;
  const finite = isFinite(sql`p.value`);
  const rows = await db.execute<{ run_id: string; buckets: number[]; lasts: number[]; lows: number[]; highs: number[]; non_finite: number }>(sql`
    select run_id, array_agg(bucket order by bucket) filter (where high is not null) as buckets, array_agg(last_point[4] order by bucket) filter (where high is not null) as lasts,
      array_agg(low order by bucket) filter (where high is not null) as lows, array_agg(high order by bucket) filter (where high is not null) as highs, sum(bad)::int as non_finite
    from (
      select began.run_id, least(${grid.count - 1}::int, floor((p.x - ${grid.from}::float8) * ${grid.count}::float8 / ${width}::float8)::int) as bucket,
        max(array[p.x, p."then", p.place, p.value]) filter (where ${finite}) as last_point,
        min(p.value) filter (where ${finite}) as low, max(p.value) filter (where ${finite}) as high, (count(*) filter (where not ${finite}))::int as bad
      from ${beganOf(runs)} cross join lateral (${points}) as p
      where p.x between ${grid.from}::float8 and ${grid.to}::float8
      group by 1, 2
    ) reduced group by run_id`);
  return new Map(rows.map((row) => [row.run_id, {
    buckets: (row.buckets ?? []).map((bucket, at) => ({ bucket, last: row.lasts[at]!, min: row.lows[at]!, max: row.highs[at]! })),
    nonFinite: row.non_finite,
  }]));
}
