import { describe, expect, it } from "vitest";
import type { BucketValue } from "./buckets.ts";
import { GroupCourse, studentT, summaryOf } from "./grouping.ts";

const run = (...values: [number, number][]): BucketValue[] => values.map(([bucket, last]) => ({ bucket, last, min: last, max: last }));

function courseOf(runs: BucketValue[][]) {
  const course = new GroupCourse(100);
  for (const one of runs) course.add(one);
  return course.buckets();
}

describe("a group of runs", () => {
  it("has mean, median and how many runs are under way, over all of them", () => {
    const course = courseOf([run([0, 1], [1, 1]), run([0, 2], [1, 2]), run([0, 9])]);
    expect(course[0]).toMatchObject({ n: 3, mean: 4, median: 2, min: 1, max: 9 });
    expect(course[1]).toMatchObject({ n: 2, mean: 1.5, median: 1.5 });
  });

  it("counts a run between two of its points, and never beyond its ends", () => {
    const course = courseOf([run([0, 0], [10, 10]), run([5, 100], [20, 100])]);
    expect(course.map(({ bucket, n, mean }) => [bucket, n, mean])).toEqual([[0, 1, 0], [5, 2, 52.5], [10, 2, 55], [20, 1, 100]]);
  });

  it("has no width for one run, and that of Student's t for several", () => {
    expect(summaryOf([3])).toMatchObject({ low: 3, high: 3 });
    // Textbook: n = 4, s = 1.2910, t(3) = 3.182: half-width 2.054.
    const { mean, high } = summaryOf([1, 2, 3, 4]);
    expect(high - mean).toBeCloseTo(2.054, 3);
  });

  it("knows Student's t beyond its table", () => {
    expect(studentT(1)).toBeCloseTo(12.706, 3);
    expect(studentT(60)).toBeCloseTo(2.0003, 3);
    expect(studentT(10_000)).toBeCloseTo(1.9602, 3);
  });
});
