import fc from "fast-check";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../db/schema/columns.ts";
import { accelerators, nodes } from "../../db/schema/clusters.ts";
import { runs } from "../../db/schema/experiments.ts";
import type { Series } from "../../domain/experiments/run-view.ts";
import { CELL_OF_BUCKET } from "../../domain/experiments/outline.ts";
import { ingestTelemetry } from "../clusters/commands/telemetry-ingest.ts";
import { ingestMetrics } from "./commands/metric-ingest.ts";
import { compactMetrics } from "./jobs/compaction.ts";
import { type TestWorld, testWorld } from "./testing.ts";

let world: TestWorld;
let clusterId: string;
beforeAll(async () => {
  world = await testWorld();
  clusterId = (await world.makeCluster(world.org.id, "box")).id;
});
afterAll(() => world.close());

interface Point {
  step: number;
  time: number;
  value: number;
}
const BEGAN = 1_700_000_000_000;

/** A run with these points of `loss`, in batches of `size`. */
async function writePoints(points: Point[], size = 1000) {
  const run = await world.makeRun({ status: "running", clusterId, startedAt: new Date(BEGAN) });
  const attempt = await world.makeAttempt(run, clusterId, { status: "running", startedAt: new Date(BEGAN) });
  const batches = [];
  for (let at = 0; at < points.length; at += size) {
    const part = points.slice(at, at + size);
    const values = part.map(({ value }) => (Number.isFinite(value) ? value : (String(value) as "NaN" | "Infinity" | "-Infinity")));
    batches.push({ attemptId: attempt.id, fence: String(attempt.fence), from: at, to: at + part.length, series: [{ key: "loss", steps: part.map(({ step }) => step), times: part.map(({ time }) => time), values }] });
  }
  expect((await ingestMetrics(world.sql, clusterId, batches)).stale).toEqual([]);
  return { run, attempt };
}

const read = async (id: string, ask: object): Promise<Series> => (await world.owner.api.experiments.series({ id, keys: ["loss"], ...ask }))[0]!;

/** The same reduction, done point by point. */
function naive(points: Point[], of: (point: Point) => number, from: number, to: number, buckets: number) {
  const inside = points.filter((point) => of(point) >= from && of(point) <= to);
  const finite = inside.filter(({ value }) => Number.isFinite(value));
  const count = Math.max(1, Math.min(buckets, to - from + 1));
  const found = new Map<number, Point[]>();
  for (const point of finite) {
    const bucket = Math.min(count - 1, Math.floor(((of(point) - from) * count) / (to - from + 1)));
    found.set(bucket, [...(found.get(bucket) ?? []), point]);
  }
  const reduced = [...found].sort(([a], [b]) => a - b).map(([, all]) => {
    const last = all.reduce((a, b) => (of(b) > of(a) || (of(b) === of(a) && b.time + b.step >= a.time + a.step) ? b : a));
    return { x: of(last), min: Math.min(...all.map(({ value }) => value)), max: Math.max(...all.map(({ value }) => value)), last: last.value, count: all.length };
  });
  return { points: reduced, total: inside.length, nonFinite: inside.length - finite.length };
}

const value = fc.oneof({ weight: 8, arbitrary: fc.double({ min: -1000, max: 1000, noNaN: true, noDefaultInfinity: true }).map((n) => n + 0) }, { weight: 1, arbitrary: fc.constantFrom(1e9, -1e9) }, { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity) });
const history = fc
  .array(fc.tuple(fc.oneof(fc.nat(300), fc.nat(1_000_000)), fc.integer({ min: 1, max: 5000 }), value), { minLength: 1, maxLength: 400 })
  .map((steps) => {
    let time = BEGAN;
    return steps.map(([step, after, value]): Point => ({ step, time: (time += after), value }));
  });

describe("a series", () => {
  it("is what a computation point by point gives: no extreme is lost, every count is exact", async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 150 }), fc.constantFrom("step" as const, "time" as const), async (points, buckets, size, x) => {
        const { run } = await writePoints(points, size);
        const of = (point: Point) => point[x];
        const all = points.map(of);
        const expected = naive(points, of, Math.min(...all), Math.max(...all), buckets);
        expect(await read(run.id, { x, buckets })).toEqual({ key: "loss", ...expected });
        expect(expected.points.length).toBeLessThanOrEqual(buckets);
        const [from, to] = [Math.min(...all) + 3, Math.max(...all) - 2];
        if (from <= to) expect(await read(run.id, { x, buckets, from, to })).toEqual({ key: "loss", ...naive(points, of, from, to, buckets) });
      }),
      { numRuns: 40 },
    );
  });

  it("keeps a spike of one point among half a million", async () => {
    const points = Array.from({ length: 500_000 }, (_, step): Point => ({ step, time: BEGAN + step, value: step === 123_456 ? 1e6 : 1 }));
    const { run } = await writePoints(points, 10_000);
    const series = await read(run.id, { buckets: 500 });
    expect(series.points).toHaveLength(500);
    expect(series.points.filter(({ max }) => max === 1e6)).toHaveLength(1);
    expect(series).toMatchObject({ total: 500_000, nonFinite: 0 });
    const zoomed = await read(run.id, { from: 123_400, to: 123_499, buckets: 500 });
    expect(zoomed.points).toHaveLength(100); // every step its own point
    expect(zoomed.points.find(({ x }) => x === 123_456)).toEqual({ x: 123_456, min: 1e6, max: 1e6, last: 1e6, count: 1 });
  });

  it("is read from outlines once it is settled, where its buckets are wide: nothing is lost, and up close it is every point", async () => {
    const points = Array.from({ length: 200_000 }, (_, step): Point => ({ step, time: BEGAN + step * 7, value: step === 123_456 ? 1e6 : step % 1000 }));
    const { run } = await writePoints(points, 10_000);
    const asks = [{ buckets: 100 }, { buckets: 100, x: "relative" }, { buckets: 100, x: "time" }, { buckets: 5, from: 50_000, to: 150_000 }];
    const before = await Promise.all(asks.map((ask) => read(run.id, ask)));
    await compactMetrics(world.sql, Date.now() + 60_000, 0);
    const [chapter] = await world.sql<{ id: string }[]>`select id from metric_chapters where run_id = ${run.id}`;
    const [last] = await world.sql<{ id: string }[]>`select id from metric_batches where chapter = ${chapter!.id} order by id desc limit 1`;
    await world.sql`update metric_batches set body = ${Buffer.from([9])}, outline = case when chapter is null then outline else ${Buffer.from([9])} end where run_id = ${run.id} and not (100000 between min_step and max_step)`; // whoever reads it now fails
    const after = await Promise.all(asks.map((ask) => read(run.id, ask)));
    for (const [at, { points: found, ...rest }] of after.slice(0, 3).entries()) {
      expect(rest).toEqual({ key: "loss", total: 200_000, nonFinite: 0 });
      expect(found.map(({ min, max }) => [min, max])).toEqual(before[at]!.points.map(({ min, max }) => [min, max]));
      expect(found.at(-1)).toMatchObject({ x: before[at]!.points.at(-1)!.x, last: before[at]!.points.at(-1)!.last });
    }
    expect(after[3]!.points.map(({ max }) => max)).toEqual(before[3]!.points.map(({ max }) => max));
    expect(Math.abs(after[3]!.total - before[3]!.total)).toBeLessThan(2 * CELL_OF_BUCKET * 20_000);
    expect((await read(run.id, { from: 100_000, to: 100_099, buckets: 500 })).points).toHaveLength(100);
    await expect(read(run.id, { from: 50_000, to: 50_099, buckets: 500 })).rejects.toThrow("The server failed");
    // One that was committed late lies between those of the chapter, and is in none.
    await world.sql`insert into metric_batches (run_id, key, id, min_step, max_step, steps, times, "values") values (${run.id}, 'loss', ${`${last!.id.slice(0, -1)}!`}, 777, 777, '{777}', ${`{${BEGAN + 777}}`}, '{-5}')`;
    const late = await read(run.id, { buckets: 100 });
    expect([late.total, late.points[0]!.min]).toEqual([200_001, -5]);
  });

  it("leaves a gap where there was nothing, or only what is not finite", async () => {
    const { run } = await writePoints([{ step: 0, time: BEGAN, value: 1 }, { step: 500, time: BEGAN + 1, value: Number.NaN }, { step: 1000, time: BEGAN + 2, value: 2 }]);
    expect(await read(run.id, { buckets: 10 })).toEqual({ key: "loss", total: 3, nonFinite: 1, points: [{ x: 0, min: 1, max: 1, last: 1, count: 1 }, { x: 1000, min: 2, max: 2, last: 2, count: 1 }] });
  });

  it("counts relative seconds from the start of the run's first process", async () => {
    const { run } = await writePoints([{ step: 1, time: BEGAN + 1500, value: 1 }, { step: 2, time: BEGAN + 4000, value: 2 }]);
    expect((await read(run.id, { x: "relative" })).points.map(({ x }) => x)).toEqual([1.5, 4]);
    expect((await read(run.id, { x: "relative", from: 2, to: 5 })).points.map(({ x }) => x)).toEqual([4]);
  });

  it("is empty for a key that nothing was written to, and lists those that have something", async () => {
    const { run } = await writePoints([{ step: 1, time: BEGAN, value: 0.25 }]);
    expect(await world.owner.api.experiments.series({ id: run.id, keys: ["nothing"] })).toEqual([{ key: "nothing", points: [], nonFinite: 0, total: 0 }]);
    expect(await world.owner.api.experiments.metricKeys({ id: run.id })).toEqual([{ key: "loss", count: 1, min: 0.25, max: 0.25, last: 0.25, lastStep: 1 }]);
  });
});

describe("the system series", () => {
  it("show the attempt's own use and its accelerators, only while it had them", async () => {
    const run = await world.makeRun({ status: "running", clusterId });
    const start = Date.now() - 60_000;
    const attempt = await world.makeAttempt(run, clusterId, { status: "running", nodeNames: ["node-1"], acceleratorIndexes: [1], startedAt: new Date(start) });
    await world.db.update(runs).set({ startedAt: new Date(start) }).where(eq(runs.id, run.id));
    const times = [start - 5000, start + 1000, start + 2000];
    const sample = (subject: "attempt" | "accelerator", id: string, key: "cpu" | "gpu", values: number[]) => ({ subject, id, key, times, values });
    const samples = [sample("attempt", attempt.id, "cpu", [9, 1, 2]), sample("accelerator", "node-1/1", "gpu", [99, 50, 60]), sample("accelerator", "node-1/0", "gpu", [7, 7, 7])];
    await ingestTelemetry(world.sql, { orgId: world.org.id, clusterId, session: null }, { samples, events: [] }, Date.now());
    const found = await world.owner.api.experiments.systemSeries({ id: run.id, buckets: 1000 });
    expect(found.map(({ key, unit, series }) => [key, unit, series.points.map(({ x, last }) => [x, last])])).toEqual([
      ["cpu", "cores", [[1, 1], [2, 2]]],
      ["gpu node-1/1", "%", [[1, 50], [2, 60]]],
    ]);
  });

  it.each([
    { says: "show each accelerator of the nodes that the attempt has whole", perNode: 2, expected: { "node-1/0": [10, 10, 10], "node-1/1": [11, 11, 11], "node-2/0": [20, 20, 20], "node-2/1": [21, 21, 21] } },
    { says: "show the mean of very many, between the least and the greatest", perNode: 33, expected: { "mean of all": [31, 10, 52] } },
  ])("$says", async ({ perNode, expected }) => {
    const fleet = await world.makeCluster(world.org.id, `fleet-${perNode}`, { gpus: perNode });
    const node = { id: newId("node"), orgId: world.org.id, clusterId: fleet.id, name: "node-2", cpus: 8, memoryMib: 1, diskMib: 1, state: "up" as const, seenAt: new Date() };
    await world.db.insert(nodes).values(node);
    await world.db.insert(accelerators).values(Array.from({ length: perNode }, (_, index) => ({ orgId: world.org.id, clusterId: fleet.id, nodeId: node.id, index, uuid: `b${index}`, model: "H100", memoryMib: 1, health: "ok" as const })));
    const start = Date.now() - 60_000;
    const run = await world.makeRun({ status: "running", clusterId: fleet.id, startedAt: new Date(start) });
    await world.makeAttempt(run, fleet.id, { status: "running", nodeNames: ["node-1", "node-2"], nodes: 2, gpus: perNode, startedAt: new Date(start) });
    const samples = [1, 2].flatMap((at) => Array.from({ length: perNode }, (_, index) => ({ subject: "accelerator" as const, id: `node-${at}/${index}`, key: "gpu" as const, times: [start + 1000], values: [at * 10 + index] })));
    await ingestTelemetry(world.sql, { orgId: world.org.id, clusterId: fleet.id, session: null }, { samples, events: [] }, Date.now());
    const found = await world.owner.api.experiments.systemSeries({ id: run.id, buckets: 1000 });
    expect(Object.fromEntries(found.map(({ key, series }) => [key.slice("gpu ".length), series.points.flatMap(({ last, min, max }) => [last, min, max])]))).toEqual(expected);
  });
});
