import type { TransactionSql } from "postgres";
import { newId } from "../../../db/schema/columns.ts";
import { encode, toInts } from "../metrics/codec.ts";

/** Points of one key of one run, ready to store. Steps may be any int64. */
export interface Points {
  runId: string;
  attemptId: string | null;
  key: string;
  steps: (number | bigint)[];
  times: (number | bigint)[];
  values: number[];
}

const text = (value: number | bigint) => String(value);
/** float64 as Postgres reads it back bit for bit; NaN and the infinities have words. */
const float = (value: number) => (Object.is(value, -0) ? "-0" : String(value));
const literal = <Value>(values: readonly Value[], one: (value: Value) => string) => `{${values.map(one).join(",")}}`;

/** Appends rows of arrays; the history is never read. */
export async function appendPoints(tx: TransactionSql, points: Points[]): Promise<void> {
  const column = <Value>(of: (one: Points) => Value) => points.map(of);
  await tx`
    insert into metric_batches (run_id, key, id, attempt_id, min_step, max_step, steps, times, values)
    select run_id, key, id, attempt_id, min_step, max_step, steps::bigint[], times::bigint[], "values"::float8[]
    from unnest(${column((one) => one.runId)}::text[], ${column((one) => one.key)}::text[], ${column(() => newId("metricBatch"))}::text[], ${column((one) => one.attemptId)}::text[],
      ${column((one) => text(least(one.steps)))}::bigint[], ${column((one) => text(most(one.steps)))}::bigint[], ${column((one) => literal(one.steps, text))}::text[], ${column((one) => literal(one.times, text))}::text[], ${column((one) => literal(one.values, float))}::text[])
      as fresh (run_id, key, id, attempt_id, min_step, max_step, steps, times, "values")`;
}

/** From so many points on a batch is packed as it comes: that is less work than writing it as arrays, for us and for Postgres. */
const PACKED_FROM = 64;

/** The same in the form that suits each batch: a client's thousand points are one packed row per key, a single one is an array. */
export async function appendBatches(tx: TransactionSql, points: Points[]): Promise<void> {
  const packed = points.filter(({ values }) => values.length >= PACKED_FROM);
  const plain = points.filter(({ values }) => values.length < PACKED_FROM);
  await Promise.all([packed.length > 0 && appendPacked(tx, packed), plain.length > 0 && appendPoints(tx, plain)]);
}

async function appendPacked(tx: TransactionSql, points: Points[]): Promise<void> {
  const column = <Value>(of: (one: Points) => Value) => points.map(of);
  const bodies = points.map(({ steps, times, values }) => encode({ steps: toInts(steps), times: toInts(times), values: Float64Array.from(values) }, 1));
  await tx`
    insert into metric_batches (run_id, key, id, attempt_id, min_step, max_step, points, body)
    select run_id, key, id, attempt_id, min_step, max_step, points, decode(body, 'base64')
    from unnest(${column((one) => one.runId)}::text[], ${column((one) => one.key)}::text[], ${column(() => newId("metricBatch"))}::text[], ${column((one) => one.attemptId)}::text[],
      ${column((one) => text(least(one.steps)))}::bigint[], ${column((one) => text(most(one.steps)))}::bigint[], ${column((one) => one.values.length)}::int[], ${bodies.map((body) => body.toString("base64"))}::text[])
      as fresh (run_id, key, id, attempt_id, min_step, max_step, points, body)`;
}

// Not Math.min(...values): a batch may hold more points than a call may have arguments, and bigints too.
export const least = (values: readonly (number | bigint)[]) => values.reduce((a, b) => (b < a ? b : a));
export const most = (values: readonly (number | bigint)[]) => values.reduce((a, b) => (b > a ? b : a));

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

/** One summary per (run, key) of these points. `last` is that of the greatest (step, time); of equals the later one. */
function summaries(points: Points[]): Summary[] {
  const byKey = new Map<string, Summary>();
  for (const { runId, key, steps, times, values } of points) {
    const id = `${runId} ${key}`;
    for (let at = 0; at < values.length; at += 1) {
      const [step, time, value] = [steps[at]!, times[at]!, values[at]!];
      let sum = byKey.get(id);
      if (!sum) byKey.set(id, (sum = { runId, key, count: 0, min: null, max: null, last: value, lastStep: step, lastTime: time, minStep: step, maxStep: step, minTime: time, maxTime: time }));
      sum.count += 1;
      if (Number.isFinite(value)) {
        sum.min = sum.min === null ? value : Math.min(sum.min, value);
        sum.max = sum.max === null ? value : Math.max(sum.max, value);
      }
      if (step > sum.lastStep || (step === sum.lastStep && time >= sum.lastTime)) Object.assign(sum, { last: value, lastStep: step, lastTime: time });
      if (step < sum.minStep) sum.minStep = step;
      if (step > sum.maxStep) sum.maxStep = step;
      if (time < sum.minTime) sum.minTime = time;
      if (time > sum.maxTime) sum.maxTime = time;
    }
  }
  return [...byKey.values()].sort((a, b) => (a.runId < b.runId || (a.runId === b.runId && a.key < b.key) ? -1 : 1));
}

/** Moves the summaries of these points' series on. Always in the order of (run, key), so that two writers never wait for each other. */
export async function summarizePoints(tx: TransactionSql, points: Points[]): Promise<void> {
  const rows = summaries(points);
  const column = <Value>(of: (row: Summary) => Value) => rows.map(of);
  const maybe = (value: number | null) => (value === null ? null : float(value));
  await tx`
    insert into metric_summaries as s (run_id, key, experiment_id, count, min, max, last, last_step, last_time, min_step, max_step, min_time, max_time)
    select run_id, key, (select experiment_id from runs where id = run_id), count, min::float8, max::float8, last::float8, last_step, last_time, min_step, max_step, min_time, max_time
    from unnest(${column((row) => row.runId)}::text[], ${column((row) => row.key)}::text[], ${column((row) => row.count)}::bigint[], ${column((row) => maybe(row.min))}::text[], ${column((row) => maybe(row.max))}::text[],
      ${column((row) => float(row.last))}::text[], ${column((row) => text(row.lastStep))}::bigint[], ${column((row) => text(row.lastTime))}::bigint[], ${column((row) => text(row.minStep))}::bigint[], ${column((row) => text(row.maxStep))}::bigint[],
      ${column((row) => text(row.minTime))}::bigint[], ${column((row) => text(row.maxTime))}::bigint[])
      as fresh (run_id, key, count, min, max, last, last_step, last_time, min_step, max_step, min_time, max_time)
    on conflict (run_id, key) do update set
      experiment_id = excluded.experiment_id, count = s.count + excluded.count, min = least(s.min, excluded.min), max = greatest(s.max, excluded.max),
      last = case when (excluded.last_step, excluded.last_time) >= (s.last_step, s.last_time) then excluded.last else s.last end,
      last_time = case when (excluded.last_step, excluded.last_time) >= (s.last_step, s.last_time) then excluded.last_time else s.last_time end,
      last_step = greatest(s.last_step, excluded.last_step),
      min_step = least(s.min_step, excluded.min_step), max_step = greatest(s.max_step, excluded.max_step),
      min_time = least(s.min_time, excluded.min_time), max_time = greatest(s.max_time, excluded.max_time)`;
}
