import { and, eq, inArray, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { metricBatches, metricSummaries } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { bucketsFor, type BucketValue, fitLines, type Grid, gridOf, packNumbers } from "../../../../domain/experiments/compare/buckets.ts";
import { type Bucket, Reducer } from "../../../../domain/experiments/reduce.ts";
import { aggregateGroup } from "../../../../domain/experiments/compare/grouping.ts";
import type { CompareSeries } from "../../../../domain/experiments/compare/inputs.ts";
import type { ComparedGroup, ComparedSeries } from "../../../../domain/experiments/compare/view.ts";
import { type Columns } from "../../metrics/codec.ts";
import { STORED, type StoredBatch, unpackRow } from "../../metrics/rows.ts";
import { groupsOf } from "./groups.ts";
import { visibleRuns } from "./heads.ts";

type Run = Awaited<ReturnType<typeof visibleRuns>>[number];
interface Found {
  buckets: BucketValue[];
  nonFinite: number;
}

/**
 * One metric of up to a hundred runs in one answer: reduced on the server to the same buckets for all of them, least, greatest and last
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

/** Only batches that may hold points of the range: of each its steps are known, its times are not. As floats, which hold any range. */
const batchesWithin = (x: string, { from, to }: Grid): SQL => (x === "step" ? sql`and ${metricBatches.maxStep}::float8 >= ${from}::float8 and ${metricBatches.minStep}::float8 <= ${to}::float8` : sql``);

/** The points of one key by run, in the order in which they came; x and the other axis as the chart has them. */
async function pointsOf(db: DbOrTx, runIds: readonly string[], key: string, within: SQL): Promise<Map<string, Columns[]>> {
  const b = metricBatches;
  const rows = await db.execute<StoredBatch>(sql`select ${sql.raw(STORED)} from ${b} where ${inArray(b.runId, [...runIds])} and ${b.key} = ${key} ${within} order by ${b.runId}, ${b.id}`);
  return new Map([...Map.groupBy(rows, ({ run_id }) => run_id)].map(([runId, own]) => [runId, own.map(unpackRow)]));
}

/** So many points are read and unpacked at once, or one run's where it alone has more: however many runs are compared. */
const POINTS_AT_ONCE = 100_000;

type Began = ReadonlyMap<string, number>;

/** The runs that have points of the metric in the range, in parts that are read at once. */
async function partsOf(db: DbOrTx, runs: readonly Run[], { key, x }: CompareSeries, grid: Grid, began: Began): Promise<string[][]> {
  const s = metricSummaries;
  const found = await db
    .select({ runId: s.runId, count: s.count, minStep: s.minStep, maxStep: s.maxStep, minTime: s.minTime, maxTime: s.maxTime })
    .from(s)
    .where(and(inArray(s.runId, runs.map(({ id }) => id)), eq(s.key, key)));
  const reaches = ({ runId, minStep, maxStep, minTime, maxTime }: (typeof found)[number]) => {
    if (isMetric(x)) return true;
    const [low, high, zero] = x === "step" ? [minStep, maxStep, 0] : [minTime, maxTime, x === "time" ? 0 : (began.get(runId) ?? 0)];
    return low - zero <= grid.to && high - zero >= grid.from;
  };
  const counts = new Map(found.filter(reaches).map(({ runId, count }) => [runId, count]));
  const parts: string[][] = [];
  let room = 0;
  for (const { id } of runs) {
    const count = counts.get(id);
    if (count === undefined) continue;
    if (count > room) {
      parts.push([]);
      room = POINTS_AT_ONCE;
    }
    parts.at(-1)!.push(id);
    room -= count;
  }
  return parts;
}

async function reduceRuns(db: DbOrTx, runs: readonly Run[], ask: CompareSeries, grid: Grid): Promise<Map<string, Found>> {
  const { key, x } = ask;
  const began: Began = new Map((await db.execute<{ run_id: string; at: number }>(sql`select began.run_id, began.at from ${beganOf(runs)}`)).map(({ run_id, at }) => [run_id, Number(at)]));
  const within = batchesWithin(x, grid);
  const found = new Map<string, Found>();
  for (const part of await partsOf(db, runs, ask, grid, began)) {
    const [points, across] = await Promise.all([pointsOf(db, part, key, within), isMetric(x) ? pointsOf(db, part, metricOf(x), within) : null]);
    for (const id of part) {
      const reducer = new Reducer(grid, grid.count, grid.whole);
      const bySteps = across && valuesByStep(across.get(id) ?? []);
      for (const batch of points.get(id) ?? []) addBatch(reducer, batch, { x, began: began.get(id) ?? 0, bySteps });
      const buckets = reducer.buckets();
      if (buckets.length > 0) found.set(id, foundIn(buckets));
    }
  }
  return found;
}

const foundIn = (buckets: readonly Bucket[]): Found => ({
  buckets: buckets.flatMap(({ bucket, last, min, max, count }) => (count === 0 ? [] : [{ bucket, last: last!, min: min!, max: max! }])),
  nonFinite: buckets.reduce((sum, { total, count }) => sum + total - count, 0),
});

function addBatch(reducer: Reducer, { steps, times, values }: Columns, { x, began, bySteps }: { x: string; began: number; bySteps: ReadonlyMap<number, number> | null }): void {
  if (bySteps) reducer.add(Float64Array.from(steps as ArrayLike<number>, (step) => bySteps.get(Number(step)) ?? Number.NaN), times, values);
  else if (x === "step") reducer.add(steps, times, values);
  else reducer.add(x === "time" ? times : Float64Array.from(times as ArrayLike<number>, (time) => Number(time) - began), steps, values);
}

/** The metric on the x axis by step: of several points of a step the last finite one. */
function valuesByStep(batches: Columns[]): Map<number, number> {
  const found = new Map<number, { time: number; value: number }>();
  for (const { steps, times, values } of batches) {
    for (let at = 0; at < values.length; at += 1) {
      const [step, time, value] = [Number(steps[at]), Number(times[at]), values[at]!];
      const before = found.get(step);
      if (Number.isFinite(value) && (!before || time >= before.time)) found.set(step, { time, value });
    }
  }
  return new Map([...found].map(([step, { value }]) => [step, value]));
}
