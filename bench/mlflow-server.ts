import { spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../chaos/processes.ts";
import type { Stack } from "../chaos/stack.ts";
import { freePort } from "../scripts/postgres/ports.ts";
import { pythonWith } from "../scripts/test/python.ts";

const PACKAGES = ["mlflow==3.17.2", "psycopg2-binary==2.9.11", "setuptools==80.9.0"];
export const MLFLOW_DATABASE = "mlflow_bench";

/** The MLflow server from the package index, with a database of its own on the stack's PostgreSQL. */
export async function startMlflow(stack: Stack): Promise<{ url: string; stop: () => Promise<void> }> {
  const python = await pythonWith(PACKAGES);
  await stack.sql.unsafe(`create database ${MLFLOW_DATABASE}`);
  const { host, port: dbPort, user, pass } = stack.sql.options;
  const backend = `postgresql+psycopg2://${user}:${encodeURIComponent(String(pass ?? ""))}@${host[0]}:${dbPort[0]}/${MLFLOW_DATABASE}`;
  const port = await freePort();
  const args = ["-m", "mlflow", "server", "--backend-store-uri", backend, "--artifacts-destination", `${stack.folder}/mlartifacts`, "--host", "127.0.0.1", "--port", String(port), "--workers", "4"];
  const log = join(stack.folder, "logs", "mlflow.log");
  const out = openSync(log, "a");
  const child = spawn(python, args, { stdio: ["ignore", out, out], detached: true, env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true" } });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    process.kill(-child.pid!, "SIGKILL"); // its workers too
    await gone;
  };
  try {
    await until("MLflow's server", async () => (await fetch(`${url}/health`)).ok, 240);
  } catch (error) {
    if (child.exitCode === null) await stop();
    throw new Error(`MLflow's server did not start:\n${readFileSync(log, "utf8").slice(-2000)}`, { cause: error });
  }
  return { url, stop };
}
