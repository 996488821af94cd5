import { setTimeout as pause } from "node:timers/promises";
import { dice } from "./dice.ts";
import { until } from "./processes.ts";
import type { Stack } from "./stack.ts";

const CLIENTS = 4;
const BATCHES = 40;
const POINTS = 80;
const KILLS = 8;
const PATIENCE_SECONDS = 120;

/** A request as MLflow's clients make it: no answer, or one that says "later", and the same bytes go out again. */
async function send(stack: Stack, path: string, body: string): Promise<unknown> {
  const url = `${stack.url}/mlflow/p/default/api/2.0/mlflow/${path}`;
  return until(path, async () => {
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${stack.token}` }, body, signal: AbortSignal.timeout(10_000) });
    if (answer.status === 400) throw new Error(`A batch was refused: ${await answer.text()}`);
    return answer.ok && answer.json();
  }, PATIENCE_SECONDS);
}

const batch = (runId: string, number: number): string =>
  JSON.stringify({ run_id: runId, metrics: Array.from({ length: POINTS }, (_, at) => ({ key: `k${at % 2}`, value: number * POINTS + at + 0.5, timestamp: 1_700_000_000_000 + at, step: number * POINTS + at })), params: [{ key: `p${number}`, value: "1" }] });

/** Clients log batches while server and Postgres are killed under them. @returns what is wrong afterwards: lost, or there twice. */
export async function retriedBatches(stack: Stack, seed: number): Promise<string[]> {
  const { int } = dice(seed);
  const runs = await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => ((await send(stack, "runs/create", JSON.stringify({ experiment_id: "0", run_name: `batches-${seed}-${client}` }))) as { run: { info: { run_id: string } } }).run.info.run_id));
  const state = { done: false };
  const killing = (async () => {
    for (let kill = 0; kill < KILLS && !state.done; kill += 1) {
      await pause(200 + int(0, 900));
      stack.services[int(0, 2) === 0 ? "postgres" : "server"].signal("SIGKILL");
    }
  })();
  await Promise.all(runs.map(async (id) => {
    for (let number = 0; number < BATCHES; number += 1) {
      await send(stack, "runs/log-batch", batch(id, number));
      await pause(20);
    }
  }));
  state.done = true;
  await killing;
  const found: string[] = [];
  for (const id of runs) found.push(...(await check(stack, id)));
  return found;
}

async function check(stack: Stack, id: string): Promise<string[]> {
  const found: string[] = [];
  const values: number[] = [];
  for (const key of ["k0", "k1"]) {
    const history = await until("the history", async () => {
      const answer = await fetch(`${stack.url}/mlflow/p/default/api/2.0/mlflow/metrics/get-history?run_id=${id}&metric_key=${key}`, { headers: { authorization: `Bearer ${stack.token}` } });
      return answer.ok && ((await answer.json()) as { metrics: { value: number; step: number }[] });
    }, 30);
    values.push(...history.metrics.map(({ value }) => value));
    if (history.metrics.some(({ value, step }) => value !== step + 0.5)) found.push(`${id}: a value of ${key} is wrong`);
  }
  const wanted = BATCHES * POINTS;
  if (new Set(values).size !== wanted) found.push(`${id}: ${new Set(values).size} of ${wanted} acknowledged points are stored`);
  if (values.length !== new Set(values).size) found.push(`${id}: ${values.length - new Set(values).size} points are stored twice`);
  const [summary] = await stack.sql<{ count: number; params: number }[]>`select (select sum(count)::int from metric_summaries where run_id = ${id}) as count, (select count(*)::int from run_params where run_id = ${id}) as params`;
  if (summary!.count !== wanted) found.push(`${id}: its summaries count ${summary!.count} of ${wanted} points`);
  if (summary!.params !== BATCHES) found.push(`${id}: ${summary!.params} of ${BATCHES} parameters are stored`);
  return found;
}
