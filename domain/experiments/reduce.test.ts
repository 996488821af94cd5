import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketsForOutlines, CELL, CHAPTER_CELLS, outlineOf } from "./outline.ts";
import { addPoints, type Bucket, Reducer } from "./reduce.ts";

const point = fc.record({ step: fc.integer({ min: 0, max: 5000 }), time: fc.integer({ min: 0, max: 1000 }), value: fc.oneof(fc.double({ min: -10, max: 10, noNaN: true }), fc.constantFrom(Number.NaN, Infinity, -Infinity)) });

function reduce(points: { step: number; time: number; value: number }[], buckets: number, cuts: number[] = []) {
  const reducer = new Reducer({ from: 0, to: 5000 }, buckets);
  const ends = [...cuts.map((cut) => cut % (points.length + 1)), points.length].sort((a, b) => a - b);
  let from = 0;
  for (const to of ends) {
    const some = points.slice(from, to);
    reducer.add(some.map(({ step }) => step), some.map(({ time }) => time), some.map(({ value }) => value));
    from = to;
  }
  return reducer.buckets();
}

describe("a reduced chart", () => {
  it("never loses a spike of one point, wherever it is and however few buckets there are", () => {
    fc.assert(fc.property(fc.array(point, { minLength: 1, maxLength: 300 }), fc.integer({ min: 0, max: 5000 }), fc.boolean(), fc.integer({ min: 1, max: 1000 }), (points, step, up, buckets) => {
      const spike = up ? 1e6 : -1e6;
      const found = reduce([...points, { step, time: 0, value: spike }], buckets);
      expect(up ? Math.max(...found.map(({ max }) => max ?? -Infinity)) : Math.min(...found.map(({ min }) => min ?? Infinity))).toBe(spike);
    }));
  });

  it("counts every point once, in no more buckets than were asked for", () => {
    fc.assert(fc.property(fc.array(point, { maxLength: 300 }), fc.integer({ min: 1, max: 1000 }), (points, buckets) => {
      const found = reduce(points, buckets);
      expect(found.length).toBeLessThanOrEqual(buckets);
      expect(found.reduce((sum, { total }) => sum + total, 0)).toBe(points.length);
      expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(points.filter(({ value }) => Number.isFinite(value)).length);
    }));
  });

  it("is the same however the points were cut into batches", () => {
    fc.assert(fc.property(fc.array(point, { maxLength: 200 }), fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(), { maxLength: 5 }), (points, buckets, cuts) => {
      expect(reduce(points, buckets, cuts)).toEqual(reduce(points, buckets));
    }));
  });
});

describe("a chart reduced from outlines", () => {
  const gap = fc.record({ step: fc.nat(3), time: fc.nat(500), value: fc.double({ min: -10, max: 10, noNaN: true }) });
  const course = fc.array(gap, { minLength: 1, maxLength: 40 }).chain((pattern) => fc.integer({ min: 1, max: 20 * CELL }).map((length) => {
    let [step, time] = [0, 1_700_000_000_000];
    const points = Array.from({ length }, (_, at) => {
      const next = pattern[at % pattern.length]!;
      return { step: (step += next.step), time: (time += next.time), value: next.value + at / length };
    });
    return { steps: Float64Array.from(points, (one) => one.step), times: Float64Array.from(points, (one) => one.time), values: Float64Array.from(points, (one) => one.value) };
  }));
  const sum = (buckets: Bucket[], of: "count" | "total") => buckets.reduce((all, bucket) => all + bucket[of], 0);

  it("holds every point once: a spike of one stays the greatest of its bucket, and the last value the last", () => {
    fc.assert(fc.property(course, fc.nat(), fc.integer({ min: 1, max: 300 }), fc.constantFrom("step" as const, "time" as const), fc.constantFrom(...CHAPTER_CELLS), (points, place, buckets, axis, cell) => {
      points.values[place % points.values.length] = 1e6;
      const x = axis === "step" ? points.steps : points.times;
      const reducer = new Reducer({ from: x[0]!, to: x.at(-1)! }, buckets);
      addPoints(reducer, outlineOf(points, cell)!, axis);
      const found = reducer.buckets();
      expect(Math.max(...found.map(({ max }) => max!))).toBe(1e6);
      expect([sum(found, "total"), sum(found, "count")]).toEqual([points.values.length, points.values.length]);
      expect([found.at(-1)!.last, found.at(-1)!.x]).toEqual([points.values.at(-1), x.at(-1)]);
    }));
  });

  it("is that of the points themselves where cells end with buckets", () => {
    const count = 64 * CELL;
    const points = { steps: Float64Array.from({ length: count }, (_, at) => at), times: Float64Array.from({ length: count }, (_, at) => 5000 + at * 10), values: Float64Array.from({ length: count }, (_, at) => Math.sin(at * at)) };
    const of = (batch: Parameters<typeof addPoints>[1], axis: "step" | "time", since: number, to: number) => {
      const reducer = new Reducer({ from: 0, to }, 16);
      addPoints(reducer, batch, axis, since);
      return reducer.buckets();
    };
    expect(of(outlineOf(points)!, "step", 0, count - 1)).toEqual(of(points, "step", 0, count - 1));
    expect(of(outlineOf(points)!, "time", 5000, count * 10 - 1)).toEqual(of(points, "time", 5000, count * 10 - 1));
  });

  it("leaves out cells beyond the range, and holds those whole that reach into it", () => {
    const points = { steps: Float64Array.from({ length: 8 * CELL }, (_, at) => at), times: new Float64Array(8 * CELL), values: new Float64Array(8 * CELL).fill(1) };
    const reducer = new Reducer({ from: 2 * CELL + 5, to: 5 * CELL + 5 }, 2);
    addPoints(reducer, outlineOf(points)!, "step");
    expect([sum(reducer.buckets(), "total"), reducer.buckets().at(-1)!.x]).toEqual([4 * CELL, 5 * CELL + 5]);
  });

  it("has fewer buckets, down to a third, where long courses would not do with outlines otherwise", () => {
    const courses = Array.from({ length: 20 }, () => ({ count: 1_000_000, low: 0, high: 1_000_000 }));
    expect(bucketsForOutlines(1000, { from: 0, to: 1_000_000 }, courses)).toBe(1000);
    const half = bucketsForOutlines(1000, { from: 250_000, to: 750_000 }, courses);
    expect([half > 500, (500_000 / half) * (1 / 3) > CELL]).toEqual([true, true]);
    expect(bucketsForOutlines(1000, { from: 500_000, to: 600_000 }, courses)).toBe(1000);
    expect(bucketsForOutlines(1000, { from: 250_000, to: 750_000 }, courses.slice(0, 1))).toBe(1000);
    expect(bucketsForOutlines(1000, { from: 0, to: 10 }, [])).toBe(1000);
  });

  it("needs points that are finite and in order", () => {
    const made = (steps: number[], times: number[], values: number[]) => outlineOf({ steps: Float64Array.from(steps), times: Float64Array.from(times), values: Float64Array.from(values) });
    expect(made([1, 1, 2], [5, 5, 5], [0, 1, 2])).toMatchObject({ points: 3, mins: Float64Array.of(0), maxs: Float64Array.of(2), lasts: Float64Array.of(2) });
    expect(made([1, 0], [5, 6], [0, 1])).toBeNull();
    expect(made([0, 1], [6, 5], [0, 1])).toBeNull();
    expect(made([0, 1], [5, 6], [0, Number.NaN])).toBeNull();
    expect(made([], [], [])).toBeNull();
    expect(outlineOf({ steps: BigInt64Array.of(1n, 2n), times: Float64Array.of(1, 2), values: Float64Array.of(1, 2) })).toBeNull();
  });
});
