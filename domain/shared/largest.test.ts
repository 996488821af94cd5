import fc from "fast-check";
import { expect, it } from "vitest";
import { largestOf } from "./largest.ts";

it("finds the largest number that has an answer, in a few questions", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 21_000 }), (least, more, limit) => {
    let asked = 0;
    const found = largestOf(least, least + more, (size) => ((asked += 1), size <= limit ? size : null));
    expect(found).toBe(limit < least ? null : Math.min(limit, least + more));
    expect(asked).toBeLessThanOrEqual(17);
  }));
});
