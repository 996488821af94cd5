import type { Sql, TransactionSql } from "postgres";
import { newId } from "../../../db/schema/columns.ts";
import { encode, toInts } from "../metrics/codec.ts";

/** Points of one key of one run, ready to store. Steps may be any int64. */
export interface Points {
  runId: string;
  attemptId: string | null;
  key: string;
  steps: Ints;
  times: Ints;
  values: ArrayLike<number>;
}
export type Ints = ArrayLike<number | bigint>;

/** Points of one key while they are read. */
export interface Series extends Points {
  steps: (number | bigint)[];
  times: (number | bigint)[];
  values: number[];
}

const text = (value: number | bigint) => String(value);
/** float64 as Postgres reads it back bit for bit; NaN and the infinities have words. */
const float = (value: number) => (Object.is(value, -0) ? "-0" : String(value));
const literal = <Value>(values: ArrayLike<Value>, one: (value: Value) => string) => `{${Array.from(values, one).join(",")}}`;

/** From so many points on a batch is packed as it comes: that is less work than writing it as arrays, for us and for Postgres. */
const PACKED_FROM = 16;
/** From so many on zstd is worth its time at once; what is smaller waits for compaction. */
const ZSTD_FROM = 4096;

interface BatchRow {
  points: number | null;
  body: string | null;
  steps: string | null;
  times: string | null;
  values: string | null;
}

function rowOf({ steps, times, values }: Points): BatchRow {
  const count = values.length;
  if (count < PACKED_FROM) return { points: null, body: null, steps: literal(steps, text), times: literal(times, text), values: literal(values, float) };
  const body = encode({ steps: toInts(steps), times: toInts(times), values: values instanceof Float64Array ? values : Float64Array.from(values) }, count < ZSTD_FROM ? 0 : 1);
  return { points: count, body: body.toString("base64"), steps: null, times: null, values: null };
}

/** The rows of these points as a table `fresh`, one per (run, key, batch), packed or as arrays: whichever suits its size. */
export function batchTable(sql: Sql | TransactionSql, points: Points[]) {
  const column = <Value>(of: (one: Points) => Value) => points.map(of);
  const rows = points.map(rowOf);
  return sql`unnest(${column((one) => one.runId)}::text[], ${column((one) => one.key)}::text[], ${column(() => newId("metricBatch"))}::text[], ${column((one) => one.attemptId)}::text[],
      ${column((one) => text(least(one.steps)))}::bigint[], ${column((one) => text(most(one.steps)))}::bigint[], ${rows.map((row) => row.points)}::int[], ${rows.map((row) => row.body)}::text[],
      ${rows.map((row) => row.steps)}::text[], ${rows.map((row) => row.times)}::text[], ${rows.map((row) => row.values)}::text[])
      as fresh (run_id, key, id, attempt_id, min_step, max_step, points, body, steps, times, "values")`;
}
/** What to select from it, in the order of `BATCH_COLUMNS`. */
export const BATCH_VALUES = `fresh.run_id, fresh.key, fresh.id, fresh.attempt_id, fresh.min_step, fresh.max_step, fresh.points, decode(fresh.body, 'base64'), fresh.steps::bigint[], fresh.times::bigint[], fresh."values"::float8[]`;
export const BATCH_COLUMNS = "run_id, key, id, attempt_id, min_step, max_step, points, body, steps, times, values";

/** Appends rows; the history is never read. */
export async function appendPoints(tx: TransactionSql, points: Points[]): Promise<void> {
  await tx`insert into metric_batches (${tx.unsafe(BATCH_COLUMNS)}) select ${tx.unsafe(BATCH_VALUES)} from ${batchTable(tx, points)}`;
}

// Not Math.min(...values): a batch may hold more points than a call may have arguments, and bigints too.
export function least(values: Ints): number | bigint {
  let found = values[0]!;
  for (let at = 1; at < values.length; at += 1) if (values[at]! < found) found = values[at]!;
  return found;
}
export function most(values: Ints): number | bigint {
  let found = values[0]!;
  for (let at = 1; at < values.length; at += 1) if (values[at]! > found) found = values[at]!;
  return found;
}

interface Summary {
  runId: string;
  key: string;
  count: number;
  min: number | null;
  max: number | null;
  last: number;
  lastStep: number | bigint;
  lastTime: number | bigint;
  minStep: number | bigint;
  maxStep: number | bigint;
  minTime: number | bigint;
  maxTime: number | bigint;
}

/** `last` is that of the greatest (step, time); of equals the later one. */
function summaryOf({ runId, key, steps, times, values }: Points): Summary {
  let [min, max, last] = [Infinity, -Infinity, 0];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at]!;
    if (Number.isFinite(value)) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (steps[at]! > steps[last]! || (steps[at] === steps[last] && times[at]! >= times[last]!)) last = at;
  }
  return {
    runId, key, count: values.length, min: min <= max ? min : null, max: min <= max ? max : null, last: values[last]!, lastStep: steps[last]!, lastTime: times[last]!,
    minStep: least(steps), maxStep: most(steps), minTime: least(times), maxTime: most(times),
  };
}

function merge(a: Summary, b: Summary): Summary {
  const later = b.lastStep > a.lastStep || (b.lastStep === a.lastStep && b.lastTime >= a.lastTime) ? b : a;
  const either = (pick: (...values: number[]) => number, ...of: (number | null)[]) => (of.some((one) => one !== null) ? pick(...of.filter((one) => one !== null)) : null);
  return {
    ...later, count: a.count + b.count, min: either(Math.min, a.min, b.min), max: either(Math.max, a.max, b.max),
    minStep: least([a.minStep, b.minStep]), maxStep: most([a.maxStep, b.maxStep]), minTime: least([a.minTime, b.minTime]), maxTime: most([a.maxTime, b.maxTime]),
  };
}

/** One summary per (run, key) of these points. */
function summaries(points: Points[]): Summary[] {
  const byKey = new Map<string, Summary>();
  for (const one of points) {
    const id = `${one.runId} ${one.key}`;
    const before = byKey.get(id);
    byKey.set(id, before ? merge(before, summaryOf(one)) : summaryOf(one));
  }
  return [...byKey.values()];
}

/** The summaries of these points as a table `sums`. */
export function summaryTable(sql: Sql | TransactionSql, points: Points[]) {
  const rows = summaries(points);
  const column = <Value>(of: (row: Summary) => Value) => rows.map(of);
  const maybe = (value: number | null) => (value === null ? null : float(value));
  return sql`unnest(${column((row) => row.runId)}::text[], ${column((row) => row.key)}::text[], ${column((row) => row.count)}::bigint[], ${column((row) => maybe(row.min))}::text[], ${column((row) => maybe(row.max))}::text[],
      ${column((row) => float(row.last))}::text[], ${column((row) => text(row.lastStep))}::bigint[], ${column((row) => text(row.lastTime))}::bigint[], ${column((row) => text(row.minStep))}::bigint[], ${column((row) => text(row.maxStep))}::bigint[],
      ${column((row) => text(row.minTime))}::bigint[], ${column((row) => text(row.maxTime))}::bigint[])
      as sums (run_id, key, count, min, max, last, last_step, last_time, min_step, max_step, min_time, max_time)`;
}
/** Always in the order of (run, key), so that two writers never wait for each other. `r`: the runs. */
export const SUMMARY_VALUES = "sums.run_id, sums.key, r.experiment_id, sums.count, sums.min::float8, sums.max::float8, sums.last::float8, sums.last_step, sums.last_time, sums.min_step, sums.max_step, sums.min_time, sums.max_time";
export const SUMMARY_COLUMNS = "run_id, key, experiment_id, count, min, max, last, last_step, last_time, min_step, max_step, min_time, max_time";
export const SUMMARY_MOVES = `order by sums.run_id, sums.key on conflict (run_id, key) do update set
      experiment_id = excluded.experiment_id, count = s.count + excluded.count, min = least(s.min, excluded.min), max = greatest(s.max, excluded.max),
      last = case when (excluded.last_step, excluded.last_time) >= (s.last_step, s.last_time) then excluded.last else s.last end,
      last_time = case when (excluded.last_step, excluded.last_time) >= (s.last_step, s.last_time) then excluded.last_time else s.last_time end,
      last_step = greatest(s.last_step, excluded.last_step),
      min_step = least(s.min_step, excluded.min_step), max_step = greatest(s.max_step, excluded.max_step),
      min_time = least(s.min_time, excluded.min_time), max_time = greatest(s.max_time, excluded.max_time)`;

/** Moves the summaries of these points' series on. */
export async function summarizePoints(tx: TransactionSql, points: Points[]): Promise<void> {
  await tx`
    insert into metric_summaries as s (${tx.unsafe(SUMMARY_COLUMNS)})
    select ${tx.unsafe(SUMMARY_VALUES)} from ${summaryTable(tx, points)} join runs r on r.id = sums.run_id ${tx.unsafe(SUMMARY_MOVES)}`;
}
