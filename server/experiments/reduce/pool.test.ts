import { afterAll, describe, expect, it } from "vitest";
import { gridOf } from "../../../domain/experiments/compare/buckets.ts";
import { encode } from "../metrics/codec.ts";
import { ReducerPool } from "./pool.ts";
import { reduce } from "./reduce.ts";
import type { Part, TaskOf } from "./reductions.ts";

const pool = new ReducerPool(2);
afterAll(() => pool.close());

const POINTS = 5000;
const grid = gridOf(0, POINTS - 1, 100, true);
const packed = (seed: number) => encode({ steps: Float64Array.from({ length: POINTS }, (_, at) => at), times: Float64Array.from({ length: POINTS }, (_, at) => at * 1000), values: Float64Array.from({ length: POINTS }, (_, at) => Math.sin(at * seed)) }, 1);
const inBytes = (body: Buffer): Part["points"][number] => ({ steps: null, times: null, values: null, packed: body.toString("base64"), outlined: false });
/** Packed, and as arrays in text. */
const rows = (seed: number): Part["points"] => [
  inBytes(packed(seed)),
  { steps: "{4999}", times: "{9000000}", values: "{NaN}", packed: null, outlined: false },
  { steps: "{4999}", times: "{9000001}", values: "{42}", packed: null, outlined: false },
];
const part = (id: string, seed: number): Part => ({ id, began: 0, points: rows(seed), across: null });
const lines: TaskOf<"runs"> = { kind: "runs", x: "step", grid };
const feed = (parts: Part[]) => async (add: (parts: Part[]) => Promise<void>) => {
  for (const one of parts) await add([one]);
};

describe("charts that are reduced in threads", () => {
  it("are what they are without any, several at once", async () => {
    const parts = [part("a", 1), part("b", 2), part("c", 3)];
    const groups: TaskOf<"groups"> = { kind: "groups", x: "relative", grid: gridOf(0, 5_000_000, 50, true), groupOf: new Map([["a", "x"], ["b", "x"], ["c", "y"]]) };
    const across: Part[] = [{ ...part("a", 1), across: rows(2) }];
    const other: TaskOf<"runs"> = { kind: "runs", x: "metric:b", grid: gridOf(-1, 1, 10, false) };
    const metrics: TaskOf<"metrics"> = { kind: "metrics", byStep: true, range: { from: 0, to: POINTS }, buckets: 10 };
    const there = await Promise.all([pool.reduce(lines, feed(parts)), pool.reduce(groups, feed(parts)), pool.reduce(other, feed(across)), pool.reduce(metrics, feed(parts)), pool.reduce(lines, feed([]))]);
    const here = await Promise.all([reduce(lines, feed(parts)), reduce(groups, feed(parts)), reduce(other, feed(across)), reduce(metrics, feed(parts)), reduce(lines, feed([]))]);
    expect(there).toEqual(here);
    expect(here[0].lines.map(({ id, nonFinite }) => [id, nonFinite])).toEqual([["a", 1], ["b", 1], ["c", 1]]);
  });

  it("fail alone where a batch cannot be read, or the database fails", async () => {
    const bad = { ...part("bad", 1), points: [inBytes(Buffer.from([9]))] };
    await expect(pool.reduce(lines, feed([part("a", 1), bad, part("b", 1)]))).rejects.toThrow("Unknown version 9 of a metric batch");
    await expect(pool.reduce(lines, () => Promise.reject(new Error("connection lost")))).rejects.toThrow("connection lost");
    expect((await pool.reduce(lines, feed([part("a", 1)]))).lines).toHaveLength(1);
  });

  it("fail with their thread, and the next has a new one", async () => {
    const ended = pool.reduce(lines, async (add) => {
      await add([part("a", 1)]);
      await pool.close();
      await add([part("b", 1)]);
    });
    await expect(ended).rejects.toThrow("The thread that reduced a chart ended.");
    expect((await pool.reduce(lines, feed([part("a", 1)]))).lines).toHaveLength(1);
  });
});
