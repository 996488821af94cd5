import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { statementOf } from "../../../db/statement.ts";
import { gridOf } from "../../../domain/experiments/compare/buckets.ts";
import { appendPoints } from "../commands/metric-store.ts";
import { storedForChart, wholeForChart } from "../queries/chart-batches.ts";
import { type TestWorld, testWorld } from "../testing.ts";
import { ReducerPool } from "./pool.ts";
import { type Source, reduce } from "./reduce.ts";
import type { TaskOf } from "./reductions.ts";

const POINTS = 5000;
const grid = gridOf(0, POINTS - 1, 100, true);
const lines: TaskOf<"runs"> = { kind: "runs", x: "step", grid };

describe("charts that are read and reduced in threads", () => {
  let world: TestWorld;
  let pool: ReducerPool;
  /** Runs, each with a packed batch and with two rows of arrays. */
  let [a, b, c] = ["", "", ""];
  beforeAll(async () => {
    world = await testWorld();
    pool = new ReducerPool(2, world.url);
    [a, b, c] = [await newRun(1), await newRun(2), await newRun(3)];
  });
  afterAll(async () => {
    await pool.close();
    await world.close();
  });

  async function newRun(seed: number): Promise<string> {
    const { id: runId } = await world.makeRun({});
    const of = { runId, attemptId: null, key: "m" };
    const all = Array.from({ length: POINTS }, (_, at) => at);
    await world.sql.begin((tx) => appendPoints(tx, [{ ...of, steps: all, times: all.map((at) => at * 1000), values: all.map((at) => Math.sin(at * seed)) }]));
    await world.sql.begin((tx) => appendPoints(tx, [{ ...of, steps: [4999], times: [9_000_000], values: [Number.NaN] }]));
    await world.sql.begin((tx) => appendPoints(tx, [{ ...of, steps: [4999], times: [9_000_001], values: [42] }]));
    return runId;
  }
  const source = (ids: string[], x: "step" | "time" | "metric" = "step", orgId = world.org.id): Source => ({
    db: world.tenant(orgId).db,
    orgId,
    readings: ids.map((id) => {
      const of = { key: "m", runs: [{ id, since: 0 }] };
      return { lines: [{ id, run: id, began: 0 }], points: x === "metric" ? wholeForChart(of) : storedForChart(x, x === "step" ? grid : gridOf(0, 9_000_001, 50, true), of), across: x === "metric" ? wholeForChart(of) : null };
    }),
  });
  const readings = ({ readings: all }: Source) => all.map(({ lines: own, points, across }) => ({ lines: own, points: statementOf(points), across: across && statementOf(across) }));
  const inThread = <K extends "runs" | "groups" | "metrics">(task: TaskOf<K>, from: Source) => pool.reduce(task, from.orgId, readings(from));

  it("are what they are without any, several at once", async () => {
    const groups: TaskOf<"groups"> = { kind: "groups", x: "relative", grid: gridOf(0, 9_000_001, 50, true), groupOf: new Map([[a, "x"], [b, "x"], [c, "y"]]) };
    const other: TaskOf<"runs"> = { kind: "runs", x: "metric:m", grid: gridOf(-1, 1, 10, false) };
    const metrics: TaskOf<"metrics"> = { kind: "metrics", byStep: true, range: { from: 0, to: POINTS }, buckets: 10 };
    const of = (run: <K extends "runs" | "groups" | "metrics">(task: TaskOf<K>, from: Source) => Promise<unknown>) =>
      Promise.all([run(lines, source([a, b, c])), run(groups, source([a, b, c], "time")), run(other, source([a], "metric")), run(metrics, source([a, b, c])), run(lines, source([]))]);
    expect(await of(inThread)).toEqual(await of(reduce));
    expect((await inThread(lines, source([a, b, c]))).lines.map(({ id, nonFinite }) => [id, nonFinite])).toEqual([[a, 1], [b, 1], [c, 1]]);
  });

  it("hold nothing of another organization's, whoever asked on the same connection before", async () => {
    const other = await world.makeOrg("other");
    for (let time = 0; time < 6; time += 1) {
      const [own, foreign] = await Promise.all([inThread(lines, source([a])), inThread(lines, source([a], "step", other.id))]);
      expect([own.lines.length, foreign.lines.length]).toEqual([1, 0]);
    }
  });

  it("fail alone where a batch cannot be read, or the database fails", async () => {
    const bad = await newRun(4);
    await world.sql`update metric_batches set body = ${Buffer.from([9])} where run_id = ${bad} and body is not null`;
    await expect(inThread(lines, source([a, bad, b]))).rejects.toThrow("Unknown version 9 of a metric batch");
    const none = statementOf(sql`select 1 from no_such_table`);
    await expect(pool.reduce(lines, world.org.id, [{ lines: [], points: none, across: null }])).rejects.toThrow("no_such_table");
    expect((await inThread(lines, source([a]))).lines).toHaveLength(1);
  });

  it("fail with their thread, and the next has a new one", async () => {
    const said = inThread(lines, source(Array.from({ length: 50 }, () => a))).then(() => "an answer", (error: Error) => error.message);
    await pool.close();
    expect(await said).toBe("The thread that reduced a chart ended.");
    expect((await inThread(lines, source([a]))).lines).toHaveLength(1);
  });
});
