import { expect, it } from "vitest";
import { bandOf, pathOf } from "./line-path.ts";

const at = (x: number, y: number) => ({ x, y, low: y - 1, high: y + 1 });
const same = (value: number) => value;

it("joins points up to a gap, and shows the one that stands alone between two gaps", () => {
  expect(pathOf([at(0, 5), at(1, 6), at(100, 7), at(200, 8), at(201, 9)], 10, same, same)).toBe("M0 5L1 6M98.5 7h3M200 8L201 9");
  expect(pathOf([at(0, 5), at(1, 6)], Number.POSITIVE_INFINITY, same, same)).toBe("M0 5L1 6");
});
it("goes round the band of each piece", () => {
  expect(bandOf([at(0, 5), at(1, 6), at(100, 7)], 10, same, same)).toBe("M0 6L1 7L1 5L0 4ZM100 8L100 6Z");
});
