import type { Sql, TransactionSql } from "postgres";
import type { z } from "zod";
import type { MetricBatches, MetricOffsets } from "../../../agent/protocol/messages.ts";
import { newId } from "../../../db/schema/columns.ts";
import type { Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";

type Batch = z.infer<typeof MetricBatches>["batches"][number];

/** Points of one key, ready to store. */
interface Points {
  runId: string;
  attemptId: string;
  key: string;
  steps: number[];
  times: number[];
  values: number[];
}

interface Summary {
  runId: string;
  key: string;
  count: number;
  min: number | null;
  max: number | null;
  last: number;
  lastStep: number;
  lastTime: number;
  minStep: number;
  maxStep: number;
  minTime: number;
  maxTime: number;
}

/**
 * Stores metric points once: a batch is taken only when it begins where the attempt's stored stdout ends. Appends rows of
 * arrays and moves the summaries on; the history is never read.
 */
export async function ingestMetrics(sql: Sql, clusterId: string, batches: Batch[]): Promise<Pick<z.infer<typeof MetricOffsets>, "offsets" | "stale"> & { changes: Change[] }> {
  const result = await sql.begin(async (tx) => {
    const ids = [...new Set(batches.map(({ attemptId }) => attemptId))].sort();
    // Runs before attempts, as everybody locks them: inserting points locks the run's key anyway.
    await tx`select id from runs where id in (select run_id from attempts where id = any(${ids}::text[])) order by id for key share`;
    const found = await tx<{ id: string; fence: string; org_id: string; run_id: string; next: number }[]>`
      select id, fence::text, org_id, run_id, metrics_offset::float8 as next from attempts
      where id = any(${ids}::text[]) and cluster_id = ${clusterId} and status <> 'lost' order by id for no key update`;
    const attempts = new Map(found.map((row) => [row.id, row]));
    const stale = new Set<string>();
    const moved = new Set<string>();
    const points: Points[] = [];
    for (const batch of batches) {
      const attempt = attempts.get(batch.attemptId);
      if (!attempt || attempt.fence !== batch.fence) stale.add(batch.attemptId);
      else if (batch.from === attempt.next && batch.to > batch.from) {
        attempt.next = batch.to;
        moved.add(attempt.id);
        for (const series of batch.series) if (series.values.length > 0) points.push({ runId: attempt.run_id, attemptId: attempt.id, key: series.key, steps: series.steps, times: series.times, values: series.values.map(Number) });
      }
    }
    if (points.length > 0) {
      await append(tx, points);
      await summarize(tx, summaries(points));
    }
    const advanced = found.filter(({ id }) => moved.has(id));
    if (advanced.length > 0) {
      await tx`update attempts set metrics_offset = fresh.next from unnest(${advanced.map(({ id }) => id)}::text[], ${advanced.map(({ next }) => next)}::bigint[]) as fresh (id, next) where attempts.id = fresh.id`;
    }
    failpoint("server.metrics.before-commit");
    const orgs = new Map(found.map((row) => [row.run_id, row.org_id]));
    const changes = [...new Set(points.map(({ runId }) => runId))].map((id): Change => ({ orgId: orgs.get(id)!, topic: "run-metrics", id }));
    return { offsets: found.filter(({ id }) => !stale.has(id)).map(({ id, next }) => ({ attemptId: id, next })), stale: [...stale], changes };
  });
  failpoint("server.metrics.after-commit");
  return result;
}

/** float64 as Postgres reads it back bit for bit; NaN and the infinities have words. */
const literal = (values: number[]) => `{${values.map((value) => (Object.is(value, -0) ? "-0" : String(value))).join(",")}}`;

async function append(tx: TransactionSql, points: Points[]): Promise<void> {
  const column = <Value>(of: (one: Points) => Value) => points.map(of);
  await tx`
    insert into metric_batches (run_id, key, id, attempt_id, min_step, max_step, steps, times, values)
    select run_id, key, id, attempt_id, min_step, max_step, steps::bigint[], times::bigint[], "values"::float8[]
    from unnest(${column((one) => one.runId)}::text[], ${column((one) => one.key)}::text[], ${column(() => newId("metricBatch"))}::text[], ${column((one) => one.attemptId)}::text[],
      ${column((one) => least(one.steps))}::bigint[], ${column((one) => most(one.steps))}::bigint[], ${column((one) => literal(one.steps))}::text[], ${column((one) => literal(one.times))}::text[], ${column((one) => literal(one.values))}::text[])
      as fresh (run_id, key, id, attempt_id, min_step, max_step, steps, times, "values")`;
}

// Not Math.min(...values): a batch may hold more points than a call may have arguments.
const least = (values: number[]) => values.reduce((a, b) => (b < a ? b : a));
const most = (values: number[]) => values.reduce((a, b) => (b > a ? b : a));

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
      sum.minStep = Math.min(sum.minStep, step);
      sum.maxStep = Math.max(sum.maxStep, step);
      sum.minTime = Math.min(sum.minTime, time);
      sum.maxTime = Math.max(sum.maxTime, time);
    }
  }
  return [...byKey.values()].sort((a, b) => (a.runId < b.runId || (a.runId === b.runId && a.key < b.key) ? -1 : 1));
}

async function summarize(tx: TransactionSql, rows: Summary[]): Promise<void> {
  const column = <Value>(of: (row: Summary) => Value) => rows.map(of);
  const float = (value: number | null) => (value === null ? null : Object.is(value, -0) ? "-0" : String(value));
  await tx`
    insert into metric_summaries as s (run_id, key, experiment_id, count, min, max, last, last_step, last_time, min_step, max_step, min_time, max_time)
    select run_id, key, (select experiment_id from runs where id = run_id), count, min::float8, max::float8, last::float8, last_step, last_time, min_step, max_step, min_time, max_time
    from unnest(${column((row) => row.runId)}::text[], ${column((row) => row.key)}::text[], ${column((row) => row.count)}::bigint[], ${column((row) => float(row.min))}::text[], ${column((row) => float(row.max))}::text[],
      ${column((row) => float(row.last))}::text[], ${column((row) => row.lastStep)}::bigint[], ${column((row) => row.lastTime)}::bigint[], ${column((row) => row.minStep)}::bigint[], ${column((row) => row.maxStep)}::bigint[],
      ${column((row) => row.minTime)}::bigint[], ${column((row) => row.maxTime)}::bigint[])
      as fresh (run_id, key, count, min, max, last, last_step, last_time, min_step, max_step, min_time, max_time)
    on conflict (run_id, key) do update set
      experiment_id = excluded.experiment_id, count = s.count + excluded.count, min = least(s.min, excluded.min), max = greatest(s.max, excluded.max),
      last = case when (excluded.last_step, excluded.last_time) >= (s.last_step, s.last_time) then excluded.last else s.last end,
      last_time = case when (excluded.last_step, excluded.last_time) >= (s.last_step, s.last_time) then excluded.last_time else s.last_time end,
      last_step = greatest(s.last_step, excluded.last_step),
      min_step = least(s.min_step, excluded.min_step), max_step = greatest(s.max_step, excluded.max_step),
      min_time = least(s.min_time, excluded.min_time), max_time = greatest(s.max_time, excluded.max_time)`;
}
