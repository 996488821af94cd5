import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { telemetry } from "../../db/schema/clusters.ts";
import { type TestWorld, testWorld } from "../experiments/testing.ts";

let world: TestWorld;
let clusterId: string;
beforeAll(async () => {
  world = await testWorld();
  clusterId = (await world.makeCluster(world.org.id, "measured")).id;
});
afterAll(() => world.close());

const START = Math.floor(Date.now() / 1000) * 1000 - 900_000;
let named = 0;

interface Sample {
  time: number;
  value: number;
}

async function store(node: string, key: string, batches: Sample[][]): Promise<void> {
  const rows = batches.filter((batch) => batch.length > 0).map((batch) => ({ clusterId, subject: "node" as const, subjectId: node, key, at: new Date(batch[0]!.time), times: batch.map(({ time }) => time), values: batch.map(({ value }) => value) }));
  if (rows.length > 0) await world.db.insert(telemetry).values(rows);
}

/** The same, point by point. */
function naive(samples: Sample[], from: number, to: number, buckets: number) {
  const count = Math.min(buckets, to - from); // never more buckets than milliseconds
  const found = Map.groupBy(samples.filter(({ time }) => time >= from && time < to), ({ time }) => Math.floor(((time - from) * count) / (to - from)));
  return [...found.entries()].sort(([a], [b]) => a - b).map(([, points]) => {
    const last = points.reduce((best, point) => (point.time > best.time || (point.time === best.time && point.value > best.value) ? point : best));
    return { x: last.time, last: last.value, min: Math.min(...points.map(({ value }) => value)), max: Math.max(...points.map(({ value }) => value)), count: points.length };
  });
}

describe("telemetry of a node", () => {
  it("is reduced as if point by point, whatever the batches, range and buckets", async () => {
    const batch = fc.array(fc.record({ time: fc.integer({ min: START, max: START + 600_000 }), value: fc.double({ min: 0, max: 1e6, noNaN: true }) }), { maxLength: 12 }).map((samples) => samples.toSorted((a, b) => a.time - b.time));
    const range = fc.tuple(fc.integer({ min: START - 10_000, max: START + 610_000 }), fc.integer({ min: 1, max: 620_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 6 }), range, fc.integer({ min: 1, max: 1000 }), async (batches, [from, span], buckets) => {
        const node = `n${named++}`;
        await store(node, "cpu", batches);
        await store(node, "memory", [[{ time: START, value: -1 }]]); // must not leak into another key
        const [series] = await world.owner.api.clusters.telemetry({ id: clusterId, subject: "node", subjectId: node, keys: ["cpu"], from, to: from + span, buckets });
        const expected = naive(batches.flat(), from, from + span, buckets);
        expect(series!.points).toEqual(expected);
        expect(series!.points.length).toBeLessThanOrEqual(buckets);
        expect(series!.total).toBe(expected.reduce((total, point) => total + point.count, 0));
      }),
      { numRuns: 60 },
    );
  });

  it("keeps a gap a gap: a bucket without samples has no point", async () => {
    await store("gappy", "cpu", [[{ time: START, value: 1 }], [{ time: START + 90_000, value: 2 }]]);
    const [series] = await world.owner.api.clusters.telemetry({ id: clusterId, subject: "node", subjectId: "gappy", keys: ["cpu"], from: START, to: START + 100_000, buckets: 10 });
    expect(series!.points.map(({ x }) => x)).toEqual([START, START + 90_000]);
  });

  it("answers every key that was asked for, also those never measured", async () => {
    const found = await world.owner.api.clusters.telemetry({ id: clusterId, subject: "accelerator", subjectId: "nowhere/0", keys: ["gpu", "power"], from: START, to: START + 1000 });
    expect(found.map(({ key, points }) => ({ key, points }))).toEqual([{ key: "gpu", points: [] }, { key: "power", points: [] }]);
  });

  it.each([
    { says: "a range that ends before it begins", from: 10, to: 5, field: "to" },
    { says: "a range of more than 31 days", from: 0, to: 40 * 86_400_000, field: "to" },
  ])("refuses $says, by field", async ({ from, to, field }) => {
    const ask = world.owner.api.clusters.telemetry({ id: clusterId, subject: "node", subjectId: "n", keys: ["cpu"], from, to });
    await expect(ask).rejects.toMatchObject({ code: "BAD_REQUEST", cause: { issues: [{ path: [field] }] } });
  });
});
