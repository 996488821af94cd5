import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Reducer } from "./reduce.ts";

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
