import { loss, lossColumns, lossHeader, sendColumns, timeOf } from "./columns.ts";
import { say } from "./figures.ts";
import { call, newRun, type Target, withTargets } from "./targets.ts";

// Metric points per second over HTTP, durable, from 1, 8 and 32 clients that each wait for their answer: the same requests of
// 1,000 points to the MLflow server and to Drover, on the same PostgreSQL; then Drover's own route, which takes columns.

const SECONDS = 6;
const BATCH = 1000;
const KEYS = 10;
/** Bodies are made before the clock runs: the client shares the machine with the servers. */
const POOL = 1500;
const COLUMNAR_KEYS = 10;
const COLUMNAR_POINTS = 5000;
const COLUMNAR_POOL = 40;

/** Batches as a training loop makes them: ten losses as float32, step after step, with the clock's jitter. */
function bodies(): string[] {
  return Array.from({ length: POOL }, (_, batch) => JSON.stringify(Array.from({ length: BATCH }, (_point, at) => {
    const step = batch * (BATCH / KEYS) + Math.floor(at / KEYS);
    return { key: `loss_${at % KEYS}`, value: loss(step), timestamp: timeOf(step), step };
  })));
}

/** Points per second over `clients` clients. A request that an overrun server refuses does not count. */
async function measure(target: Target, clients: number, points: number, send: (runId: string, number: number) => Promise<unknown>): Promise<number> {
  const runs = await Promise.all(Array.from({ length: clients }, () => newRun(target)));
  const begun = performance.now();
  let taken = 0;
  await Promise.all(runs.map(async (id) => {
    for (let number = 0; performance.now() - begun < SECONDS * 1000; number += 1) {
      if (await send(id, number).then(() => true, () => false)) taken += points;
    }
  }));
  return taken / ((performance.now() - begun) / 1000);
}

/** The columns of one request but for the number of it, which goes into the header. */
const columns = (): Buffer[] => Array.from({ length: COLUMNAR_POOL }, (_, pool) => Buffer.concat(Array.from({ length: COLUMNAR_KEYS }, () => lossColumns(pool * COLUMNAR_POINTS, COLUMNAR_POINTS))));
const headers = (number: number) => Array.from({ length: COLUMNAR_KEYS }, (_, key) => lossHeader(`loss_${key}`, number * COLUMNAR_POINTS, COLUMNAR_POINTS));

await withTargets(async (_stack, drover, mlflow) => {
  const pool = bodies();
  const columnPool = columns();
  const toLog = (target: Target) => (runId: string, number: number) => call(target, "POST", "runs/log-batch", `{"run_id":"${runId}","metrics":${pool[number % POOL]}}`);
  for (const clients of [1, 8, 32]) {
    const theirs = await measure(mlflow, clients, BATCH, toLog(mlflow));
    const ours = await measure(drover, clients, BATCH, toLog(drover));
    const fast = await measure(drover, clients, COLUMNAR_KEYS * COLUMNAR_POINTS, (runId, number) => sendColumns(drover, runId, headers(number), columnPool[number % COLUMNAR_POOL]!));
    say(`log-batch of 1,000 points, ${clients} clients, MLflow`, theirs, "points/s");
    say(`log-batch of 1,000 points, ${clients} clients, Drover`, ours, "points/s", `${(ours / theirs).toFixed(1)} times; goal ≥ 20`);
    say(`columns of 50,000 points, ${clients} clients, Drover`, fast, "points/s", `${(fast / theirs).toFixed(1)} times; goal ≥ 100`);
  }
});
