import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChartPoint, nearestIndex, prepareSeries, valuesAt } from "./prepare-series.ts";
import { sparkPath } from "./spark-path.ts";

const at = (x: number, last = x, min = last, max = last): ChartPoint => ({ x, min, max, last });
const line = (key: string, points: ChartPoint[]) => ({ key, points });

describe("prepareSeries", () => {
  it("leaves a gap on a time axis where points stay out for four times the usual distance", () => {
    const model = prepareSeries([line("cpu", [at(0, 1), at(10, 1), at(20, 1), at(100, 1), at(110, 1)])], "time");
    const { valueKey } = model.series[0]!;
    expect(model.rows.map((row) => [row.x, row[valueKey]])).toEqual([[0, 1], [10, 1], [20, 1], [60, null], [100, 1], [110, 1]]);
  });

  it("never tears a line on a step axis: how often one logs is one's own choice", () => {
    const model = prepareSeries([line("loss", [at(0), at(1), at(2), at(1000)])], "step");
    expect(model.rows.every((row) => row[model.series[0]!.valueKey] !== null)).toBe(true);
  });

  it("draws a series straight through the moments of another one", () => {
    const model = prepareSeries([line("a", [at(0, 0), at(10, 10)]), line("b", [at(5, 1)])], "step");
    const a = model.series.find((one) => one.key === "a")!;
    expect(model.rows.find((row) => row.x === 5)?.[a.valueKey]).toBe(5);
  });

  it("does not stretch a series beyond its first and last point", () => {
    const model = prepareSeries([line("a", [at(5), at(6)]), line("b", [at(0), at(10)])], "step");
    const a = model.series.find((one) => one.key === "a")!;
    expect(model.rows.filter((row) => row.x === 0 || row.x === 10).map((row) => row[a.valueKey])).toEqual([null, null]);
  });

  it("gives six series a colour and makes the rest others", () => {
    const model = prepareSeries(Array.from({ length: 9 }, (_, i) => line(`k${i}`, [at(0, i)])), "step");
    expect(model.others).toBe(3);
    expect(model.series.filter((one) => one.slot !== null).map((one) => one.slot).toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("keeps a series' colour when another one appears before it by value", () => {
    const before = prepareSeries([line("a", [at(0, 1)])], "step").series[0]!.slot;
    const after = prepareSeries([line("a", [at(0, 1)]), line("b", [at(0, 99)])], "step");
    expect(after.series.map((one) => one.key)).toEqual(["b", "a"]);
    expect(after.series[1]!.slot).toBe(before);
  });

  it("honours the slot that a page gives to a thing", () => {
    const model = prepareSeries([{ ...line("a", [at(0)]), slot: 3 }, line("b", [at(0)])], "step");
    expect(Object.fromEntries(model.series.map((one) => [one.key, one.slot]))).toEqual({ a: 3, b: 1 });
  });

  it("marks points that stand alone, which no line would show", () => {
    const model = prepareSeries([line("a", [at(0), at(1), at(2), at(50), at(100), at(101)])], "time");
    expect([...model.series[0]!.isolated]).toEqual([50]);
  });

  it("is empty for no points, with no range to draw", () => {
    expect(prepareSeries([line("a", [])], "step")).toMatchObject({ rows: [], series: [], extent: null, values: null });
  });

  it("keeps every measured value at its own x, whatever the other series are", () => {
    const points = fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 30 }).map((xs) => xs.toSorted((a, b) => a - b).map((x) => at(x, (x * 7919) % 101)));
    fc.assert(
      fc.property(fc.array(points, { minLength: 1, maxLength: 8 }), fc.constantFrom("step" as const, "time" as const), (all, xKind) => {
        const model = prepareSeries(all.map((one, i) => line(`k${i}`, one)), xKind);
        const xs = model.rows.map((row) => row.x);
        expect(xs).toEqual([...new Set(xs)].toSorted((a, b) => a - b));
        for (const one of model.series) for (const point of one.points) expect(model.rows.find((row) => row.x === point.x)?.[one.valueKey]).toBe(point.last);
      }),
    );
  });
});

describe("valuesAt", () => {
  it("shows what was measured nearest, largest first", () => {
    const model = prepareSeries([line("a", [at(0, 1), at(10, 2)]), line("b", [at(1, 5)])], "step");
    expect(valuesAt(model, 2, 5).map((one) => [one.key, one.point.last])).toEqual([["b", 5], ["a", 1]]);
  });

  it("leaves out a series that has nothing near", () => {
    const model = prepareSeries([line("a", [at(0, 1)]), line("b", [at(100, 5)])], "step");
    expect(valuesAt(model, 99, 5).map((one) => one.key)).toEqual(["b"]);
  });
});

it("a cursor follows another chart's by the nearest moment", () => {
  expect(nearestIndex([0, 10, 20], 14)).toBe(1);
  expect(nearestIndex([], 3)).toBe(-1);
});

it("a sparkline breaks where there is no value", () => {
  expect(sparkPath([1, null, 2, Number.NaN], 10, 10)).toBe("M0.0 9.0M6.7 1.0");
  expect(sparkPath([null], 10, 10)).toBe("");
});
