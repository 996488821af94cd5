import type { Stack } from "../chaos/stack.ts";
import { compactMetrics } from "../server/experiments/jobs/compaction.ts";
import { loss, lossColumns, lossHeader, sendColumns, timeOf } from "./columns.ts";
import { say } from "./figures.ts";
import { call, mlflowSql, newRun, type Target, withTargets } from "./targets.ts";

// Bytes per point at rest, all in (rows, indexes, summaries): the same log-batch requests to Drover and to the MLflow server; then
// longer series for Drover alone, beside which pages that a table has in any case weigh less, and which get chapters.

const RUNS = 4;
const KEYS = 10;
const STEPS = 10_000;
const STEPS_AT_ONCE = 100;
const LONG = { steps: 100_000, atOnce: 10_000 };

async function fill(target: Target): Promise<void> {
  for (let run = 0; run < RUNS; run += 1) {
    const id = await newRun(target);
    for (let from = 0; from < STEPS; from += STEPS_AT_ONCE) {
      const metrics = Array.from({ length: STEPS_AT_ONCE }, (_, at) => from + at).flatMap((step) => Array.from({ length: KEYS }, (_key, key) => ({ key: `loss_${key}`, value: loss(step), timestamp: timeOf(step), step })));
      await call(target, "POST", "runs/log-batch", { run_id: id, metrics });
    }
  }
}

async function fillLong(target: Target): Promise<void> {
  for (let run = 0; run < RUNS; run += 1) {
    const id = await newRun(target);
    for (let key = 0; key < KEYS; key += 1) {
      for (let from = 0; from < LONG.steps; from += LONG.atOnce) await sendColumns(target, id, [lossHeader(`loss_${key}`, from, LONG.atOnce)], lossColumns(from, LONG.atOnce));
    }
  }
}

const OURS = ["metric_batches", "metric_summaries", "metric_chapters"];

/** @returns bytes per point of these tables, which hold so many steps of each series. */
async function atRest(sql: Stack["sql"], tables: readonly string[], steps: number): Promise<number> {
  for (const table of tables) await sql.unsafe(`vacuum full ${table}`);
  const [found] = await sql<{ bytes: number }[]>`select sum(pg_total_relation_size(name::regclass))::float8 as bytes from unnest(${tables as string[]}::text[]) as name`;
  return found!.bytes / (RUNS * KEYS * steps);
}

await withTargets(async (stack, drover, mlflow) => {
  await Promise.all([fill(drover), fill(mlflow)]);
  const compact = () => compactMetrics(stack.sql, Date.now() + 60_000, 0); // as the worker does within ten minutes
  await compact();
  const mine = await atRest(stack.sql, OURS, STEPS);
  const sql = mlflowSql(stack);
  const other = await atRest(sql, ["metrics", "latest_metrics"], STEPS);
  await sql.end();
  say("bytes per point at rest, MLflow", other, "bytes", `${(RUNS * KEYS * STEPS).toLocaleString("en")} points`);
  say("bytes per point at rest, Drover", mine, "bytes", `${(other / mine).toFixed(1)} times less; goal ≥ 50`);
  await fillLong(drover);
  await compact();
  say("bytes per point at rest, Drover, long series too", await atRest(stack.sql, OURS, STEPS + LONG.steps), "bytes", `${(RUNS * KEYS * (STEPS + LONG.steps)).toLocaleString("en")} points; goal ≤ 4`);
});
