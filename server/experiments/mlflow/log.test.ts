import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_BODY } from "./mount.ts";
import { spend } from "./ingest-limit.ts";
import { mlflowServer, type Speaker } from "./testing.ts";

describe("logging to a run", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  beforeAll(async () => {
    server = await mlflowServer();
    mlflow = server.speak();
  });
  afterAll(() => server.close());

  const newRun = async () => (await mlflow.post("runs/create", {})).body.run.info.run_id as string;
  const data = async (id: string) => (await mlflow.get(`runs/get?run_id=${id}`)).body.run.data;
  const history = async (id: string, key: string, more = "") => (await mlflow.get(`metrics/get-history?run_id=${id}&metric_key=${encodeURIComponent(key)}${more}`)).body;

  it("keeps metrics, parameters and tags, and shows the last of each", async () => {
    const id = await newRun();
    expect((await mlflow.post("runs/log-metric", { run_id: id, run_uuid: id, key: "loss", value: 0.5, timestamp: 10, step: 1 })).body).toEqual({});
    await mlflow.post("runs/log-metric", { run_id: id, key: "loss", value: 0.25, timestamp: "20", step: "2" });
    await mlflow.post("runs/log-parameter", { run_id: id, key: "lr", value: "0.1" });
    await mlflow.post("runs/set-tag", { run_id: id, key: "note", value: "first" });
    await mlflow.post("runs/set-tag", { run_id: id, key: "note", value: "second" });
    const batch = { run_id: id, metrics: [{ key: "acc", value: 0.9, timestamp: 30 }], params: [{ key: "bs", value: "32" }], tags: [{ key: "t", value: "1" }, { key: "mlflow.runName", value: "renamed" }] };
    expect((await mlflow.post("runs/log-batch", batch)).body).toEqual({});
    const { info, data: found } = (await mlflow.get(`runs/get?run_id=${id}`)).body.run;
    expect(info.run_name).toBe("renamed");
    expect(found.metrics).toEqual([{ key: "acc", value: 0.9, timestamp: 30, step: 0 }, { key: "loss", value: 0.25, timestamp: 20, step: 2 }]);
    expect(found.params).toEqual([{ key: "bs", value: "32" }, { key: "lr", value: "0.1" }]);
    expect(found.tags).toContainEqual({ key: "note", value: "second" });
    expect((await mlflow.post("runs/delete-tag", { run_id: id, key: "note" })).body).toEqual({});
    expect(await mlflow.post("runs/delete-tag", { run_id: id, key: "note" })).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
  });

  const int64 = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
  const point = fc.record({ step: int64, time: fc.integer({ min: 0, max: 2_000_000_000_000 }), value: fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity)) });
  it("gives back every point bit for bit: any int64 step, NaN and the infinities, duplicates, in any order", async () => {
    await fc.assert(fc.asyncProperty(fc.array(point, { minLength: 1, maxLength: 40 }), async (points) => {
      const id = await newRun();
      const word = (value: number) => (Number.isFinite(value) ? (Object.is(value, -0) ? "-0.0" : String(value)) : `"${value}"`);
      const metrics = points.map(({ step, time, value }) => `{"key":"m","value":${word(value)},"timestamp":${time},"step":${step}}`);
      expect((await mlflow.ask("POST", "runs/log-batch", `{"run_id":"${id}","metrics":[${metrics.join(",")}]}`)).status).toBe(200);
      const { text } = await mlflow.get(`metrics/get-history?run_id=${id}&metric_key=m`);
      const found = [...text.matchAll(/"value":("?)([^",]+)\1,"timestamp":(\d+),"step":(-?\d+)/g)].map(([, , value, time, step]) => `${Number(value)} ${time} ${step}`);
      expect(found.sort()).toEqual(points.map(({ step, time, value }) => `${value === 0 ? 0 : value} ${time} ${step}`).sort());
    }), { numRuns: 40 });
  });

  it("takes a request that is sent again only once, and duplicates inside one request as they are", async () => {
    const id = await newRun();
    const twice = { key: "m", value: 1, timestamp: 5, step: 1 };
    const batch = { run_id: id, metrics: [twice, twice], params: [{ key: "p", value: "v" }], tags: [] };
    const answers = await Promise.all([1, 2, 3].map(() => mlflow.post("runs/log-batch", batch)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await history(id, "m")).metrics).toHaveLength(2);
    for (let again = 0; again < 2; again += 1) await mlflow.post("runs/log-metric", { run_id: id, key: "n", value: 1, timestamp: 5, step: 1 });
    expect((await history(id, "n")).metrics).toHaveLength(1);
    const [summary] = await server.sql`select count::int as count from metric_summaries where run_id = ${id} and key = 'm'`;
    expect(summary!.count).toBe(2);
  });

  it("never changes a parameter, and then stores nothing else of the request", async () => {
    const id = await newRun();
    await mlflow.post("runs/log-parameter", { run_id: id, key: "lr", value: "0.1" });
    expect((await mlflow.post("runs/log-parameter", { run_id: id, key: "lr", value: "0.1" })).status).toBe(200);
    const changed = await mlflow.post("runs/log-batch", { run_id: id, metrics: [{ key: "m", value: 1, timestamp: 1 }], params: [{ key: "new", value: "1" }, { key: "lr", value: "0.2" }], tags: [{ key: "t", value: "x" }] });
    expect(changed).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    expect(changed.body.message).toContain("key='lr'");
    const found = await data(id);
    expect(found.params).toEqual([{ key: "lr", value: "0.1" }]);
    expect([...found.metrics, ...found.tags.filter(({ key }: { key: string }) => key === "t")]).toEqual([]);
    expect((await mlflow.post("runs/log-batch", { run_id: id, params: [{ key: "a", value: "1" }, { key: "a", value: "2" }] })).body.message).toContain("Duplicate parameter keys");
  });

  it("takes the same parameters from many ranks at once, in whatever order each names them", async () => {
    const params = Array.from({ length: 100 }, (_, at) => ({ key: `p${at}`, value: String(at) }));
    for (let round = 0; round < 5; round += 1) {
      const id = await newRun();
      const answers = await Promise.all(Array.from({ length: 8 }, (_, rank) => mlflow.post("runs/log-batch", { run_id: id, params: rank % 2 === 0 ? params : params.toReversed() })));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    }
  });

  it.each([
    [{ key: "m", value: "much", timestamp: 1 }, "metrics[1].value"],
    [{ key: "m", timestamp: 1 }, "metrics[1].value"],
    [{ key: "m", value: 1 }, "metrics[1].timestamp"],
    [{ key: "m", value: 1, timestamp: 1, step: 1.5 }, "metrics[1].step"],
    [{ key: "a/../b", value: 1, timestamp: 1 }, "metrics[1].key"],
    [{ key: "x".repeat(251), value: 1, timestamp: 1 }, "metrics[1].key"],
    [{ value: 1, timestamp: 1 }, "metrics[1].key"],
  ])("names the one bad point of a batch: %j", async (bad, where) => {
    const id = await newRun();
    const answer = await mlflow.post("runs/log-batch", { run_id: id, metrics: [{ key: "good", value: 1, timestamp: 1 }, bad] });
    expect(answer).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    expect(answer.body.message).toContain(where);
    expect((await data(id)).metrics).toEqual([]);
  });

  it("takes no more in one request than MLflow does", async () => {
    const id = await newRun();
    const many = (count: number) => Array.from({ length: count }, (_, at) => ({ key: `k${at}`, value: "1", timestamp: 1 }));
    for (const body of [{ metrics: many(1001) }, { params: many(101) }, { tags: many(101) }, { metrics: many(950), params: many(60) }]) {
      expect(await mlflow.post("runs/log-batch", { run_id: id, ...body })).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    }
    expect((await mlflow.post("runs/log-batch", { run_id: id, tags: [{ key: "t", value: "x".repeat(MAX_BODY) }] })).status).toBe(413);
    await mlflow.post("runs/log-parameter", { run_id: id, key: "long", value: "x".repeat(7000) });
    expect((await data(id)).params[0].value).toHaveLength(6000);
    // A cut through the middle of a character is what no database gives back.
    expect((await mlflow.post("runs/log-parameter", { run_id: id, key: "party", value: `a${"🎉".repeat(7000)}` })).status).toBe(200);
    expect([...(await data(id)).params[1].value]).toHaveLength(6000);
    expect((await mlflow.post("runs/log-batch", { run_id: "run_none", metrics: [] })).status).toBe(404);
  });

  it("pages through a history without losing or repeating a point", async () => {
    const id = await newRun();
    for (let batch = 0; batch < 5; batch += 1) {
      await mlflow.post("runs/log-batch", { run_id: id, metrics: Array.from({ length: 70 }, (_, at) => ({ key: "m", value: batch * 70 + at, timestamp: 1000 + batch * 70 + at, step: (batch * 70 + at) % 200 })) });
    }
    const values: number[] = [];
    let token = "";
    do {
      const page = await history(id, "m", `&max_results=33${token ? `&page_token=${token}` : ""}`);
      expect(page.metrics.length).toBeLessThanOrEqual(33);
      values.push(...page.metrics.map(({ value }: { value: number }) => value));
      token = page.next_page_token ?? "";
    } while (token && values.length <= 350);
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 350 }, (_, at) => at));
    expect((await history(id, "m")).metrics.map(({ value }: { value: number }) => value)).toEqual(Array.from({ length: 350 }, (_, at) => at));
  });

  it("samples several runs at the same steps, with each one's first and last", async () => {
    const ids = [await newRun(), await newRun()];
    for (const [at, id] of ids.entries()) {
      await mlflow.post("runs/log-batch", { run_id: id, metrics: Array.from({ length: 100 }, (_, step) => ({ key: "m", value: step, timestamp: step, step: step * 2 + at })) });
    }
    const ask = (more: string) => mlflow.get(`metrics/get-history-bulk-interval?run_ids=${ids[0]}&run_ids=${ids[1]}&metric_key=m${more}`);
    const { metrics } = (await ask("&max_results=20")).body;
    const steps = (id: string) => metrics.filter(({ run_id }: { run_id: string }) => run_id === id).map(({ step }: { step: number }) => step);
    expect(metrics.length).toBeLessThanOrEqual(24);
    expect([steps(ids[0]!)[0], steps(ids[0]!).at(-1), steps(ids[1]!).at(-1)]).toEqual([0, 198, 199]);
    expect((await ask("&start_step=10&end_step=12")).body.metrics.map(({ step }: { step: number }) => step)).toEqual([10, 12, 11]);
    expect((await ask("&start_step=10")).status).toBe(400);
    expect((await mlflow.get(`metrics/get-history-bulk?run_id=${ids[0]}&run_id=${ids[1]}&metric_key=m`)).body.metrics).toHaveLength(200);
  });

  it("gives the first points of several runs by their time, whatever the order of their steps, over many batches", async () => {
    const [id, none] = [await newRun(), await newRun()];
    // More batches than are read at once, the later the smaller in step: what comes first by time is stored last.
    const batches = Array.from({ length: 60 }, (_, batch) => [0, 1, 2].map((at) => ({ key: "m", value: batch * 3 + at, timestamp: batch * 3 + at, step: 1000 - batch * 3 - at })));
    await Promise.all(batches.map((metrics) => mlflow.post("runs/log-batch", { run_id: id, metrics })));
    const ask = async (more = "") => (await mlflow.get(`metrics/get-history-bulk?run_id=${none}&run_id=${id}&metric_key=m${more}`)).body;
    expect((await ask("&max_results=5")).metrics.map(({ value, run_id }: { value: number; run_id: string }) => [value, run_id])).toEqual([0, 1, 2, 3, 4].map((value) => [value, id]));
    expect((await ask()).metrics.map(({ value }: { value: number }) => value)).toEqual(Array.from({ length: 180 }, (_, at) => at));
    expect((await mlflow.get(`metrics/get-history-bulk?run_id=${none}&metric_key=m`)).body).toEqual({ metrics: [] });
    expect(await mlflow.get(`metrics/get-history-bulk?run_id=${id}&metric_key=m&max_results=-1`)).toMatchObject({ status: 400 });
    const { metrics } = (await mlflow.get(`metrics/get-history-bulk-interval?run_ids=${id}&run_ids=${none}&metric_key=m&max_results=60`)).body;
    expect(metrics.map(({ step }: { step: number }) => step)).toEqual([...Array.from({ length: 60 }, (_, at) => 821 + at * 3), 1000]);
    const within = (await mlflow.get(`metrics/get-history-bulk-interval?run_ids=${id}&metric_key=m&start_step=830&end_step=990`)).body.metrics;
    expect(within.map(({ step }: { step: number }) => step)).toEqual(Array.from({ length: 161 }, (_, at) => 830 + at));
  });

  it("remembers the data sets that a run read, and finds runs by them", async () => {
    const id = await newRun();
    const dataset = { name: "iris", digest: "d1", source_type: "local", source: "{}", schema: "{\"n\":4}" };
    for (let again = 0; again < 2; again += 1) expect((await mlflow.post("runs/log-inputs", { run_id: id, datasets: [{ tags: [{ key: "mlflow.data.context", value: "training" }], dataset }] })).status).toBe(200);
    const { inputs } = (await mlflow.get(`runs/get?run_id=${id}`)).body.run;
    expect(inputs.dataset_inputs).toEqual([{ tags: [{ key: "mlflow.data.context", value: "training" }], dataset }]);
    const search = async (filter: string) => (await mlflow.post("runs/search", { experiment_ids: ["0"], filter })).body.runs.map(({ info }: { info: { run_id: string } }) => info.run_id);
    expect(await search("datasets.name = 'iris' and dataset.context = 'training'")).toEqual([id]);
    expect(await search("datasets.digest = 'other'")).toEqual([]);
    expect((await mlflow.post("runs/search", { experiment_ids: ["0"], filter: "metrics.a >" })).body.message).toContain("at character 12");
  });

  it("keeps what a data set was first read for when the run reads it again", async () => {
    const id = await newRun();
    const dataset = { name: "iris", digest: "twice", source_type: "local", source: "{}" };
    for (const [key, value] of [["mlflow.data.context", "training"], ["mlflow.data.context", "eval"], ["split", "a"]]) await mlflow.post("runs/log-inputs", { run_id: id, datasets: [{ tags: [{ key, value }], dataset }] });
    const [{ tags }] = (await mlflow.get(`runs/get?run_id=${id}`)).body.run.inputs.dataset_inputs;
    expect(Object.fromEntries(tags.map((tag: { key: string; value: string }) => [tag.key, tag.value]))).toEqual({ "mlflow.data.context": "training", split: "a" });
  });

  it("reads numbers that are none as Python writes them, and leaves the words alone where they are text", async () => {
    const id = await newRun();
    const metrics = ["NaN", "Infinity", "-Infinity"].map((word, at) => `{"key":"m${at}","value":${word},"timestamp":1}`);
    const note = String.raw`a \"NaN\", {:NaN} or -Infinity`;
    expect((await mlflow.ask("POST", "runs/log-batch", `{"run_id":"${id}","metrics":[${metrics.join(",")}],"params":[{"key":"note","value":"${note}"}]}`)).status).toBe(200);
    const found = await data(id);
    expect(found.metrics.map(({ value }: { value: string }) => value)).toEqual(["NaN", "Infinity", "-Infinity"]);
    expect(found.params).toEqual([{ key: "note", value: 'a "NaN", {:NaN} or -Infinity' }]);
    for (const bad of [`{"run_id":"${id}","a":NaN`, `{"run_id":"${id}","a":nan}`, `{"a":"NaN`, `{"a":"${"\\\"NaN".repeat(200_000)}`]) expect(await mlflow.ask("POST", "runs/log-batch", bad)).toMatchObject({ status: 400, body: { error_code: "BAD_REQUEST" } });
  });

  it("notes a model that a client logs once, however often it says so", async () => {
    const id = await newRun();
    const model = (made: string) => JSON.stringify({ run_id: id, utc_time_created: made, flavors: { sklearn: {} } });
    for (const made of ["1", "2", "2", "1"]) expect((await mlflow.post("runs/log-model", { run_id: id, model_json: model(made) })).status).toBe(200);
    const { value } = (await data(id)).tags.find(({ key }: { key: string }) => key === "mlflow.log-model.history");
    expect(JSON.parse(value).map((one: { utc_time_created: string }) => one.utc_time_created)).toEqual(["1", "2"]);
  });

  it("tells a token that logs too much to wait, and no other", () => {
    for (const greedy of [{ points: 1_000_000 }, { requests: 1000 }]) {
      const token = JSON.stringify(greedy);
      for (let request = 0; request < 11; request += 1) spend(token, greedy, 1000);
      expect(() => spend(token, { requests: 1 }, 1000)).toThrow(/more than/);
      expect(() => spend("modest", { requests: 1 }, 1000)).not.toThrow();
      expect(() => spend(token, { requests: 1 }, 3000)).not.toThrow();
    }
  });

  it("counts every request that writes, whatever it writes, and none that reads", async () => {
    const id = await newRun();
    const headers = await server.as(server.member, server.org.slug);
    const permissions = ["runs:read", "runs:log", "models:read", "models:write"] as const;
    const { id: tokenId, token } = (await server.call(headers, "access.createMyToken", { name: "busy", permissions })).data as { id: string; token: string };
    const { ask } = server.speak(undefined, `Bearer ${token}`);
    const writes = [
      ["POST", "experiments/create", { name: "x" }], ["POST", "runs/create", {}], ["POST", "runs/update", { run_id: id }], ["POST", "runs/delete", { run_id: id }], ["POST", "runs/delete-tag", { run_id: id, key: "x" }],
      ["POST", "runs/log-inputs", { run_id: id }], ["POST", "runs/log-model", { run_id: id, model_json: "{}" }], ["POST", "runs/outputs", { run_id: id }], ["POST", "logged-models", {}], ["POST", "registered-models/create", { name: "x" }],
      ["POST", "model-versions/create", { name: "x", source: "x" }], ["PUT", `!2.0/mlflow-artifacts/artifacts/x/${id}/artifacts/a`, "x"], ["DELETE", `!2.0/mlflow-artifacts/artifacts/x/${id}/artifacts/a`], ["POST", `!2.0/mlflow-artifacts/mpu/create/x/${id}/artifacts/a`, {}],
    ] as const;
    spend(tokenId, { requests: 7_200_000 }); // an hour's worth
    for (const [method, path, body] of writes) expect([path, (await ask(method, path, body)).status]).toEqual([path, 429]);
    expect((await server.app.request(`/mlflow/p/${server.org.project.slug}/drover/points`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: "x" })).status).toBe(429);
    expect((await ask("GET", `runs/get?run_id=${id}`)).status).toBe(200);
    expect((await ask("POST", "runs/search", { experiment_ids: ["0"] })).status).toBe(200);
  });

  it("answers it 429 with the seconds to wait, and stores nothing of what it sent", async () => {
    const id = await newRun();
    const headers = await server.as(server.member, server.org.slug);
    const { id: tokenId, token } = (await server.call(headers, "access.createMyToken", { name: "greedy", permissions: ["runs:read", "runs:log"] })).data as { id: string; token: string };
    // As many points as an hour allows: no time that passes here makes up for them.
    spend(tokenId, { points: 7_200_000_000 });
    const send = (path: string, body: string) => server.app.request(`/mlflow/p/${server.org.project.slug}/${path}`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body });
    const point = { run_id: id, key: "m", value: 1, timestamp: 1 };
    for (const answer of [await send("api/2.0/mlflow/runs/log-metric", JSON.stringify(point)), await send("api/2.0/mlflow/runs/log-batch", JSON.stringify({ run_id: id, metrics: [point], params: [{ key: "p", value: "1" }] }))]) {
      expect([answer.status, ((await answer.json()) as { error_code: string }).error_code]).toEqual([429, "REQUEST_LIMIT_EXCEEDED"]);
      const seconds = Number(answer.headers.get("retry-after"));
      expect(seconds).toBeGreaterThan(3500);
      expect(seconds).toBeLessThanOrEqual(3600);
    }
    expect(await data(id)).toMatchObject({ metrics: [], params: [] });
    expect((await mlflow.post("runs/log-metric", point)).status).toBe(200);
  });
});
