import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gridOf, type PackedLine, unpackLine, unpackNumbers } from "./buckets.ts";
import { GroupLines, RunLines, type RunPoints } from "./reduction.ts";

const grid = gridOf(0, 99, 20, true);
const value = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -1000, max: 1000 }) }, { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity) });
/** A run that logs every `every` steps from `first` on, so that no two need to share a step. */
const aRun = fc.record({ first: fc.integer({ min: 0, max: 60 }), every: fc.integer({ min: 1, max: 30 }), values: fc.array(value, { minLength: 1, maxLength: 40 }), group: fc.constantFrom("a", "b") });
type ARun = typeof aRun extends fc.Arbitrary<infer T> ? T : never;

const pointsOf = ({ first, every, values }: ARun) => values.map((one, at) => ({ step: first + at * every, value: one })).filter(({ step }) => step <= 99);
function runOf(run: ARun, at: number): RunPoints {
  const points = pointsOf(run);
  return { id: `run ${at}`, began: 0, across: null, points: [{ steps: points.map(({ step }) => step), times: points.map(({ step }) => step * 1000), values: points.map((one) => one.value) }] };
}
const finite = (run: ARun) => pointsOf(run).filter((one) => Number.isFinite(one.value)).map((one) => ({ bucket: Math.floor(one.step / 5), value: one.value }));

/** What a run is at a bucket: its last value in it, or the place on the line between its neighbours; nothing beyond its ends. */
function at(run: ARun, bucket: number): number | null {
  const own = finite(run);
  const before = own.findLast((one) => one.bucket <= bucket);
  const after = own.find((one) => one.bucket > bucket);
  if (!before) return null;
  if (before.bucket === bucket) return before.value;
  const last = own.findLast((one) => one.bucket === after?.bucket);
  return after && last ? before.value + ((last.value - before.value) * (bucket - before.bucket)) / (after.bucket - before.bucket) : null;
}

function grouped(runs: readonly ARun[], order: (runs: RunPoints[]) => RunPoints[] = (same) => same) {
  const lines = new GroupLines("step", grid, new Map(runs.map((run, place) => [`run ${place}`, run.group])));
  for (const run of order(runs.map(runOf))) lines.add(run);
  return lines.finish().groups;
}

describe("lines of groups", () => {
  it("are the mean, least and number of all runs that are under way at a bucket, whatever their steps and with NaN and infinities among them", () => {
    fc.assert(fc.property(fc.array(aRun, { minLength: 1, maxLength: 12 }), (runs) => {
      const groups = grouped(runs);
      for (const group of groups) {
        const own = runs.filter((run) => run.group === group.id);
        const counts = unpackNumbers(group.n);
        const medians = unpackNumbers(group.median);
        unpackLine(group).forEach(({ bucket, last, min, max }, place) => {
          const values = own.map((run) => at(run, bucket)).filter((one) => one !== null).sort((a, b) => a - b);
          expect(counts[place]).toBe(values.length);
          const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
          expect(Math.abs(last - mean)).toBeLessThan(2); // four digits of what the chart spans travel
          expect(Math.abs(medians[place]! - (values[(values.length - 1) >> 1]! + values[values.length >> 1]!) / 2)).toBeLessThan(0.01);
          expect(min).toBeLessThanOrEqual(last);
          expect(max).toBeGreaterThanOrEqual(last);
        });
        const used = [...new Set(own.flatMap((run) => finite(run).map(({ bucket }) => bucket)))].sort((a, b) => a - b);
        expect(unpackLine(group).map(({ bucket }) => bucket)).toEqual(used);
        expect(group.nonFinite).toBe(own.reduce((sum, run) => sum + pointsOf(run).length - finite(run).length, 0));
        expect(group.runs).toBe(own.filter((run) => finite(run).length > 0).length);
      }
      expect(groups.map(({ id }) => id)).toEqual([...new Set(runs.filter((run) => finite(run).length > 0).map(({ group }) => group))].sort());
    }));
  });

  it("do not depend on the order in which the runs are read", () => {
    fc.assert(fc.property(fc.array(aRun, { minLength: 2, maxLength: 12 }), (runs) => {
      expect(grouped(runs, (all) => all.toReversed())).toEqual(grouped(runs));
    }));
  });

  it("have a mean and a band where the values are near the ends of float64", () => {
    const run = (one: number): ARun => ({ first: 0, every: 1, values: [one, one], group: "a" });
    const [group] = grouped([run(1.7e308), run(1.7e308), run(1.5e308)]);
    const [bucket] = unpackLine(group as PackedLine);
    expect(bucket!.last).toBeGreaterThan(1.6e308);
    expect([bucket!.min, bucket!.max].every(Number.isFinite)).toBe(true);
  });
});

describe("lines of runs", () => {
  it("are each one's least, greatest and last", () => {
    const lines = new RunLines("step", grid);
    lines.add(runOf({ first: 0, every: 1, values: [3, 9, 1, 5, 4, 7], group: "a" }, 0));
    expect(unpackLine(lines.finish().lines[0]!)).toEqual([{ bucket: 0, last: 4, min: 1, max: 9 }, { bucket: 1, last: 7, min: 7, max: 7 }]);
  });
});
