import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runToken } from "../run-token.ts";
import { MAX_BODY } from "./mount.ts";
import { columnarOf, mlflowServer, type Speaker, tokenOf } from "./testing.ts";

describe("points as columns", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  beforeAll(async () => {
    server = await mlflowServer();
    mlflow = server.speak();
  });
  afterAll(() => server.close());

  const newRun = async () => (await mlflow.post("runs/create", {})).body.run.info.run_id as string;
  async function send(bytes: Uint8Array<ArrayBuffer>, token = server.token, project = server.org.project.slug) {
    const answer = await server.app.request(`/mlflow/p/${project}/drover/points`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: bytes });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  it("are stored once, however often the same bytes come, and read like any others", async () => {
    const id = await newRun();
    const values = Array.from({ length: 40_000 }, (_, at) => (at === 12_345 ? Number.NaN : at / 7));
    const bytes = columnarOf(id, [{ key: "loss", values }, { key: "acc", values: [0.5], steps: { from: -3, by: 1 } }]);
    expect(await send(bytes)).toEqual({ status: 200, body: { points: 40_001, repeated: false } });
    expect(await send(bytes)).toEqual({ status: 200, body: { points: 40_001, repeated: true } });
    const { metrics } = (await mlflow.get(`metrics/get-history?run_id=${id}&metric_key=loss`)).body;
    expect(metrics.map(({ value }: { value: number | string }) => Number(value))).toEqual(values);
    expect((await mlflow.get(`metrics/get-history?run_id=${id}&metric_key=acc`)).body.metrics).toEqual([{ key: "acc", value: 0.5, timestamp: 1_700_000_000_000, step: -3 }]);
    const [summary] = await server.sql`select count::int, min, max, last from metric_summaries where run_id = ${id} and key = 'loss'`;
    expect(summary).toEqual({ count: 40_000, min: 0, max: 39_999 / 7, last: 39_999 / 7 });
  });

  it("are refused with the reason, in MLflow's words, and then nothing is stored", async () => {
    const id = await newRun();
    expect(await send(new Uint8Array(10))).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining("DRP1") } });
    expect(await send(columnarOf(id, [{ key: "good", values: [1] }, { key: "a/../b", values: [1] }]))).toMatchObject({ status: 400, body: { message: expect.stringContaining("series.1.key") } });
    expect((await send(new Uint8Array(MAX_BODY + 1))).status).toBe(413);
    expect((await mlflow.get(`runs/get?run_id=${id}`)).body.run.data.metrics).toEqual([]);
  });

  it("go to runs of that project only, and with the token of a run to that run", async () => {
    const id = await newRun();
    const far = await server.make.project(server.org, { teamId: (await server.make.team(server.org)).id, name: "far" });
    const theirs = await server.make.run(far, server.member.id);
    expect(await send(columnarOf(theirs.id, [{ key: "m", values: [1] }]))).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
    const reader = await tokenOf(server, server.org.slug, server.member, ["runs:read"]);
    expect((await send(columnarOf(id, [{ key: "m", values: [1] }]), reader)).status).toBe(403);
    const own = await server.make.run(server.org.project, server.member.id, { status: "running" });
    const attempt = await server.make.attempt(own, (await server.make.cluster(server.org)).id, { status: "running" });
    const inside = runToken(attempt.id);
    expect((await send(columnarOf(own.id, [{ key: "m", values: [1] }]), inside)).status).toBe(200);
    expect((await send(columnarOf(id, [{ key: "m", values: [1] }]), inside)).status).toBe(404);
    await mlflow.post("runs/delete", { run_id: id });
    expect(await send(columnarOf(id, [{ key: "m", values: [1] }]))).toMatchObject({ status: 400, body: { message: expect.stringContaining("deleted") } });
  });
});

describe("requests that come at once", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  beforeAll(async () => (server = await mlflowServer()));
  afterAll(() => server.close());

  it("are each stored whole: many of one run, many runs, repeated ones, and one whose run is deleted among them", async () => {
    const mlflow = server.speak();
    const runs = await Promise.all(Array.from({ length: 12 }, async () => (await mlflow.post("runs/create", {})).body.run.info.run_id as string));
    const [deleted] = runs;
    await mlflow.post("runs/delete", { run_id: deleted });
    const batch = (id: string, number: number) => ({ run_id: id, metrics: Array.from({ length: 40 }, (_, at) => ({ key: `k${at % 2}`, value: number * 40 + at, timestamp: 1000 + number * 40 + at, step: number * 40 + at })) });
    const asked = runs.flatMap((id) => [0, 1, 2, 3, 1].map((number) => ({ id, body: batch(id, number) })));
    const answers = await Promise.all(asked.map(({ body: one }) => mlflow.post("runs/log-batch", one)));
    answers.forEach(({ status }, at) => expect([asked[at]!.id, status]).toEqual([asked[at]!.id, asked[at]!.id === deleted ? 400 : 200]));
    const rows = await server.sql<{ run_id: string; count: number; last: number }[]>`select run_id, sum(count)::int as count, max(last) as last from metric_summaries where run_id = any(${runs}) group by 1 order by 1`;
    expect(rows.map(({ run_id, count, last }) => [run_id, count, last])).toEqual([...runs.slice(1)].sort().map((id) => [id, 160, 159]));
    for (const id of runs.slice(1)) expect((await mlflow.get(`metrics/get-history?run_id=${id}&metric_key=k1`)).body.metrics.map(({ step }: { step: number }) => step)).toEqual(Array.from({ length: 80 }, (_, at) => at * 2 + 1));
  });
});
