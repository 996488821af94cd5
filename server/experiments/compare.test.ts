import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { factories } from "../../db/factories.ts";
import { metricBatches, runParams, runTags } from "../../db/schema/experiments.ts";
import { bucketX, unpackLine, unpackNumbers } from "../../domain/experiments/compare/buckets.ts";
import { compactMetrics } from "./jobs/compaction.ts";
import { specOf, type TestWorld, testWorld } from "./testing.ts";

let world: TestWorld;
let member: Awaited<ReturnType<TestWorld["makeUser"]>>;
const START = 1_700_000_000_000;

beforeAll(async () => {
  world = await testWorld();
  member = await world.makeUser(world.org.id, "acme", "Mia Member", [["member", "project", world.vision.id]]);
});
afterAll(() => world.close());

/** A run with a metric whose value at step `s` is `at(s)`, a point a second. */
async function runWith(at: (step: number) => number, options: { points?: number; key?: string; projectId?: string; delay?: number; params?: Record<string, string>; spec?: Parameters<typeof specOf>[0] } = {}) {
  const { points = 100, key = "loss", delay = 0 } = options;
  const run = await world.makeRun({ projectId: options.projectId ?? world.vision.id, startedAt: new Date(START + delay), ...(options.spec ? { spec: specOf(options.spec) } : {}) });
  await factories(world.db).metrics(run.id, null, key, Array.from({ length: points }, (_, step) => ({ step, at: START + delay + step * 1000, value: at(step) })));
  if (options.params) await world.db.insert(runParams).values(Object.entries(options.params).map(([name, value]) => ({ runId: run.id, key: name, value })));
  return run.id;
}

const pointsOf = (answer: Awaited<ReturnType<typeof member.api.compare.series>>, id: string) =>
  unpackLine(answer.lines.find((line) => line.id === id)!).map(({ bucket, last, min, max }) => ({ x: bucketX(answer.grid!, bucket), last, min, max }));

describe("a chart of several runs", () => {
  it("has every step of each run where the steps are few", async () => {
    const [a, b] = [await runWith((step) => step), await runWith((step) => 1000 - step, { points: 50 })];
    const answer = await member.api.compare.series({ ids: [a, b], key: "loss" });
    expect(answer.grid).toMatchObject({ from: 0, to: 99, count: 100 });
    expect(pointsOf(answer, a).slice(0, 3)).toEqual([0, 1, 2].map((x) => ({ x, last: x, min: x, max: x })));
    expect(pointsOf(answer, b)).toHaveLength(50);
  });

  it("keeps the least, greatest and last of each bucket, so that a spike of one point stays", async () => {
    const a = await runWith((step) => (step === 4321 ? 1e6 : step % 10), { points: 10_000 });
    const answer = await member.api.compare.series({ ids: [a], key: "loss", buckets: 100 });
    const points = pointsOf(answer, a);
    expect(points).toHaveLength(100);
    expect(points.filter(({ max }) => max === 1e6)).toHaveLength(1);
    expect(points[0]).toMatchObject({ last: 9, min: 0, max: 9 });
  });

  it("is reduced anew for the range that is looked at", async () => {
    const a = await runWith((step) => step, { points: 10_000 });
    const answer = await member.api.compare.series({ ids: [a], key: "loss", from: 5000, to: 5049, buckets: 100 });
    expect(answer.grid).toMatchObject({ from: 5000, to: 5049, count: 50 });
    expect(pointsOf(answer, a).map(({ last }) => last)).toEqual(Array.from({ length: 50 }, (_, at) => 5000 + at));
  });

  it("reads only what may be in the range, and finds it on every axis where it is spread over batches", async () => {
    const [a, b] = [await runWith((step) => step, { points: 200 }), await runWith((step) => step, { points: 10, delay: 3_600_000 })];
    const [{ id, steps, times, values: all, ...whole }] = (await world.db.select().from(metricBatches).where(eq(metricBatches.runId, a))) as [typeof metricBatches.$inferSelect];
    const part = (from: number, to: number) => ({ minStep: from, maxStep: to - 1, steps: steps!.slice(from, to), times: times!.slice(from, to), values: all!.slice(from, to) });
    await world.db.update(metricBatches).set(part(0, 100)).where(eq(metricBatches.id, id));
    await world.db.insert(metricBatches).values({ ...whole, ...part(100, 200) });
    const asked = { ids: [a, b], key: "loss" };
    const values = async (ask: object) => (await member.api.compare.series({ ...asked, ...ask })).lines.map(({ id, ...line }) => [id, unpackLine({ id, ...line } as never).map(({ last }) => last)]);
    expect(await values({ from: 98, to: 101 })).toEqual([[a, [98, 99, 100, 101]]]);
    expect(await values({ x: "relative", from: 98_000, to: 101_000 })).toEqual([[a, [98, 99, 100, 101]]]);
    expect(await values({ x: "relative", from: 8000, to: 9000 })).toEqual([[a, [8, 9]], [b, [8, 9]]]);
    expect(await values({ x: "time", from: START + 3_600_000, to: START + 3_601_000 })).toEqual([[b, [0, 1]]]);
    await world.db.update(metricBatches).set({ body: Buffer.from([9]) }).where(eq(metricBatches.id, id)); // whoever reads it now fails
    expect(await values({ from: 150, to: 151 })).toEqual([[a, [150, 151]]]);
    await expect(values({ from: 50, to: 51 })).rejects.toThrow("The server failed");
  });

  it("is read from outlines where its buckets are wide, on the axes that are the points' own", async () => {
    const a = await runWith((step) => (step === 40_321 ? 1e6 : step % 10), { points: 60_000 });
    const read = async (x: string) => member.api.compare.series({ ids: [a], key: "loss", x: x as "step", buckets: 20 });
    const axes = ["step", "relative", "time", "metric:loss"];
    const before = await Promise.all(axes.map(read));
    await compactMetrics(world.sql, Date.now() + 60_000, 0);
    const [{ outlined } = { outlined: 0 }] = await world.sql<{ outlined: number }[]>`select count(cell_steps)::int as outlined from metric_batches where run_id = ${a}`;
    expect(outlined).toBeGreaterThan(0);
    for (const [at, answer] of (await Promise.all(axes.map(read))).entries()) {
      const extremes = (one: typeof answer) => pointsOf(one, a).map(({ min, max }) => [min, max]);
      expect(extremes(answer)).toEqual(extremes(before[at]!));
    }
  });

  it("lays runs over each other by the time since each began", async () => {
    const [a, b] = [await runWith((step) => step), await runWith((step) => step, { delay: 3_600_000 })];
    const relative = await member.api.compare.series({ ids: [a, b], key: "loss", x: "relative" });
    expect(pointsOf(relative, b)).toEqual(pointsOf(relative, a));
    const wall = await member.api.compare.series({ ids: [a, b], key: "loss", x: "time" });
    expect(wall.grid!.to - wall.grid!.from).toBe(3_600_000 + 99_000);
  });

  it("puts another metric of the same step on the x axis", async () => {
    const a = await runWith((step) => step * 2);
    await factories(world.db).metrics(a, null, "tokens", Array.from({ length: 100 }, (_, step) => ({ step, at: START, value: step * 1000 })));
    const answer = await member.api.compare.series({ ids: [a], key: "loss", x: "metric:tokens", buckets: 10 });
    expect(answer.grid).toMatchObject({ from: 0, to: 99_000, count: 10, whole: false });
    expect(pointsOf(answer, a).map(({ last }) => last)).toEqual([18, 38, 58, 78, 98, 118, 138, 158, 178, 198]);
  });

  it("counts what cannot be drawn, and tells nothing of a run without the metric", async () => {
    const a = await runWith((step) => (step === 3 ? Number.NaN : step === 4 ? Number.POSITIVE_INFINITY : 1), { points: 10 });
    const b = await runWith(() => 1, { key: "other" });
    const answer = await member.api.compare.series({ ids: [a, b], key: "loss" });
    expect(answer.lines.map(({ id, nonFinite }) => [id, nonFinite])).toEqual([[a, 2]]);
    expect(pointsOf(answer, a)).toHaveLength(8);
    expect(await member.api.compare.series({ ids: [b], key: "nowhere" })).toEqual({ grid: null, lines: [], groups: [] });
  });

  it("stays below 200 kB for a hundred runs", async () => {
    const noisy = (seed: number) => (step: number) => Math.sin(step * seed) + step / 7;
    const ids = await Promise.all(Array.from({ length: 100 }, (_, at) => runWith(noisy(at + 1), { points: 1000 })));
    const answer = await member.api.compare.series({ ids, key: "loss" });
    expect(answer.lines).toHaveLength(100);
    expect(JSON.stringify(answer).length).toBeLessThan(200_000);
    expect(answer.grid!.count).toBeGreaterThan(60);
  });

  it("groups by a parameter: mean, median and how many, over all runs of the group", async () => {
    const ids = [];
    for (const [value, lr] of [[1, "0.1"], [2, "0.1"], [6, "0.1"], [10, "0.2"]] as const) ids.push(await runWith(() => value, { points: 5, params: { lr } }));
    ids.push(await runWith(() => 7, { points: 5 }), await runWith(() => 7, { points: 5, key: "acc", params: { lr: "0.15" } }));
    const answer = await member.api.compare.series({ ids, key: "loss", group: "param:lr" });
    expect(answer.order).toEqual(["0.1", "0.15", "0.2", "not set"]); // colours are of all groups, with this metric or not
    expect(answer.groups.map(({ id, runs }) => [id, runs])).toEqual([["0.1", 3], ["0.2", 1], ["not set", 1]]);
    const [first] = answer.groups;
    expect(unpackLine(first!)[0]).toMatchObject({ last: 3 });
    expect(unpackNumbers(first!.median)).toEqual([2, 2, 2, 2, 2]);
    expect(unpackNumbers(first!.n)).toEqual([3, 3, 3, 3, 3]);
  });
});

describe("values, keys and differences", () => {
  it("list what the runs have, what differs first, and give chosen columns in the order asked", async () => {
    const a = await runWith((step) => step, { points: 3, params: { lr: "0.1", opt: "adam" } });
    const b = await runWith((step) => -step, { points: 3, params: { lr: "0.2", opt: "adam" } });
    const keys = await member.api.compare.keys({ ids: [a, b] });
    expect(keys.metrics).toEqual([{ key: "loss", runs: 2 }]);
    expect(keys.params).toEqual([{ key: "lr", runs: 2, distinct: 2 }, { key: "opt", runs: 2, distinct: 1 }]);
    const columns = [{ kind: "metric" as const, key: "loss" }, { kind: "metric" as const, key: "loss", of: "max" as const }, { kind: "param" as const, key: "lr" }, { kind: "param" as const, key: "opt" }, { kind: "tag" as const, key: "x" }];
    expect(await member.api.compare.values({ ids: [b, a], columns })).toEqual([[-2, 0, 0.2, "adam", null], [2, 2, 0.1, "adam", null]]);
  });

  it("show only rows that differ, hide secrets, and compare code and settings", async () => {
    const a = await runWith(() => 1, { points: 1, params: { lr: "0.1", seed: "1" }, spec: { command: "python a.py", env: { HF_TOKEN: "hush", MODE: "x" }, resources: { gpus: 1 } } });
    const b = await runWith(() => 1, { points: 1, params: { lr: "0.1", seed: "2" }, spec: { command: "python b.py", env: { HF_TOKEN: "other", MODE: "y" }, resources: { gpus: 2 } } });
    const diff = (part: "params" | "code" | "environment" | "spec", all = false) => member.api.compare.diff({ ids: [a, b], part, all });
    expect((await diff("params")).rows).toEqual([{ key: "seed", values: ["1", "2"], differs: true }]);
    expect((await diff("params", true)).rows).toHaveLength(2);
    expect((await diff("code")).rows).toEqual([{ key: "command", values: ["python a.py", "python b.py"], differs: true }]);
    expect((await diff("environment")).rows).toEqual([{ key: "MODE", values: ["x", "y"], differs: true }]);
    expect((await diff("spec")).rows).toEqual([{ key: "resources.gpus", values: ["1", "2"], differs: true }]);
    expect(JSON.stringify(await diff("environment", true))).not.toContain("hush");
  });

  it("compare code and environment as MLflow's clients noted them, where nothing was submitted", async () => {
    const noted = async (tags: Record<string, string>) => {
      const { id } = await world.makeRun({ projectId: world.vision.id, origin: "client" });
      await world.db.insert(runTags).values(Object.entries(tags).map(([key, value]) => ({ runId: id, key, value })));
      return id;
    };
    const a = await noted({ "mlflow.source.name": "train.py", "mlflow.source.git.commit": "aaa", "mlflow.source.git.repoURL": "https://git/x", "mlflow.user": "ada", "mlflow.docker.image.name": "one", note: "x" });
    const b = await noted({ "mlflow.source.name": "train.py", "mlflow.source.git.commit": "bbb", "mlflow.source.git.repoURL": "https://git/x", "mlflow.user": "ada", "mlflow.docker.image.name": "two" });
    const c = await noted({ "mlflow.source.name": "other.py" });
    const diff = async (ids: string[], part: "code" | "environment" | "spec", all = false) => (await member.api.compare.diff({ ids, part, all })).rows.map(({ key, values }) => [key, ...values]);
    expect(await diff([a, b], "code")).toEqual([["code.ref", "aaa", "bbb"]]);
    expect(await diff([a, b], "code", true)).toContainEqual(["code.url", "https://git/x", "https://git/x"]);
    expect(await diff([a, c], "code")).toContainEqual(["code.script", "train.py", "other.py"]);
    expect(await diff([a, b], "environment")).toEqual([["mlflow.docker.image.name", "one", "two"]]);
    expect(await diff([a, b], "environment", true)).toContainEqual(["mlflow.user", "ada", "ada"]);
    expect(await diff([a, b], "spec", true)).toEqual([]);
  });
});

describe("runs that may not be seen", () => {
  it("are left out exactly like runs that do not exist", async () => {
    const seen = await runWith(() => 1, { params: { lr: "1" } });
    const hidden = await runWith(() => 2, { projectId: world.speech.id, params: { lr: "2" } });
    const missing = "run_00000000-0000-7000-8000-000000000000";
    const columns = [{ kind: "param" as const, key: "lr" }];
    for (const ask of [
      (id: string) => member.api.compare.runs({ ids: [seen, id] }), (id: string) => member.api.compare.keys({ ids: [seen, id] }), (id: string) => member.api.compare.series({ ids: [seen, id], key: "loss" }),
      (id: string) => member.api.compare.values({ ids: [seen, id], columns }), (id: string) => member.api.compare.diff({ ids: [seen, id], part: "params", all: true }), (id: string) => member.api.compare.runs({ ids: [id] }),
    ]) expect(await ask(hidden)).toEqual(await ask(missing));
    expect((await member.api.compare.runs({ ids: [hidden, seen] })).map(({ id }) => id)).toEqual([seen]);
  });
});
