import type { Stack } from "../chaos/stack.ts";
import { compactMetrics } from "../server/experiments/jobs/compaction.ts";
import { lossColumns, lossHeader, sendColumns } from "./columns.ts";
import { percentile, say, timesOf } from "./figures.ts";
import { call, mlflowSql, newRun, type Target, withTargets } from "./targets.ts";

// One chart of 20 runs with 1,000,000 points each, as the page that compares runs asks for it, beside MLflow's own bulk history.

const POINTS = Number(process.env.DROVER_BENCH_POINTS ?? 1_000_000);
const RUNS = 20;
const BATCH = 5000;
const READS = 200;
const MLFLOW_READS = 3;
const GOAL_MS = 50;

async function fill(stack: Stack, drover: Target): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: RUNS }, () => newRun(drover)));
  await Promise.all(ids.map(async (id) => {
    for (let from = 0; from < POINTS; from += BATCH) await sendColumns(drover, id, [lossHeader("loss", from, BATCH)], lossColumns(from, BATCH));
  }));
  await compactMetrics(stack.sql, Date.now() + 60_000, 0); // as the worker does within ten minutes
  await stack.sql.unsafe("vacuum analyze metric_batches");
  return ids;
}

/** The same series in MLflow's table, written straight into it: through its API this would take an hour. */
async function fillMlflow(stack: Stack, mlflow: Target): Promise<string[]> {
  const ids: string[] = [];
  for (let run = 0; run < RUNS; run += 1) ids.push(await newRun(mlflow));
  const sql = mlflowSql(stack);
  for (const id of ids) await sql`insert into metrics (key, value, timestamp, run_uuid, step, is_nan) select 'loss', random(), 1700000000000 + n * 250, ${id}, n, false from generate_series(0, ${POINTS - 1}) n`;
  await sql.unsafe("vacuum analyze metrics");
  await sql.end();
  return ids;
}

await withTargets(async (stack, drover, mlflow) => {
  const what = `chart of ${RUNS} runs x ${POINTS.toLocaleString("en")} points`;
  const ours = await fill(stack, drover);
  const mine = await timesOf(READS, () => stack.api.compare.series.query({ ids: ours, key: "loss" }));
  const half = await timesOf(READS, () => stack.api.compare.series.query({ ids: ours, key: "loss", from: POINTS / 4, to: (POINTS * 3) / 4 }));
  const one = await timesOf(READS, () => stack.api.experiments.series.query({ id: ours[0]!, keys: ["loss"], buckets: 1000 }));
  say(`${what}, Drover, p50`, percentile(mine, 0.5), "ms");
  say(`${what}, Drover, p99`, percentile(mine, 0.99), "ms", `goal < ${GOAL_MS}: ratio ${(percentile(mine, 0.99) / GOAL_MS).toFixed(2)}`);
  say(`  the middle half of it, Drover, p99`, percentile(half, 0.99), "ms");
  say(`  one of the runs on its page, Drover, p99`, percentile(one, 0.99), "ms");
  const theirs = await fillMlflow(stack, mlflow);
  const other = await timesOf(MLFLOW_READS, () => call(mlflow, "GET", `metrics/get-history-bulk-interval?${theirs.map((id) => `run_ids=${id}`).join("&")}&metric_key=loss&max_results=1000`));
  say(`${what}, MLflow, p50`, percentile(other, 0.5), "ms", `Drover is ${(percentile(other, 0.5) / percentile(mine, 0.5)).toFixed(1)} times as fast; goal ≥ 50`);
});
