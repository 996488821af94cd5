import { expect, it } from "vitest";
import { scalesOf } from "./scales.ts";

const area = { x: 50, y: 10, width: 200, height: 100 };

it.each([
  { says: "linear axes, the greatest at the top", axes: { domain: [0, 10], yDomain: [-1, 1], logX: false, logY: false }, value: [5, 1], place: [150, 10] },
  { says: "logarithmic ones", axes: { domain: [1, 100], yDomain: [0.1, 1000], logX: true, logY: true }, value: [10, 10], place: [150, 60] },
  { says: "the only value in the middle", axes: { domain: [7, 7], yDomain: [3, 3], logX: false, logY: true }, value: [7, 3], place: [150, 60] },
] as const)("places values on $says", ({ axes, value, place }) => {
  const { x, y, xAt } = scalesOf(axes, area);
  expect(x(value[0])).toBeCloseTo(place[0], 9);
  expect(y(value[1])).toBeCloseTo(place[1], 9);
  expect(xAt(x(value[0]))).toBeCloseTo(value[0], 9);
});
