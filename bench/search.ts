import type { Sql } from "postgres";
import { until } from "../chaos/processes.ts";
import { percentile, say, timesOf } from "./figures.ts";
import { call, mlflowSql, newRun, type Target, withTargets } from "./targets.ts";

// Searching many runs of one experiment with 20 metrics and 20 parameters each: filter, sort, page after page, over HTTP; beside
// the MLflow server, and alone with ten times as many.

const RUNS = 100_000;
const ALONE = Number(process.env.DROVER_BENCH_RUNS ?? 1_000_000);
const EACH = 20;
/** Of each, the same pages. */
const READS = 100;
const PAGE = 50;
const GOAL_MS = 100;

const ASKED: [what: string, filter: string, order: string][] = [
  ["newest", "", "attributes.start_time DESC"],
  ["sort by a metric", "", "metrics.m3 DESC"],
  ["filter and sort", "metrics.m1 > 0.9 and params.p3 = 'v7'", "metrics.m3 DESC"],
  ["two metrics and a text", "metrics.m1 > 0.99 and metrics.m2 < 0.5 and params.p4 LIKE 'v1%'", "attributes.start_time DESC"],
];

/** Fills a table without its indexes, which are built afterwards, and without looking for what each row refers to. */
async function fillTable(sql: Sql, table: string, insert: string): Promise<void> {
  const indexes = await sql<{ name: string; made: string }[]>`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as made from pg_index where indrelid = ${table}::regclass and not indisunique`;
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`set local maintenance_work_mem = '1GB'`;
    for (const { name } of indexes) await tx.unsafe(`drop index ${name}`);
    await tx.unsafe(insert);
    for (const { made } of indexes) await tx.unsafe(made);
  });
  await sql.unsafe(`vacuum analyze ${table}`);
}

/** Runs `from` to `to` beside the one that the client made. */
async function fill(sql: Sql, model: string, from: number, to: number): Promise<void> {
  const numbers = `generate_series(${from}, ${to}) n, (select * from runs where id = '${model}') model`;
  const id = "'run_' || lpad(n::text, 10, '0')";
  await fillTable(sql, "runs", `
    insert into runs (id, org_id, project_id, experiment_id, name, origin, status, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes, started_at)
    select ${id}, org_id, project_id, experiment_id, 'run ' || n, origin, 'succeeded', priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes, now() - make_interval(secs => n) from ${numbers}`);
  await fillTable(sql, "metric_summaries", `
    insert into metric_summaries (run_id, key, experiment_id, count, min, max, last, last_step, last_time, min_step, max_step, min_time, max_time)
    select ${id}, 'm' || k, experiment_id, 1, 0, 1, random(), 0, 0, 0, 0, 0, 0 from ${numbers}, generate_series(1, ${EACH}) k`);
  await fillTable(sql, "run_params", `insert into run_params (run_id, key, value, experiment_id) select ${id}, 'p' || k, 'v' || (n * k % 50), experiment_id from ${numbers}, generate_series(1, ${EACH}) k`);
}

/** These were filled past the triggers: the worker is told that they ended a while ago, and writes what a search answers of them. */
async function writeTexts(sql: Sql): Promise<void> {
  await sql`insert into run_texts (run_id, experiment_id, owed_at) select id, experiment_id, now() - interval '1 minute' from runs where status = 'succeeded'`;
  await until("the worker has written the texts of these runs", async () => (await sql`select from run_texts where body is null limit 1`).length === 0, 300);
  await sql`vacuum analyze run_texts`;
}

/** The same in MLflow's tables, written straight into them. */
async function fillMlflow(sql: Sql, model: string): Promise<void> {
  const numbers = `generate_series(1, ${RUNS}) n`;
  const id = "lpad(n::text, 32, '0')";
  await fillTable(sql, "runs", `
    insert into runs (run_uuid, name, source_type, user_id, status, start_time, lifecycle_stage, artifact_uri, experiment_id)
    select ${id}, 'run ' || n, source_type, user_id, 'FINISHED', start_time - n * 1000, lifecycle_stage, artifact_uri, experiment_id from ${numbers}, (select * from runs where run_uuid = '${model}') model`);
  await fillTable(sql, "latest_metrics", `insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid) select 'm' || k, random(), 0, 0, false, ${id} from ${numbers}, generate_series(1, ${EACH}) k`);
  await fillTable(sql, "params", `insert into params (key, value, run_uuid) select 'p' || k, 'v' || (n * k % 50), ${id} from ${numbers}, generate_series(1, ${EACH}) k`);
}

/** Page after page of one search, ms each. */
async function pages(target: Target, filter: string, order: string): Promise<number[]> {
  let token: string | undefined;
  return timesOf(READS, async () => {
    const answer = (await call(target, "POST", "runs/search", { experiment_ids: ["0"], filter, order_by: [order], max_results: PAGE, ...(token ? { page_token: token } : {}) })) as { runs?: unknown[]; next_page_token?: string };
    if (!answer.runs?.length) throw new Error(`${target.name} found nothing for ${filter} by ${order}.`);
    token = answer.next_page_token; // after the last page the first again
  });
}

await withTargets(async (stack, drover, mlflow) => {
  const sql = mlflowSql(stack);
  await fillMlflow(sql, await newRun(mlflow));
  await sql.end();
  const model = await newRun(drover);
  await fill(stack.sql, model, 1, RUNS);
  await writeTexts(stack.sql);
  for (const [what, filter, order] of ASKED) {
    const theirs = await pages(mlflow, filter, order);
    const ours = await pages(drover, filter, order);
    const named = `search of ${RUNS.toLocaleString("en")} runs, ${what}`;
    say(`${named}, MLflow, p50`, percentile(theirs, 0.5), "ms");
    say(`${named}, Drover, p50`, percentile(ours, 0.5), "ms", `${(percentile(theirs, 0.5) / percentile(ours, 0.5)).toFixed(1)} times as fast; goal ≥ 20; p99 ${percentile(ours, 0.99).toFixed(1)}`);
  }
  if (ALONE <= RUNS) return;
  await fill(stack.sql, model, RUNS + 1, ALONE);
  for (const [what, filter, order] of ASKED) {
    const ours = await pages(drover, filter, order);
    say(`search of ${ALONE.toLocaleString("en")} runs, ${what}, Drover, p99`, percentile(ours, 0.99), "ms", `p50 ${percentile(ours, 0.5).toFixed(1)}; goal < ${GOAL_MS}`);
  }
});
