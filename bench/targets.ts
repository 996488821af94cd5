import { until } from "../chaos/processes.ts";
import type { Stack } from "../chaos/stack.ts";
import { openSql } from "../db/connection.ts";
import { MLFLOW_DATABASE, startMlflow } from "./mlflow-server.ts";
import { databaseUrlOf, withStack } from "./with-stack.ts";

/** A server that speaks MLflow's API. */
export interface Target {
  name: string;
  root: string;
  headers: Record<string, string>;
}

export async function call(target: Target, method: string, path: string, body?: unknown): Promise<unknown> {
  const ask = () => fetch(`${target.root}/api/2.0/mlflow/${path}`, { method, headers: { "content-type": "application/json", ...target.headers }, ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }) });
  const answer = await ask().catch(ask).catch(ask); // MLflow's server closes idle connections, now and then one that is about to be used
  if (!answer.ok) throw new Error(`${target.name} answered ${answer.status} to ${path}: ${(await answer.text()).slice(0, 300)}`);
  return answer.json();
}

export const newRun = async (target: Target): Promise<string> => ((await call(target, "POST", "runs/create", { experiment_id: "0", start_time: Date.now() })) as { run: { info: { run_id: string } } }).run.info.run_id;

/** A client of the database that MLflow's server keeps on the stack's PostgreSQL. */
export const mlflowSql = (stack: Stack) => openSql(databaseUrlOf(stack, MLFLOW_DATABASE), { max: 1 });

/** Drover and MLflow's own server, side by side on one PostgreSQL. */
export async function withTargets(measure: (stack: Stack, drover: Target, mlflow: Target) => Promise<void>): Promise<void> {
  await withStack(async (stack) => {
    const server = await startMlflow(stack);
    try {
      const drover: Target = { name: "Drover", root: `${stack.url}/mlflow/p/default`, headers: { authorization: `Bearer ${stack.token}` } };
      const mlflow: Target = { name: "MLflow", root: server.url, headers: {} };
      await until("the default experiments", async () => Boolean((await newRun(drover)) && (await newRun(mlflow))), 60);
      await measure(stack, drover, mlflow);
    } finally {
      await server.stop();
    }
  });
}
