import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowServer, type Speaker, tokenOf } from "./testing.ts";

/** Of letters that hardly compress, three bytes each: nothing makes an index entry longer. */
const long = (length: number): string => Array.from({ length }, (_, at) => String.fromCodePoint(0x4e_00 + ((at * 7919) % 20_000))).join("");

describe("values that nobody foresaw", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  let run: string;
  let model: string;
  beforeAll(async () => {
    server = await mlflowServer();
    mlflow = server.speak(undefined, `Bearer ${await tokenOf(server, server.org.slug, await server.make.member(server.org, "admin"), ["runs:read", "runs:log", "models:read", "models:write"])}`);
    run = (await mlflow.post("runs/create", {})).body.run.info.run_id as string;
    model = (await mlflow.post("logged-models", { experiment_id: "0", name: "net", source_run_id: run })).body.model.info.model_id as string;
  });
  afterAll(() => server.close());

  const point = { run_id: "", key: "m", value: 1, timestamp: 1, model_id: "", dataset_name: "d", dataset_digest: "e" };
  const dataset = { name: "d", digest: "e", source_type: "local", source: "{}" };
  const token = (of: unknown) => Buffer.from(JSON.stringify(of)).toString("base64url");
  it.each<[string, string, object]>([
    ["the name of a data set", "runs/log-inputs", { datasets: [{ dataset: { ...dataset, name: long(3000) } }] }],
    ["the data set of a point", "runs/log-metric", { ...point, dataset_name: long(3000) }],
    ["a NUL in a point's data set", "runs/log-metric", { ...point, dataset_digest: "a\0b" }],
    ["a NUL in a point's model", "runs/log-batch", { metrics: [{ ...point, model_id: "a\0b" }] }],
    ["a page of runs by another's order", "runs/search", { page_token: token({ part: "all", values: ["x", "y"] }) }],
    ["a page of runs by a time that there is not", "runs/search", { page_token: token({ part: "all", values: ["2023-13-45", "y"] }) }],
    ["a page of experiments by another's order", "experiments/search", { page_token: token(["a", "b"]) }],
    ["a page of versions by another's order", "model-versions/search", { page_token: token(["a", "b", "c"]) }],
    ["a page of logged models by another's order", "logged-models/search", { page_token: token(["a", "b"]) }],
    ["more orders than a row has columns", "runs/search", { order_by: Array.from({ length: 150 }, () => "metrics.m") }],
  ])("are answered 400, which no client tries again: %s", async (_what, path, body) => {
    const given = { experiment_ids: ["0"], ...body, ...("run_id" in body || path.startsWith("runs/log") ? { run_id: run } : {}), ...("model_id" in body && body.model_id === "" ? { model_id: model } : {}) };
    expect(await mlflow.post(path, given)).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
  });

  it("are kept where there is a way: half of a pair of UTF-16, and names of runs as long as they are wide", async () => {
    expect((await mlflow.post("registered-models/create", { name: "half", tags: [{ key: "k", value: "a\ud800b" }] })).body.registered_model.tags).toEqual([{ key: "k", value: "a\ufffdb" }]);
    expect((await mlflow.post("experiments/set-experiment-tag", { experiment_id: "0", key: "k", value: "\ud800" })).status).toBe(200);
    const name = long(9000);
    const made = (await mlflow.post("runs/create", { run_name: name })).body.run.info;
    expect(made.run_name).toBe(name.slice(0, 500));
    for (const [path, more] of [["runs/update", { run_name: `u${name}` }], ["runs/set-tag", { key: "mlflow.runName", value: `t${name}` }]] as const) {
      expect((await mlflow.post(path, { run_id: made.run_id, ...more })).status).toBe(200);
      expect((await mlflow.get(`runs/get?run_id=${made.run_id}`)).body.run.info.run_name).toBe(`${path === "runs/update" ? "u" : "t"}${name}`.slice(0, 500));
    }
  });

  it("are read as they were logged: quotes, separators, line ends, words that are numbers, and steps below zero", async () => {
    const odd = ['a","b', "\\", '\\"', "{1,2}", "\n\t\u2028", "", "NULL", "é😀"];
    const { run_id: id } = (await mlflow.post("runs/create", {})).body.run.info;
    const pairs = odd.map((value, at) => ({ key: `k ${at}`, value }));
    const metrics = [["b", -0.5, -7], ["a", "NaN", 0], ["c", "-Infinity", 3], ["d", 1e300, 4]].map(([key, value, step]) => ({ key, value, timestamp: 5, step }));
    expect((await mlflow.post("runs/log-batch", { run_id: id, metrics, params: pairs, tags: pairs })).status).toBe(200);
    const { data } = (await mlflow.get(`runs/get?run_id=${id}`)).body.run;
    expect(data.params).toEqual(pairs);
    expect((data.tags as { key: string }[]).filter(({ key }) => key.startsWith("k "))).toEqual(pairs);
    expect(data.metrics).toEqual([metrics[1], metrics[0], metrics[2], metrics[3]]);
  });

  // What log_metrics(..., model_id=, dataset=) sends for every metric of its call.
  it("are said more than once in a request, and kept once: the models of a run", async () => {
    expect((await mlflow.post("runs/log-inputs", { run_id: run, datasets: [{ dataset }, { dataset }], models: [{ model_id: model }, { model_id: model }] })).status).toBe(200);
    expect((await mlflow.post("runs/outputs", { run_id: run, models: [{ model_id: model, step: 1 }, { model_id: model, step: 2 }] })).status).toBe(200);
    const { inputs, outputs } = (await mlflow.get(`runs/get?run_id=${run}`)).body.run;
    expect([inputs.dataset_inputs.length, inputs.model_inputs, outputs.model_outputs]).toEqual([1, [{ model_id: model }], [{ model_id: model, step: 2 }]]);
  });
});
