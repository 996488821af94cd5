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
/** Runs that one chart takes together in groups, by a parameter that has so many values. */
const GROUPED = 10_000;
const GROUPS = 4;
const GROUPED_POINTS = 1000;
const GROUPED_READS = 10;
const GROUPED_GOAL_SECONDS = 2;

async function fill(stack: Stack, drover: Target): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: RUNS }, () => newRun(drover)));
  await Promise.all(ids.map(async (id) => {
    for (let from = 0; from < POINTS; from += BATCH) await sendColumns(drover, id, [lossHeader("loss", from, BATCH)], lossColumns(from, BATCH));
  }));
  await settle(stack);
  return ids;
}

/** Many shorter runs beside those, copies of the first but for their parameter and their points. */
async function fillGroups(stack: Stack, drover: Target, model: string): Promise<void> {
  const ids = (await stack.sql<{ id: string }[]>`
    with made as (
      insert into runs (id, org_id, project_id, experiment_id, name, origin, status, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes, started_at)
      select 'run_' || lpad(n::text, 10, '0'), org_id, project_id, experiment_id, 'run ' || n, origin, 'succeeded', priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes, now() - make_interval(secs => n)
      from generate_series(1, ${GROUPED}) n, (select * from runs where id = ${model}) model returning id, experiment_id),
    named as (insert into run_params (run_id, key, value, experiment_id) select id, 'seed', 's' || right(id, 4)::int % ${GROUPS}, experiment_id from made)
    select id from made`).map(({ id }) => id);
  const send = async () => {
    for (let id = ids.pop(); id; id = ids.pop()) await sendColumns(drover, id, [lossHeader("loss", 0, GROUPED_POINTS)], lossColumns(0, GROUPED_POINTS));
  };
  await Promise.all(Array.from({ length: 8 }, send));
  await settle(stack);
}

/** As the worker does within ten minutes. */
async function settle(stack: Stack): Promise<void> {
  await compactMetrics(stack.sql, Date.now() + 60_000, 0);
  for (const table of ["runs", "run_params", "metric_batches", "metric_summaries"]) await stack.sql.unsafe(`vacuum analyze ${table}`);
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
  await fillGroups(stack, drover, ours[0]!);
  const grouped = await timesOf(GROUPED_READS, async () => {
    const { looked, groups } = await stack.api.compare.groups.query({ of: { filter: "params.seed LIKE 's%'" }, key: "loss", group: "param:seed" });
    if (looked !== GROUPED || groups.length !== GROUPS) throw new Error(`The chart shows ${looked} runs in ${groups.length} groups.`);
  });
  say(`chart of ${GROUPED.toLocaleString("en")} runs x ${GROUPED_POINTS.toLocaleString("en")} points in ${GROUPS} groups, p50`, percentile(grouped, 0.5) / 1000, "s", `slowest ${(Math.max(...grouped) / 1000).toFixed(2)}; goal < ${GROUPED_GOAL_SECONDS}`);
  const theirs = await fillMlflow(stack, mlflow);
  const other = await timesOf(MLFLOW_READS, () => call(mlflow, "GET", `metrics/get-history-bulk-interval?${theirs.map((id) => `run_ids=${id}`).join("&")}&metric_key=loss&max_results=1000`));
  say(`${what}, MLflow, p50`, percentile(other, 0.5), "ms", `Drover is ${(percentile(other, 0.5) / percentile(mine, 0.5)).toFixed(1)} times as fast; goal ≥ 50`);
});
