import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../scripts/postgres/ports.ts";
import { pythonWith } from "../scripts/test/python.ts";
import { mlflowServer, speaker, tokenOf } from "../server/experiments/mlflow/testing.ts";
import { buildProgram, type Ended, startProgram } from "./testing/program.ts";

const execute = promisify(execFile);
/** A client and a server of MLflow, without what neither a folder nor a file store needs. */
const PACKAGES = ["mlflow-skinny==3.1.4", "setuptools==80.9.0", "flask==3.0.3", "gunicorn==23.0.0", "graphene==3.4.3"];
const folder = mkdtempSync(join(tmpdir(), "drover-import-"));
const WEIGHTS = Buffer.concat(Array.from({ length: 100 }, () => Buffer.from(Array.from({ length: 256 }, (_, at) => at))));

let server: Awaited<ReturnType<typeof mlflowServer>>;
let http: Server;
let url: string;
let token: string;
let program: string;
let python: string;
beforeAll(async () => {
  python = await pythonWith(PACKAGES);
  server = await mlflowServer();
  token = await tokenOf(server, server.org.slug, await server.make.member(server.org, "admin"), ["runs:read", "runs:log", "models:read", "models:write", "models:promote"]);
  http = createServer(getRequestListener(server.app.fetch));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  program = await buildProgram(folder);
}, 600_000);
afterAll(async () => {
  http?.closeAllConnections();
  http?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = (args: string[], env: Record<string, string> = {}) => startProgram(program, ["import", "mlflow", ...args], { cwd: folder, env: { HOME: folder, DROVER_URL: url, DROVER_TOKEN: token, ...env } });
const run = (args: string[], env?: Record<string, string>): Promise<Ended> => start(args, env).ended;
const project = async () => (await server.make.project(server.org, { teamId: server.org.team.id })).slug;
const fill = (uri: string) => execute(python, [join(import.meta.dirname, "testing/mlflow-source.py"), uri], { env: { PATH: process.env.PATH, HOME: folder, NODE_ENV: "test", MLFLOW_DISABLE_TELEMETRY: "true", GIT_PYTHON_REFRESH: "quiet" }, cwd: folder });

/** Everything that the script logs, as Drover now has it. */
async function expectAll(slug: string): Promise<void> {
  const { post, get, ask } = speaker(server, slug, `Bearer ${token}`);
  const { experiment } = (await get("experiments/get-by-name?experiment_name=digits")).body;
  expect(experiment.tags).toContainEqual({ key: "team", value: "vision" });
  const { runs } = (await post("runs/search", { experiment_ids: [experiment.experiment_id], order_by: ["attributes.start_time ASC"] })).body;
  expect(runs.map((one: { info: object }) => one.info)).toMatchObject([{ run_name: "parent", status: "FINISHED", start_time: 1_700_000_000_000, end_time: 1_700_000_009_000 }, { run_name: "child", status: "FAILED", end_time: 1_700_000_003_000 }]);
  const [parent, child] = runs;
  const id: string = parent.info.run_id;
  const textsOf = (pairs: { key: string; value: string }[]) => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
  expect(textsOf(parent.data.params)).toEqual({ lr: "0.1", "a/b": "x y" });
  expect(textsOf(parent.data.tags)).toMatchObject({ note: 'first, with "quotes"', "drover.import.done": "yes" });
  expect(textsOf(child.data.tags)["mlflow.parentRunId"]).toBe(id);
  expect(parent.inputs.dataset_inputs).toMatchObject([{ dataset: { name: "optdigits", digest: "abc123", source: "digits.csv" }, tags: [{ key: "mlflow.data.context", value: "training" }] }]);

  const loss = (await get(`metrics/get-history?run_id=${id}&metric_key=loss`)).body.metrics;
  expect(loss.map(({ step, value }: { step: number; value: number }) => [step, value])).toEqual(Array.from({ length: 1500 }, (_, at) => [at, 1 / (at + 1)]));
  const odd = (await get(`metrics/get-history?run_id=${id}&metric_key=odd/values`)).text;
  for (const text of ['"NaN"', '"Infinity"', '"-Infinity"', "5e-324", "1152921504606846976", "1152921504606846980"]) expect(odd).toContain(text);

  const file = await server.app.request(`/mlflow/p/${slug}/get-artifact?run_id=${id}&path=${encodeURIComponent("model/deep er/weights.bin")}`, { headers: { authorization: `Bearer ${token}` } });
  expect(Buffer.from(await file.arrayBuffer()).equals(WEIGHTS)).toBe(true);
  const { models } = (await post("logged-models/search", { experiment_ids: [experiment.experiment_id] })).body;
  expect(models).toMatchObject([{ info: { name: "net", model_type: "net", source_run_id: id, status: "LOGGED_MODEL_READY" }, data: { params: [{ key: "depth", value: "3" }] } }]);
  const modelId: string = models[0].info.model_id;
  expect(parent.outputs.model_outputs).toMatchObject([{ model_id: modelId, step: 7 }]);
  expect((await ask("GET", `logged-models/${modelId}/artifacts/directories`)).body.files).toMatchObject([{ path: "weights.bin", file_size: WEIGHTS.length }]);

  const registered = (await get("registered-models/get?name=digits")).body.registered_model;
  expect(registered).toMatchObject({ description: "Reads digits", tags: [{ key: "team", value: "vision" }], aliases: [{ alias: "champion", version: "2" }] });
  const versions = (await get(`model-versions/search?filter=${encodeURIComponent("name='digits'")}&order_by=version_number%20ASC`)).body.model_versions;
  expect(versions.map(({ source, run_id, description }: Record<string, string>) => ({ source, run_id, description })).toSorted((a: { source: string }, b: { source: string }) => (a.source < b.source ? 1 : -1))).toMatchObject([{ source: `runs:/${id}/model/deep er`, run_id: id, description: "the first" }, { source: `models:/${modelId}`, run_id: id }]);
}

describe("drover import mlflow", () => {
  it("brings over a folder mlruns as the real client wrote it, once, however often it is begun", async () => {
    const slug = await project();
    await fill(`file:${join(folder, "mlruns")}`);
    const first = await run([join(folder, "mlruns"), "--project", slug, "--json"]);
    expect(first).toMatchObject({ code: 0, err: expect.stringMatching(/^(› .*\n)*$/) }); // nothing but how far it is
    expect(JSON.parse(first.out)).toMatchObject({ runs: 2, running: 1, points: 1506, files: 2, models: 1, versions: 2, failures: [] });
    await expectAll(slug);
    const second = await run([join(folder, "mlruns"), "--project", slug]);
    expect(second).toMatchObject({ code: 0, out: expect.stringMatching(/0 runs, 0 points, 0 files .*0 models, 0 versions[^]*2 runs were here already[^]*1 have not ended/) });
    await expectAll(slug);
  });

  it("brings over a running MLflow server, and from there goes on to another project of a Drover", async () => {
    const [slug, further] = [await project(), await project()];
    const port = await freePort();
    const mlflow = spawn(python, ["-m", "mlflow", "server", "--backend-store-uri", join(folder, "store"), "--artifacts-destination", join(folder, "artifacts"), "--host", "127.0.0.1", "--port", String(port), "--workers", "1"], { stdio: "ignore", detached: true, env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true" } });
    try {
      await expect.poll(() => fetch(`http://127.0.0.1:${port}/health`).then(({ ok }) => ok, () => false), { timeout: 60_000 }).toBe(true);
      await fill(`http://127.0.0.1:${port}`);
      expect(await run([`http://127.0.0.1:${port}`, "--project", slug])).toMatchObject({ code: 0 });
    } finally {
      process.kill(-mlflow.pid!, "SIGKILL"); // its workers too
    }
    await expectAll(slug);
    expect(await run([`${url}/mlflow/p/${slug}`, "--project", further], { MLFLOW_TRACKING_TOKEN: token })).toMatchObject({ code: 0 });
    await expectAll(further);
  }, 180_000);

  it("goes on where it was killed: no point is lost, none comes twice", async () => {
    const slug = await project();
    const root = join(folder, "large");
    const [runs, points] = [6, 12_000];
    mkdirSync(join(root, "7"), { recursive: true });
    writeFileSync(join(root, "7", "meta.yaml"), "experiment_id: '7'\nname: large\nlifecycle_stage: active\n");
    for (let at = 0; at < runs; at += 1) {
      const id = String(at).padStart(32, "a");
      mkdirSync(join(root, "7", id, "metrics"), { recursive: true });
      mkdirSync(join(root, "7", id, "artifacts"));
      writeFileSync(join(root, "7", id, "meta.yaml"), `run_id: ${id}\nrun_name: r${at}\nstatus: 3\nstart_time: ${1_700_000_000_000 + at}\nend_time: 1700000100000\nlifecycle_stage: active\n`);
      for (const key of ["a", "b"]) writeFileSync(join(root, "7", id, "metrics", key), Array.from({ length: points }, (_, step) => `${1_700_000_000_000 + step} ${step / 7} ${step}\n`).join(""));
      writeFileSync(join(root, "7", id, "artifacts", "file"), "x".repeat(100_000));
    }
    const stored = async () => Number((await server.sql<{ sum: string | null }[]>`select sum(m.count) as sum from metric_summaries m join runs r on r.id = m.run_id join experiments e on e.id = r.experiment_id where e.name = 'large'`)[0]!.sum ?? 0);
    for (const share of [0.1, 0.4, 0.8]) {
      const going = start([root, "--project", slug]);
      await expect.poll(stored, { timeout: 60_000, interval: 20 }).toBeGreaterThan(share * runs * points * 2);
      going.child.kill("SIGKILL");
      await going.ended;
    }
    expect(await run([root, "--project", slug])).toMatchObject({ code: 0 });
    expect(await stored()).toBe(runs * points * 2);
    const { post, get } = speaker(server, slug, `Bearer ${token}`);
    const { experiment } = (await get("experiments/get-by-name?experiment_name=large")).body;
    const found = (await post("runs/search", { experiment_ids: [experiment.experiment_id] })).body.runs;
    expect(found.map((one: { info: { run_name: string; status: string } }) => `${one.info.run_name} ${one.info.status}`).toSorted()).toEqual(Array.from({ length: runs }, (_, at) => `r${at} FINISHED`));
    const history = (await get(`metrics/get-history?run_id=${found[0].info.run_id}&metric_key=b&max_results=25000`)).body.metrics;
    expect(history.map(({ step }: { step: number }) => step)).toEqual(Array.from({ length: points }, (_, at) => at));
  }, 180_000);

  /** A run of a folder mlruns, as MLflow's file store has it. @param points Of its metric loss. */
  function writeRun(root: string, { id, status, points }: { id: string; status: number; points: number }): void {
    mkdirSync(join(root, "5", id, "metrics"), { recursive: true });
    writeFileSync(join(root, "5", "meta.yaml"), "experiment_id: '5'\nname: live\n");
    writeFileSync(join(root, "5", id, "meta.yaml"), `run_id: ${id}\nrun_name: 1e-3\nstatus: ${status}\nstart_time: 1700000000000\n${status === 3 ? "end_time: 1700000100000\n" : ""}`);
    writeFileSync(join(root, "5", id, "metrics", "loss"), Array.from({ length: points }, (_, step) => `${1_700_000_000_000 + step} ${step} ${step}\n`).join(""));
  }

  it("takes the rest of a run that went on when it was first imported", async () => {
    const [slug, root, id] = [await project(), join(folder, "live"), "c".repeat(32)];
    writeRun(root, { id, status: 1, points: 5 });
    expect(await run([root, "--project", slug, "--running", "--json"])).toMatchObject({ code: 0, out: expect.stringContaining('"points": 5') });
    writeRun(root, { id, status: 3, points: 9 });
    for (const times of [1, 2]) expect(await run([root, "--project", slug, "--running"]), `import ${times}`).toMatchObject({ code: 0 });
    const { post, get } = speaker(server, slug, `Bearer ${token}`);
    const { experiment } = (await get("experiments/get-by-name?experiment_name=live")).body;
    const { runs } = (await post("runs/search", { experiment_ids: [experiment.experiment_id] })).body;
    expect(runs).toMatchObject([{ info: { run_name: "1e-3", status: "FINISHED", end_time: 1_700_000_100_000 } }]);
    expect((await get(`metrics/get-history?run_id=${runs[0].info.run_id}&metric_key=loss`)).body.metrics.map(({ value }: { value: number }) => value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("brings over all else of a run where one file has a name that no file may have here, and says which", async () => {
    const [slug, root, id] = [await project(), join(folder, "named"), "d".repeat(32)];
    writeRun(root, { id, status: 3, points: 3 });
    mkdirSync(join(root, "5", id, "artifacts"));
    for (const name of ["a.txt", "m\\n.txt", "z.txt"]) writeFileSync(join(root, "5", id, "artifacts", name), name);
    expect(await run([root, "--project", slug])).toMatchObject({ code: 1, out: expect.stringMatching(/✕ run 1e-3: m\\n\.txt: Drover answered 400: .*Backslashes/) });
    const { post, get } = speaker(server, slug, `Bearer ${token}`);
    const { experiment } = (await get("experiments/get-by-name?experiment_name=live")).body;
    const { runs } = (await post("runs/search", { experiment_ids: [experiment.experiment_id] })).body;
    expect((await get(`artifacts/list?run_id=${runs[0].info.run_id}`)).body.files.map(({ path }: { path: string }) => path)).toEqual(["a.txt", "z.txt"]);
  });

  it("keeps the versions of two sources apart where both call a model the same", async () => {
    const slug = await project();
    for (const [at, place] of ["here", "there"].entries()) {
      const root = join(folder, place, "mlruns"); // the very name that MLflow gives it everywhere
      writeRun(root, { id: "ab"[at]!.repeat(32), status: 3, points: 1 });
      mkdirSync(join(root, "models", "digits", "version-1"), { recursive: true });
      mkdirSync(join(root, "models", "digits", "aliases"));
      writeFileSync(join(root, "models", "digits", "meta.yaml"), "name: digits\n");
      writeFileSync(join(root, "models", "digits", "aliases", `of-${place}`), "1");
      writeFileSync(join(root, "models", "digits", "version-1", "meta.yaml"), `name: digits\nversion: 1\ncurrent_stage: None\nrun_id: ${"ab"[at]!.repeat(32)}\nsource: runs:/${"ab"[at]!.repeat(32)}/model\ndescription: of ${place}\n`);
      for (const times of [1, 2]) expect(await run([root, "--project", slug]), `import ${times} from ${place}`).toMatchObject({ code: 0 });
    }
    const { get } = speaker(server, slug, `Bearer ${token}`);
    const { aliases } = (await get("registered-models/get?name=digits")).body.registered_model;
    expect(aliases).toEqual(expect.arrayContaining([{ alias: "of-here", version: "1" }, { alias: "of-there", version: "2" }]));
    const versions = (await get(`model-versions/search?filter=${encodeURIComponent("name='digits'")}&order_by=version_number%20ASC`)).body.model_versions;
    expect(versions.map(({ description }: { description: string }) => description).toSorted()).toEqual(["of here", "of there"]);
  });

  it("says what is wrong: no such folder, no such project, a token that may not, a run that cannot be read", async () => {
    expect(await run([join(folder, "nowhere"), "--project", "x"])).toMatchObject({ code: 2, err: expect.stringContaining("There is no folder") });
    expect(await run([join(folder, "mlruns"), "--project", "nope"])).toMatchObject({ code: 1, err: expect.stringContaining("Drover answered 404") });
    const weak = await tokenOf(server, server.org.slug, server.member, ["runs:read"]);
    expect(await run([join(folder, "mlruns"), "--project", await project()], { DROVER_TOKEN: weak })).toMatchObject({ code: 1, err: expect.stringContaining("403") });
    const broken = join(folder, "broken", "1", "b".repeat(32));
    mkdirSync(join(broken, "params"), { recursive: true });
    writeFileSync(join(folder, "broken", "1", "meta.yaml"), "experiment_id: '1'\nname: broken\n");
    writeFileSync(join(broken, "meta.yaml"), "run_id: x\nrun_name: bad\nstatus: 3\nstart_time: 1700000000000\nend_time: 1700000000001\n");
    writeFileSync(join(broken, "params", "long"), "x");
    mkdirSync(join(broken, "metrics"));
    writeFileSync(join(broken, "metrics", "m"), "1700000000000 not-a-number 0\n");
    const partly = await run([join(folder, "broken"), "--project", await project()]);
    expect(partly).toMatchObject({ code: 1, out: expect.stringMatching(/✕ run bad: .*[^]*The same command again tries these/) });
  });
});
