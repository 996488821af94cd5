import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonWith } from "../../../scripts/test/python.ts";
import { runToken } from "../run-token.ts";
import { mlflowServer, tokenOf } from "./testing.ts";

/** The oldest line that we promise, one with MLflow 3's models, and the newest. setuptools: 2.14 still asks for pkg_resources. */
const VERSIONS = ["2.14.3", "3.1.4", "3.17.2"] as const;
const NEWEST = VERSIONS[2];
const EVERYWHERE = ["experiments.py", "runs.py", "search.py", "datasets.py", "artifacts.py", "registry.py"];
/** Logged models came with MLflow 3. */
const scriptsOf = (version: string) => (version.startsWith("2.") ? EVERYWHERE : [...EVERYWHERE, "logged_models.py", ...(version === NEWEST ? ["pyfunc.py"] : [])]);
/** Models in MLflow's own format need these. One client has them, since they take most of a minute to install. */
const FOR_PYFUNC = ["numpy==2.4.6", "pandas==3.1.1", "cloudpickle==3.1.3"];
const execute = promisify(execFile);

describe.each(VERSIONS)("the client mlflow %s", (version) => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let http: Server;
  let python: string;
  let token: string;
  beforeAll(async () => {
    python = await pythonWith([`mlflow-skinny==${version}`, "setuptools==80.9.0", ...(version === NEWEST ? FOR_PYFUNC : [])]);
    server = await mlflowServer();
    token = await tokenOf(server, server.org.slug, await server.make.member(server.org, "admin"), ["runs:read", "runs:log", "models:read", "models:write", "models:promote"]);
    http = createServer(getRequestListener(server.app.fetch));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  }, 600_000);
  afterAll(async () => {
    http?.closeAllConnections();
    http?.close();
    await server?.close();
  });

  /** One script in a process of its own, with what a user would set. */
  async function run(script: string, env: Record<string, string>): Promise<string> {
    const tracking = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mlflow/p/${server.org.project.slug}`;
    const settings = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", MLFLOW_TRACKING_URI: tracking, MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0", MLFLOW_DISABLE_TELEMETRY: "true", GIT_PYTHON_REFRESH: "quiet", ...env };
    const done = await execute(python, [join(import.meta.dirname, "clients", script)], { env: { ...settings, NODE_ENV: "test" }, timeout: 240_000 }).catch((error: { stderr?: string; message: string }) => ({ failed: error.stderr || error.message }));
    return "failed" in done ? done.failed : "";
  }

  it.each(scriptsOf(version))("runs %s unchanged", async (script) => {
    expect(await run(script, { MLFLOW_TRACKING_TOKEN: token })).toBe("");
  }, 300_000);

  it("attaches to the run that it is inside of, by the run's own token", async () => {
    const submitted = await server.make.run(server.org.project, server.member.id, { status: "running" });
    const attempt = await server.make.attempt(submitted, (await server.make.cluster(server.org)).id, { status: "running" });
    const set = { MLFLOW_TRACKING_TOKEN: runToken(attempt.id), MLFLOW_RUN_ID: submitted.id, MLFLOW_EXPERIMENT_ID: submitted.experimentId };
    expect(await run("inside.py", set)).toBe("");
    const [row] = await server.sql`select status from runs where id = ${submitted.id}`;
    expect(row!.status).toBe("running");
    const [batch] = await server.sql`select attempt_id from metric_batches where run_id = ${submitted.id} and key = 'loss'`;
    expect(batch!.attempt_id).toBe(attempt.id);
  }, 300_000);

  it("is told that it may not, where it may not", async () => {
    const viewer = await server.make.member(server.org, "viewer");
    expect(await run("experiments.py", { MLFLOW_TRACKING_TOKEN: await tokenOf(server, server.org.slug, viewer, ["runs:read"]) })).toMatch(/PERMISSION_DENIED|403/);
    expect(await run("experiments.py", { MLFLOW_TRACKING_USERNAME: "me", MLFLOW_TRACKING_PASSWORD: "wrong" })).toMatch(/401|UNAUTHENTICATED/);
  }, 300_000);
});
