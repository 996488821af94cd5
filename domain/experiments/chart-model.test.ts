import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allPositive, interestingFirst, keyFilter, requestsOf, sectionsOf, smooth } from "./chart-model.ts";

const point = (last: number) => ({ x: 0, min: last, max: last, last, count: 1 });

describe("which charts a page shows", () => {
  it("puts keys under their prefix, those without one first, numbers in their order", () => {
    expect(sectionsOf(["val/acc", "loss", "train/loss", "layer/10", "layer/2"])).toEqual([
      { name: null, keys: ["loss"] },
      { name: "layer", keys: ["layer/2", "layer/10"] },
      { name: "train", keys: ["train/loss"] },
      { name: "val", keys: ["val/acc"] },
    ]);
  });
  it.each([
    ["", ["loss", "val/acc"]],
    ["LOSS", ["loss"]],
    ["loss, acc", ["loss", "val/acc"]],
    ["/^val/", ["val/acc"]],
    ["/a{1,2}c/", ["val/acc"]],
    ["/^lo/, /^val/", ["loss", "val/acc"]],
    ["loss, /a{1,2}c/", ["loss", "val/acc"]],
    ["/VAL/i , nothing", ["val/acc"]],
    ["/val/acc/", ["val/acc"]],
    [" , ", ["loss", "val/acc"]],
    ["/val", [] as string[]],
  ])("filters %j to %j", (text, found) => {
    expect(["loss", "val/acc"].filter(keyFilter(text).matches)).toEqual(found);
  });
  it("names what is wrong with a regular expression and hides nothing", () => {
    const filter = keyFilter("/(/");
    expect(filter.problem).toBe("Invalid regular expression: /(/: Unterminated group");
    expect(filter.matches("loss")).toBe(true);
  });
  it("tries no pattern that could hold the page up, such as one of a link", () => {
    const filter = keyFilter("/(a+)+$/");
    expect(filter.problem).toMatch(/repeat within a repeat/);
    expect(filter.matches(`${"a".repeat(60)}b`)).toBe(true);
  });
  it("asks for every key once, in groups the server takes, whatever order they come in", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 70 }), (keys) => {
        const groups = requestsOf(keys);
        expect(groups.every((group) => group.length <= 20)).toBe(true);
        expect(groups.flat().toSorted()).toEqual(keys.toSorted());
        expect(requestsOf(keys.toReversed())).toEqual(groups);
      }),
    );
  });
});

describe("smoothing", () => {
  it("leaves points alone at zero", () => {
    expect(smooth([point(1), point(5)], 0).map((one) => one.last)).toEqual([1, 5]);
  });
  it("keeps a constant line constant from its first point on, and stays within what was measured", () => {
    expect(smooth([point(7), point(7), point(7)], 0.9).map((one) => Number(one.last.toFixed(9)))).toEqual([7, 7, 7]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }), fc.double({ min: 0, max: 0.99, noNaN: true }), (values, weight) => {
        const [low, high] = [Math.min(...values), Math.max(...values)];
        for (const { last } of smooth(values.map(point), weight)) {
          expect(last).toBeGreaterThanOrEqual(low - 1e-3);
          expect(last).toBeLessThanOrEqual(high + 1e-3);
        }
      }),
    );
  });
  it("keeps the measured band", () => {
    expect(smooth([{ x: 0, min: 1, max: 9, last: 5, count: 3 }], 0.8)[0]).toMatchObject({ min: 1, max: 9 });
  });
});

it("offers a logarithmic axis only for what it can show", () => {
  expect([allPositive([point(0.1)]), allPositive([point(0)]), allPositive([point(-1)])]).toEqual([true, false, false]);
});
it("shows losses and scores before speeds and rates", () => {
  expect(interestingFirst(["lr", "train/acc", "throughput", "val/loss", "train/loss"])).toEqual(["train/loss", "val/loss", "train/acc", "lr", "throughput"]);
});
