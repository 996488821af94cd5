import { until } from "../chaos/processes.ts";
import type { Stack } from "../chaos/stack.ts";
import { compactMetrics } from "../server/experiments/jobs/compaction.ts";
import { percentile, say } from "./figures.ts";
import { startMlflow } from "./mlflow-server.ts";
import { mlflowSql } from "./targets.ts";
import { withStack } from "./with-stack.ts";

// The same requests to Drover and to the MLflow server, on the same PostgreSQL, in one run: points per second, durable, in
// batches of 1,000; a chart of a long series; bytes per point at rest.

const SECONDS = 6;
const BATCH = 1000;
const KEYS = 10;
const CHART_POINTS = 200_000;
const CHART_READS = 20;

interface Target {
  name: string;
  root: string;
  headers: Record<string, string>;
}

async function call(target: Target, method: string, path: string, body?: unknown): Promise<unknown> {
  const ask = () => fetch(`${target.root}/api/2.0/mlflow/${path}`, { method, headers: { "content-type": "application/json", ...target.headers }, ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }) });
  const answer = await ask().catch(ask).catch(ask); // MLflow's server closes idle connections, now and then one that is about to be used
  if (!answer.ok) throw new Error(`${target.name} answered ${answer.status} to ${path}: ${(await answer.text()).slice(0, 300)}`);
  return answer.json();
}

const newRun = async (target: Target): Promise<string> => ((await call(target, "POST", "runs/create", { experiment_id: "0", start_time: Date.now() })) as { run: { info: { run_id: string } } }).run.info.run_id;

/** A batch as a training loop makes it: ten losses as float32, step after step, with the clock's jitter. */
function batch(runId: string, from: number): string {
  const metrics = Array.from({ length: BATCH }, (_, at) => {
    const step = from + Math.floor(at / KEYS);
    return { key: `loss_${at % KEYS}`, value: Math.fround(0.1 + 2 * Math.exp(-step / 10_000) * (0.95 + 0.1 * Math.random())), timestamp: 1_700_000_000_000 + step * 250 + Math.floor(Math.random() * 20), step };
  });
  return JSON.stringify({ run_id: runId, metrics });
}

/** Points per second over `clients` clients that each wait for their answer. */
async function ingest(target: Target, clients: number): Promise<number> {
  const runs = await Promise.all(Array.from({ length: clients }, () => newRun(target)));
  const begun = performance.now();
  let points = 0;
  await Promise.all(runs.map(async (id) => {
    for (let step = 0; performance.now() - begun < SECONDS * 1000; step += BATCH / KEYS) {
      const isTaken = await call(target, "POST", "runs/log-batch", batch(id, step)).then(() => true, () => false); // a server that is overrun refuses: that batch does not count
      if (isTaken) points += BATCH;
    }
  }));
  return points / ((performance.now() - begun) / 1000);
}

async function fill(target: Target, points: number): Promise<string> {
  const id = await newRun(target);
  for (let step = 0; step < points; step += BATCH) {
    const metrics = Array.from({ length: BATCH }, (_, at) => ({ key: "loss", value: Math.fround(Math.random()), timestamp: 1_700_000_000_000 + (step + at) * 250, step: step + at }));
    await call(target, "POST", "runs/log-batch", { run_id: id, metrics });
  }
  return id;
}

/** The same series in MLflow's table, written straight into it: through its API this would take many minutes. */
async function fillMlflow(stack: Stack, target: Target, points: number): Promise<string> {
  const id = await newRun(target);
  const sql = mlflowSql(stack);
  await sql`insert into metrics (key, value, timestamp, run_uuid, step, is_nan) select 'loss', random(), 1700000000000 + n * 250, ${id}, n, false from generate_series(0, ${points - 1}) n`;
  await sql.unsafe("vacuum analyze metrics");
  await sql.end();
  return id;
}

async function reads(read: () => Promise<unknown>, times: number): Promise<number[]> {
  const found: number[] = [];
  for (let at = 0; at < times; at += 1) {
    const begun = performance.now();
    await read();
    found.push(performance.now() - begun);
  }
  return found;
}

async function chart(stack: Stack, drover: Target, mlflow: Target): Promise<void> {
  const [ours, theirs] = [await fill(drover, CHART_POINTS), await fillMlflow(stack, mlflow, CHART_POINTS)];
  await compactMetrics(stack.sql, Date.now() + 60_000, 0);
  const mine = await reads(() => stack.api.experiments.series.query({ id: ours, keys: ["loss"], buckets: 1000 }), CHART_READS);
  const other = await reads(() => call(mlflow, "GET", `metrics/get-history-bulk-interval?run_ids=${theirs}&metric_key=loss&max_results=1000`), 5);
  say(`chart of ${CHART_POINTS.toLocaleString("en")} points, MLflow, p50`, percentile(other, 0.5), "ms");
  say(`chart of ${CHART_POINTS.toLocaleString("en")} points, Drover, p50`, percentile(mine, 0.5), "ms", `${(percentile(other, 0.5) / percentile(mine, 0.5)).toFixed(1)} times as fast; goal ≥ 50`);
  say(`chart of ${CHART_POINTS.toLocaleString("en")} points, Drover, p99`, percentile(mine, 0.99), "ms");
}

async function disk(stack: Stack): Promise<void> {
  await compactMetrics(stack.sql, Date.now() + 60_000, 0);
  await stack.sql.unsafe("vacuum full metric_batches");
  const [ours] = await stack.sql<{ bytes: number; points: number }[]>`
    select (pg_total_relation_size('metric_batches') + pg_total_relation_size('metric_summaries'))::float8 as bytes, (select sum(count)::float8 from metric_summaries) as points`;
  const sql = mlflowSql(stack);
  const [theirs] = await sql<{ bytes: number; points: number }[]>`select (pg_total_relation_size('metrics') + pg_total_relation_size('latest_metrics'))::float8 as bytes, (select count(*)::float8 from metrics) as points`;
  await sql.end();
  const [mine, other] = [ours!.bytes / ours!.points, theirs!.bytes / theirs!.points];
  say("bytes per point at rest, MLflow", other, "bytes", `${theirs!.points} points`);
  say("bytes per point at rest, Drover", mine, "bytes", `${(other / mine).toFixed(1)} times less; goal ≥ 50, and ≤ 4 bytes`);
}

await withStack(async (stack) => {
  const server = await startMlflow(stack);
  try {
    const drover: Target = { name: "Drover", root: `${stack.url}/mlflow/p/default`, headers: { authorization: `Bearer ${stack.token}` } };
    const mlflow: Target = { name: "MLflow", root: server.url, headers: {} };
    await until("the default experiments", async () => Boolean((await newRun(drover)) && (await newRun(mlflow))), 60);
    for (const clients of [1, 8, 32]) {
      const theirs = await ingest(mlflow, clients);
      const ours = await ingest(drover, clients);
      say(`log-batch of 1,000 points, ${clients} clients, MLflow`, theirs, "points/s");
      say(`log-batch of 1,000 points, ${clients} clients, Drover`, ours, "points/s", `${(ours / theirs).toFixed(1)} times; goal ≥ 20`);
    }
    await chart(stack, drover, mlflow);
    await disk(stack);
  } finally {
    await server.stop();
  }
});
