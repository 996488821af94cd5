import { describe, expect, it } from "vitest";
import { axisOf, cellOf, isBrushed, placeOn, surface, valueAt } from "./axes.ts";
import { deltaTo, directionOf } from "./baseline.ts";
import { diffRows, flatten } from "./diff.ts";

describe("a difference", () => {
  it("shows only what differs, a missing value included, or everything", () => {
    const runs: Record<string, string>[] = [{ lr: "0.1", seed: "1", b: "2" }, { lr: "0.1", seed: "2" }];
    expect(diffRows(runs, true).map(({ key, values }) => [key, values])).toEqual([["b", ["2", null]], ["seed", ["1", "2"]]]);
    expect(diffRows(runs, false).map(({ key, differs }) => [key, differs])).toEqual([["b", true], ["lr", false], ["seed", true]]);
  });
  it("does not take a name for a value that every object has", () => {
    expect(diffRows([{ constructor: "a" }, {}], true)).toEqual([{ key: "constructor", values: ["a", null], differs: true }]);
  });
  it("flattens settings to names a person knows", () => {
    expect(flatten({ command: ["a", "b"], resources: { gpus: 2, gpuModel: null }, name: "x" }, ["name"])).toEqual({ command: '["a","b"]', "resources.gpus": "2" });
  });
});

describe("a baseline", () => {
  it.each([
    ["val/loss", "lower"], ["accuracy", "higher"], ["val_f1", "higher"], ["step_time", "lower"], ["score_loss", "lower"], ["epoch", null],
  ])("knows which way %s gets better", (key, direction) => {
    expect(directionOf(key)).toBe(direction);
  });
  it("gives the difference, its share, and whether that is better", () => {
    expect(deltaTo(0.5, 1, "lower")).toEqual({ by: -0.5, share: -0.5, better: true });
    expect(deltaTo(2, 0, "higher")).toEqual({ by: 2, share: null, better: true });
    expect(deltaTo(1, 1, "lower")).toMatchObject({ better: null });
    expect(deltaTo(Number.NaN, 1, null)).toBeNull();
  });
});

describe("an axis", () => {
  it("is logarithmic where positive numbers span three powers of ten", () => {
    const axis = axisOf([1e-5, 1e-2, null]);
    expect(axis.kind).toBe("log");
    expect(placeOn(axis, Math.sqrt(1e-7))).toBeCloseTo(0.5);
    expect(valueAt(axis, 1)).toBeCloseTo(1e-2);
  });
  it("holds words in their order, and numbers among them as words", () => {
    const axis = axisOf(["b", 10, "a"]);
    expect(axis.words).toEqual(["10", "a", "b"]);
    expect(placeOn(axis, "a")).toBe(0.5);
    expect(placeOn(axis, "z")).toBeNull();
  });
  it("reads a parameter as a number where it is one", () => {
    expect([cellOf("1e-4"), cellOf(" "), cellOf("adam"), cellOf(undefined)]).toEqual([1e-4, " ", "adam", null]);
  });
  it("keeps what is inside every brush", () => {
    expect(isBrushed([0.5, 0.2], [[0.4, 0.6], null])).toBe(true);
    expect(isBrushed([null, 0.2], [[0.4, 0.6], null])).toBe(false);
  });
  it("draws a surface through its points that never leaves their range", () => {
    const points = [{ x: 0.125, y: 0.125, z: 1 }, { x: 0.875, y: 0.875, z: 5 }];
    const { values, low, high } = surface(points, 4);
    expect([low, high, values[0], values[15]]).toEqual([1, 5, 1, 5]);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...values)).toBeLessThanOrEqual(5);
  });
});
