import { describe, expect, it } from "vitest";
import { gridOf, packLine } from "./buckets.ts";
import { canLog, clipOutliers, linePlaces, linesOf, raiseBands, strokeOf, valuesAtX } from "./lines.ts";
import { smoothLine } from "./smoothing.ts";

const RAW = { smoothing: "ema", strength: 0 } as const;
const grid = gridOf(0, 99, 100, true);
const packed = (at: (x: number) => number, count = 100) => packLine(Array.from({ length: count }, (_, bucket) => ({ bucket, last: at(bucket), min: at(bucket), max: at(bucket) })), 17);
const one = (id: string, at: (x: number) => number) => ({ id, label: id, line: packed(at) });

describe("lines of a chart", () => {
  it("stand in the order of their last value", () => {
    expect(linesOf([one("a", () => 1), one("b", () => 3), one("c", () => 2)], grid, RAW).map(({ id }) => id)).toEqual(["b", "c", "a"]);
  });

  it("smooth the drawn line and leave what was measured alone", () => {
    const [line] = linesOf([one("a", (x) => (x === 50 ? 100 : 0))], grid, { smoothing: "gaussian", strength: 30 });
    expect(Math.max(...line!.raw.map(({ y }) => y))).toBe(100);
    expect(Math.max(...line!.points.map(({ y }) => y))).toBeLessThan(20);
    expect(Math.max(...line!.points.map(({ high }) => high))).toBe(100);
  });

  it("keep six colours, then the same dashed, then others", () => {
    expect([0, 5, 6, 11, 12].map(strokeOf)).toEqual([{ slot: 1, dashed: false }, { slot: 6, dashed: false }, { slot: 1, dashed: true }, { slot: 6, dashed: true }, { slot: null, dashed: false }]);
  });

  it("tell the measured value nearest to the cursor, largest first, and nothing that is far", () => {
    const lines = linesOf([one("a", (x) => x), one("b", (x) => 2 * x), { id: "short", label: "short", line: packed(() => 5, 3) }], grid, { smoothing: "ema", strength: 90 });
    expect(valuesAtX(lines, 40.2, 2).map(({ line, point }) => [line.id, point.y])).toEqual([["b", 80], ["a", 40]]);
  });

  it("say when a logarithmic axis cannot show them", () => {
    expect(canLog(linesOf([one("a", (x) => x + 1)], grid, RAW))).toBe(true);
    expect(canLog(linesOf([one("a", (x) => x)], grid, RAW))).toBe(false);
  });
});

describe("clipping outliers", () => {
  it("cuts a spike off the axis and counts it", () => {
    const clipped = clipOutliers(linesOf([one("a", (x) => (x === 3 ? 1e6 : Math.sin(x)))], grid, RAW));
    expect(clipped!.cut).toBe(1);
    expect(clipped!.y[1]).toBeLessThan(2);
  });
  it("leaves an even chart whole", () => {
    expect(clipOutliers(linesOf([one("a", (x) => x)], grid, RAW))).toBeNull();
  });
});

describe("smoothing", () => {
  it("does not draw the first points of an average towards zero", () => {
    const points = Array.from({ length: 20 }, (_, x) => ({ x, y: 7, low: 7, high: 7 }));
    for (const kind of ["ema", "gaussian"] as const) for (const { y } of smoothLine(points, kind, 95)) expect(y).toBeCloseTo(7, 9);
  });
  it("does not lag when it is Gaussian: a symmetric peak stays where it is", () => {
    const points = Array.from({ length: 101 }, (_, x) => ({ x, y: Math.exp(-(((x - 50) / 8) ** 2)), low: 0, high: 1 }));
    const peakOf = (kind: "ema" | "gaussian") => smoothLine(points, kind, 60).reduce((best, point) => (point.y > best.y ? point : best)).x;
    expect(peakOf("gaussian")).toBe(50);
    expect(peakOf("ema")).toBeGreaterThan(50);
  });

  it("let a band around a positive mean end at a logarithmic axis, and no measured value", () => {
    const wide = packLine([{ bucket: 0, last: 2, min: -1, max: 5 }, { bucket: 1, last: 1, min: 0.5, max: 1.5 }], 17);
    const lines = linesOf([{ id: "group", label: "group", isMean: true, line: wide }], grid, RAW);
    expect(canLog(lines)).toBe(false);
    expect(raiseBands(lines)[0]!.raw.map(({ low, y, high }) => [low, y, high])).toEqual([[0.5, 2, 5], [0.5, 1, 1.5]]);
    expect(canLog(raiseBands(lines))).toBe(true);
    const measured = linesOf([{ id: "run", label: "run", line: wide }], grid, RAW);
    expect(raiseBands(measured)).toBe(measured);
  });
});

it("gives a line the colour of its place among all that may be drawn, not among those that have points", () => {
  expect(linePlaces(["adam", "lion"], ["loss"])).toEqual(["adam", "lion"]);
  expect(linePlaces(["adam", "lion"], ["loss", "acc"])).toEqual(["adam loss", "adam acc", "lion loss", "lion acc"]);
});
