import { and, asc, eq, inArray, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { metricSummaries } from "../../../db/schema/experiments.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { type Grid, gridOf } from "../../../domain/experiments/compare/buckets.ts";
import type { ReadSeries } from "../../../domain/experiments/run-inputs.ts";
import type { Bucket as Reduced } from "../../../domain/experiments/reduce.ts";
import { bucketsForOutlines, type Course } from "../../../domain/experiments/outline.ts";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { reduce } from "../reduce/reduce.ts";
import { storedForChart } from "./chart-batches.ts";
import { getVisibleRun } from "./visible.ts";

export interface MetricKey {
  key: string;
  count: number;
  min: number | null;
  max: number | null;
  last: number;
  lastStep: number;
}

/** As many keys as one page may offer; by name. */
const MAX_KEYS = 10_000;

export async function listMetricKeys(db: DbOrTx, grant: Grant, runId: string): Promise<MetricKey[]> {
  await getVisibleRun(db, grant, runId);
  const s = metricSummaries;
  return db
    .select({ key: s.key, count: s.count, min: s.min, max: s.max, last: s.last, lastStep: s.lastStep })
    .from(s)
    .where(eq(s.runId, runId))
    .orderBy(asc(s.key))
    .limit(MAX_KEYS);
}

interface Range {
  from: number;
  to: number;
}

/**
 * Each key's points, reduced to at most `buckets` points: the least, greatest and last value of every bucket that
 * has any, so a spike of one point is never lost and a gap stays one. Where the range has no more whole steps than buckets, every step keeps its own.
 */
export async function readSeries(db: DbOrTx, grant: Grant, ask: ReadSeries): Promise<Series[]> {
  const run = await getVisibleRun(db, grant, ask.id);
  const since = ask.x === "relative" ? (run.startedAt?.getTime() ?? (await firstTime(db, ask.id))) : 0;
  // Inside, x is whole steps or whole milliseconds; `relative` differs only in how it is asked and told.
  const inner = (x: number) => (ask.x === "relative" ? x * 1000 + since : x);
  const outer = (x: number) => (ask.x === "relative" ? (x - since) / 1000 : x);
  const grid = await gridFor(db, ask, inner);
  const empty = new Map(ask.keys.map((key): [string, Series] => [key, { key, points: [], nonFinite: 0, total: 0 }]));
  if (!grid) return [...empty.values()];
  for (const row of await reduceMetrics(db, grant, ask, grid)) {
    const series = empty.get(row.key)!;
    series.total += row.total;
    series.nonFinite += row.total - row.count;
    if (row.count > 0) series.points.push({ x: outer(row.x!), min: row.min!, max: row.max!, last: row.last!, count: row.count });
  }
  return [...empty.values()];
}

async function firstTime(db: DbOrTx, runId: string): Promise<number> {
  const [row] = await db.select({ at: sql<number | null>`min(${metricSummaries.minTime})::float8` }).from(metricSummaries).where(eq(metricSummaries.runId, runId));
  return row?.at ?? 0;
}

/** One range for all keys asked for, so that their buckets line up. null: there is nothing. */
async function gridFor(db: DbOrTx, ask: ReadSeries, inner: (x: number) => number): Promise<Grid | null> {
  const s = metricSummaries;
  const [low, high] = ask.x === "step" ? [s.minStep, s.maxStep] : [s.minTime, s.maxTime];
  const courses: Course[] = await db
    .select({ count: s.count, low, high })
    .from(s)
    .where(and(eq(s.runId, ask.id), inArray(s.key, ask.keys)));
  const from = courses.reduce((least, one) => Math.min(least, one.low), Infinity);
  const to = courses.reduce((most, one) => Math.max(most, one.high), -Infinity);
  const range = { from: Math.max(from, ask.from === undefined ? -Infinity : Math.ceil(inner(ask.from))), to: Math.min(to, ask.to === undefined ? Infinity : Math.floor(inner(ask.to))) };
  return range.from <= range.to ? gridOf(range.from, range.to, bucketsForOutlines(ask.buckets, range, courses), true) : null;
}

export interface Bucket extends Record<string, unknown> {
  key: string;
  /** Of the bucket's last finite point, as are `last`. Null, as min and max, where no point is finite. */
  x: number | null;
  last: number | null;
  min: number | null;
  max: number | null;
  /** Finite points. */
  count: number;
  total: number;
}

/** Bucket number of `x`: never more buckets than whole values of x, so that neighbours on a step axis stay apart. */
export function bucketOf(x: SQL, { from, to }: Range, buckets: number): SQL {
  const count = Math.max(1, Math.min(buckets, to - from + 1));
  return sql`least(${count - 1}::int, floor((${x} - ${from}::float8) * ${count}::float8 / ${to - from + 1}::float8)::int)`;
}

/** Postgres knows NaN = NaN, so a list names what is not finite. */
export const isFinite = (value: SQL) => sql`${value} not in ('NaN'::float8, 'Infinity'::float8, '-Infinity'::float8)`;

/** In the order in which they came: outlines, packed batches and arrays alike. */
async function reduceMetrics(db: DbOrTx, grant: Grant, ask: ReadSeries, grid: Grid): Promise<({ key: string } & Reduced)[]> {
  const byStep = ask.x === "step";
  const readings = ask.keys.map((key) => ({ lines: [{ id: key, run: ask.id, began: 0 }], points: storedForChart(byStep ? "step" : "time", grid, { key, runs: [{ id: ask.id, since: 0 }] }), across: null }));
  const reduced = await reduce({ kind: "metrics", byStep, range: grid, buckets: grid.count }, { db, orgId: grant.orgId, readings });
  return [...reduced].flatMap(([key, buckets]) => buckets.map((bucket) => ({ key, ...bucket })));
}
