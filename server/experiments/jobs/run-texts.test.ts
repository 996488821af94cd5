import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowServer, type Speaker } from "../mlflow/testing.ts";
import { writeRunTexts } from "./run-texts.ts";

const DATASET = { name: "d \"ü\"", digest: "x1", source_type: "http", source: "{\"url\": \"http://x\"}", schema: "{}", profile: "{}" };

describe("texts of ended runs", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  beforeAll(async () => {
    server = await mlflowServer();
    mlflow = server.speak();
  });
  afterAll(() => server.close());

  const write = () => writeRunTexts(server, -1); // also what became empty in this very moment
  const search = async () => (await mlflow.post("runs/search", { experiment_ids: ["0"], run_view_type: "ALL" })).text;
  const newRun = async (): Promise<string> => (await mlflow.post("runs/create", { experiment_id: "0", start_time: 1_700_000_000_000 })).body.run.info.run_id as string;
  const end = (run_id: string) => mlflow.post("runs/update", { run_id, status: "FINISHED", end_time: 1_700_000_001_000 });
  const textOf = async (id: string): Promise<string | null | undefined> => (await server.sql<{ body: string | null }[]>`select body from run_texts where run_id = ${id}`)[0]?.body;
  const metric = (run_id: string, key: string, value: number | string, step: number | string = 0) => mlflow.post("runs/log-metric", { run_id, key, value, timestamp: 1_700_000_000_123, step });
  /** Every answer, made from the values alone. */
  const fromValues = async () => {
    const kept = await server.sql`select run_id, body from run_texts where body is not null`;
    await server.sql`update run_texts set body = null`;
    const answer = await search();
    for (const { run_id, body } of kept) await server.sql`update run_texts set body = ${body as string} where run_id = ${run_id as string}`;
    return answer;
  };

  it("answer a search as the values themselves do, whatever was logged", async () => {
    const id = await newRun();
    for (const [key, value, step] of [["a", 0.1, 3], ["nan", "NaN", 0], ["inf", "-Infinity", "9007199254740993"], ["ü \"q\"", -0, 1]] as const) await metric(id, key, value, step);
    await mlflow.post("runs/log-batch", { run_id: id, params: [{ key: "p", value: "line\nbreak \\ \"quote\" \u0001 ü 🎉" }, { key: "empty", value: "" }], tags: [{ key: "t", value: "</script>" }] });
    await mlflow.post("runs/log-inputs", { run_id: id, datasets: [{ tags: [{ key: "mlflow.data.context", value: "training" }], dataset: DATASET }] });
    const bare = await newRun();
    const open = await newRun();
    await end(id);
    await end(bare);
    const before = await search();
    expect(await write()).toBe(2);
    expect(await search()).toBe(before);
    expect(await textOf(id)).toContain("\"dataset_inputs\":[{");
    expect(await textOf(open)).toBeUndefined();
    expect(await write()).toBe(0);
  });

  it("are emptied by whatever changes a run, and by nothing of another one", async () => {
    const other = await newRun();
    const id = await newRun();
    await mlflow.post("runs/log-batch", { run_id: id, tags: [{ key: "gone", value: "1" }], metrics: [{ key: "m", value: 1, timestamp: 1, step: 1 }] });
    const { model_id } = (await mlflow.post("logged-models", { experiment_id: (await mlflow.get(`runs/get?run_id=${id}`)).body.run.info.experiment_id, name: "made", source_run_id: id })).body.model.info;
    await end(id);
    await end(other);
    await write();
    const changes: [string, () => Promise<unknown>][] = [
      ["a new metric", () => metric(id, "n", 1)],
      ["a later point", () => metric(id, "m", 2, 2)],
      ["a parameter", () => mlflow.post("runs/log-parameter", { run_id: id, key: "late", value: "1" })],
      ["a tag", () => mlflow.post("runs/set-tag", { run_id: id, key: "t", value: "1" })],
      ["another value of a tag", () => mlflow.post("runs/set-tag", { run_id: id, key: "t", value: "2" })],
      ["a tag that goes", () => mlflow.post("runs/delete-tag", { run_id: id, key: "gone" })],
      ["a data set", () => mlflow.post("runs/log-inputs", { run_id: id, datasets: [{ tags: [], dataset: DATASET }] })],
      ["a model", () => mlflow.post("runs/outputs", { run_id: id, models: [{ model_id, step: 1 }] })],
    ];
    for (const [what, change] of changes) {
      await change();
      expect([what, await textOf(id)]).toEqual([what, null]);
      expect([what, typeof (await textOf(other))]).toEqual([what, "string"]);
      const values = await search();
      expect([what, await write()]).toEqual([what, 1]);
      expect([what, await search()]).toEqual([what, values]);
    }
    expect(await textOf(id)).toContain("\"model_outputs\":[{");
  });

  it("say what the info of a run says now, which is not in them", async () => {
    const id = await newRun();
    await end(id);
    await write();
    await mlflow.post("runs/update", { run_id: id, status: "FAILED" });
    await mlflow.post("runs/delete", { run_id: id });
    expect((await mlflow.get(`runs/get?run_id=${id}`)).body.run.info).toMatchObject({ status: "FAILED", lifecycle_stage: "deleted" });
    expect(typeof (await textOf(id))).toBe("string");
  });

  it("are not written while somebody's change is not committed yet", async () => {
    const id = await newRun();
    await mlflow.post("runs/set-tag", { run_id: id, key: "t", value: "before" });
    await end(id);
    await server.sql.begin(async (tx) => {
      await tx`update run_tags set value = 'after' where run_id = ${id} and key = 't'`;
      await write();
      expect(await textOf(id)).toBeNull();
    });
    expect(await write()).toBe(1);
    expect(await textOf(id)).toContain("after");
  });

  it("are never stale, whoever writes at the same time", async () => {
    const ids = [await newRun(), await newRun(), await newRun()];
    for (const id of ids) await end(id);
    const act = fc.record({ run: fc.nat(ids.length - 1), what: fc.constantFrom("metric", "tag", "untag", "param", "text"), key: fc.constantFrom("a", "b", "c"), value: fc.nat(1000) });
    let step = 0;
    const does = async ({ run, what, key, value }: { run: number; what: string; key: string; value: number }): Promise<void> => {
      const run_id = ids[run]!;
      step += 1;
      if (what === "text") await write();
      if (what === "metric") await metric(run_id, key, value, step);
      if (what === "tag") await mlflow.post("runs/set-tag", { run_id, key, value: String(value) });
      if (what === "untag") await mlflow.post("runs/delete-tag", { run_id, key });
      if (what === "param") await mlflow.post("runs/log-parameter", { run_id, key: `${key}${step}`, value: String(value) });
    };
    await fc.assert(fc.asyncProperty(fc.array(fc.array(act, { maxLength: 6 }), { minLength: 2, maxLength: 5 }), async (writers) => {
      await Promise.all(writers.map(async (acts) => {
        for (const one of acts) await does(one);
      }));
      expect(await search()).toBe(await fromValues());
      await write();
      expect(await search()).toBe(await fromValues());
    }), { numRuns: 15 });
  });
});
