import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketsFor, bucketX, type BucketValue, digitsFor, fitLines, gridOf, MAX_CHART_BYTES, packLine, unpackLine } from "./buckets.ts";

const lineOf = (count: number, at = (bucket: number) => Math.sin(bucket) * 1000 + 0.123456): BucketValue[] =>
  Array.from({ length: count }, (_, bucket) => ({ bucket, last: at(bucket), min: at(bucket) - 1, max: at(bucket) + 1 }));

describe("a chart's answer", () => {
  it.each([1, 6, 20, 100])("stays within its bytes for %i runs with a thousand buckets each", (runs) => {
    const grid = gridOf(0, 99_999, 1000, true);
    const { lines } = fitLines(grid, Array.from({ length: runs }, () => lineOf(1000)));
    expect(JSON.stringify(lines).length).toBeLessThan(MAX_CHART_BYTES * 1.05);
    expect(unpackLine(lines[0]!).length).toBeGreaterThan(70);
  });

  it("keeps all buckets when there is room", () => {
    const { grid, lines } = fitLines(gridOf(0, 999, 1000, true), [lineOf(1000)]);
    expect(grid.count).toBe(1000);
    expect(unpackLine(lines[0]!)).toHaveLength(1000);
  });

  it("asks for fewer buckets the more runs there are, and never for more than a thousand", () => {
    expect([1, 10, 50, 100].map((runs) => bucketsFor(runs))).toEqual([1000, 1000, 435, 210]);
    expect([1, 20, 100].map((runs) => bucketsFor(runs, 1000, true))).toEqual([1000, 444, 84]);
  });

  it("never loses a spike of one bucket, however much it has to merge", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 60 }), (place, runs) => {
        const other = lineOf(1000);
        const spiked = lineOf(1000).map((one) => (one.bucket === place ? { ...one, max: 1e6 } : one));
        const { grid, lines } = fitLines(gridOf(0, 999, 1000, true), [spiked, ...Array.from({ length: runs }, () => other)]);
        const found = unpackLine(lines[0]!).filter(({ max }) => max === 1e6);
        expect(found).toHaveLength(1);
        const width = 1000 / grid.count;
        expect(Math.abs(bucketX(grid, found[0]!.bucket) - place)).toBeLessThanOrEqual(width + 1);
      }),
      { numRuns: 20 },
    );
  });

  it("gives each step its own bucket where the steps are few", () => {
    const grid = gridOf(10, 14, 1000, true);
    expect(grid.count).toBe(5);
    expect([0, 4].map((bucket) => bucketX(grid, bucket))).toEqual([10, 14]);
  });
});

describe("numbers of a chart", () => {
  it("come back as they went, to the digits that the chart can show", () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), value), { minLength: 1, maxLength: 50 }), (made) => {
        let bucket = 0;
        const buckets = made.map(([step, last]) => ({ bucket: (bucket += step), last, min: last, max: last }));
        const back = unpackLine(packLine(buckets, 6));
        expect(back.map((one) => one.bucket)).toEqual(buckets.map((one) => one.bucket));
        back.forEach((one, at) => expect(Math.abs(one.last - buckets[at]!.last)).toBeLessThanOrEqual(Math.abs(buckets[at]!.last) * 1e-5));
      }),
    );
  });

  it("have more digits where the chart spans little of what they are", () => {
    expect(digitsFor(0, 1)).toBe(4);
    expect(digitsFor(1000.1, 1000.2)).toBe(8);
    expect(digitsFor(5, 5)).toBe(7);
  });
});
