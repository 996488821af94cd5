import { sql, type SQL } from "drizzle-orm";
import { arrayText } from "../../../../db/array-text.ts";
import type { DbOrTx } from "../../../../db/client.ts";
import { metricSummaries } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { bucketsFor, type Grid, gridOf, MAX_BUCKETS } from "../../../../domain/experiments/compare/buckets.ts";
import type { CompareSeries } from "../../../../domain/experiments/compare/inputs.ts";
import { bucketsForOutlines, CELL, CELL_OF_BUCKET, type Course } from "../../../../domain/experiments/outline.ts";
import type { ComparedSeries } from "../../../../domain/experiments/compare/view.ts";
import type { Reading } from "../../reduce/readings.ts";
import { reduce } from "../../reduce/reduce.ts";
import { storedForChart, wholeForChart } from "../chart-batches.ts";
import { groupsOf } from "./groups.ts";
import { visibleRuns } from "./heads.ts";

export type Run = Awaited<ReturnType<typeof visibleRuns>>[number];
/** What a chart shows of its runs: their metric over an axis, and which part of it. */
export type Shown = Pick<CompareSeries, "key" | "x" | "from" | "to">;

/**
 * One metric of up to a hundred runs in one answer: reduced on the server to the same buckets for all of them, least, greatest and last
 * of each kept, and as many buckets as fit into the answer's size.
 */
export async function readCompared(db: DbOrTx, grant: Grant, ask: CompareSeries): Promise<ComparedSeries> {
  const runs = await visibleRuns(db, grant, ask.ids);
  const spanned = runs.length > 0 ? await spanOf(db, runs, ask) : null;
  if (!spanned) return { grid: null, lines: [], groups: [] };
  if (ask.group) {
    const groupOf = await groupsOf(db, grant, runs.map(({ id }) => id), ask.group);
    return { ...(await readGroups(db, grant, spanned, ask, groupOf)), order: [...new Set(groupOf.values())].sort() };
  }
  const grid = gridFor(spanned, ask.x, bucketsFor(runs.length, ask.buckets, isDense(spanned)));
  return reduce({ kind: "runs", x: ask.x, grid }, { db, orgId: grant.orgId, readings: readingsOf(spanned.runs, ask, grid) });
}

/** The same by groups, however many runs are in them. @param groupOf By run id. */
export async function readGroups(db: DbOrTx, grant: Grant, spanned: Spanned, ask: Shown & { buckets?: number | undefined }, groupOf: ReadonlyMap<string, string>): Promise<ComparedSeries> {
  const lines = new Set(groupOf.values()).size * 6; // each has six rows of numbers
  const grid = gridFor(spanned, ask.x, bucketsFor(lines, ask.buckets));
  return reduce({ kind: "groups", x: ask.x, grid, groupOf }, { db, orgId: grant.orgId, readings: readingsOf(spanned.runs, ask, grid) });
}

/** Most buckets of most lines will hold more than one value. */
const isDense = ({ runs }: Spanned) => runs.reduce((sum, { count }) => sum + count, 0) > 2 * MAX_BUCKETS * runs.length;

const gridFor = ({ from, to, runs }: Spanned, x: string, buckets: number): Grid => (isMetric(x) ? gridOf(from, to, buckets, false) : gridOf(from, to, bucketsForOutlines(buckets, { from, to }, runs), true));

const isMetric = (x: string) => x.startsWith("metric:");
const metricOf = (x: string) => x.slice("metric:".length);

/** A run that has the metric, and when it began, Unix ms: its first process, or else its first point. */
interface Measured extends Course {
  id: string;
  began: number;
}
export interface Spanned {
  /** In the order asked for. */
  runs: Measured[];
  from: number;
  to: number;
}

/** The runs that have points of the metric in what is asked for, and what the x axis spans over all of them. null: none has. */
export async function spanOf(db: DbOrTx, runs: readonly Run[], { key, x, from = -Infinity, to = Infinity }: Shown): Promise<Spanned | null> {
  const s = metricSummaries;
  const ends: Record<string, [SQL, SQL]> = {
    step: [sql`of_key.min_step`, sql`of_key.max_step`],
    time: [sql`of_key.min_time`, sql`of_key.max_time`],
    relative: [sql`of_key.min_time - began.at`, sql`of_key.max_time - began.at`],
  };
  const [low, high] = ends[x] ?? [sql`across.min`, sql`across.max`];
  const across = isMetric(x) ? sql`join ${s} across on across.run_id = given.run_id and across.key = ${metricOf(x)}` : sql``;
  const rows = await db.execute<{ id: string; began: number; count: number; low: number | null; high: number | null }>(sql`
    select given.run_id as id, began.at as began, of_key.count::float8 as count, (${low})::float8 as low, (${high})::float8 as high
    from unnest(${arrayText(runs.map(({ id }) => id))}::text[], ${arrayText(runs.map(({ startedAt }) => startedAt?.getTime() ?? null))}::float8[]) with ordinality as given(run_id, at, place)
    join ${s} of_key on of_key.run_id = given.run_id and of_key.key = ${key} ${across}
    cross join lateral (select coalesce(given.at, (select min(any_key.min_time)::float8 from ${s} any_key where any_key.run_id = given.run_id), 0) as at) began
    order by given.place`);
  const measured = rows.filter((row): row is Measured => row.low !== null && row.high !== null);
  const [up, down] = isMetric(x) ? [Number, Number] : [Math.ceil, Math.floor];
  const range = { from: up(Math.max(from, measured.reduce((least, one) => Math.min(least, one.low), Infinity))), to: down(Math.min(to, measured.reduce((most, one) => Math.max(most, one.high), -Infinity))) };
  if (!(range.from <= range.to)) return null;
  return { ...range, runs: measured.filter((one) => isMetric(x) || (one.low <= range.to && one.high >= range.from)) };
}

/** So many points are read at once, or one run's where it alone has more: however many runs are compared. */
const POINTS_AT_ONCE = 100_000;
/** Points of a run count as so much less where its outlines will do. */
const OUTLINED = CELL / 4;

function readingsOf(runs: readonly Measured[], { key, x }: Shown, grid: Grid): Reading<SQL>[] {
  const weigh = ({ count }: Measured) => (!isMetric(x) && count * CELL_OF_BUCKET >= grid.count * CELL ? count / OUTLINED : count);
  return atOnce(runs, weigh).map((part) => {
    const of = { key, runs: part.map(({ id, began }) => ({ id, since: x === "relative" ? began : 0 })) };
    const points = isMetric(x) ? wholeForChart(of) : storedForChart(x === "step" ? "step" : "time", grid, of);
    return { lines: part.map(({ id, began }) => ({ id, run: id, began })), points, across: isMetric(x) ? wholeForChart({ ...of, key: metricOf(x) }) : null };
  });
}

function atOnce(runs: readonly Measured[], weigh: (run: Measured) => number): Measured[][] {
  const parts: Measured[][] = [];
  let room = 0;
  for (const run of runs) {
    if (weigh(run) > room) {
      parts.push([]);
      room = POINTS_AT_ONCE;
    }
    parts.at(-1)!.push(run);
    room -= weigh(run);
  }
  return parts;
}
