import { expect, it } from "vitest";
import { axisOf, type Brush, brushOn, isBrushed, placeOn, placesOf } from "./axes.ts";

const passing = (cells: (number | string)[], brush: Brush) => {
  const axis = axisOf(cells);
  return cells.filter((cell) => isBrushed([placeOn(axis, cell)], [placesOf(axis, brush)]));
};

it("keeps what was chosen when a run is hidden and the axis ends elsewhere", () => {
  const cells = [0, 1, 2, 3, 100];
  const brush = brushOn(axisOf(cells), [0.005, 0.025]);
  expect(brush).toEqual({ low: 0.5, high: 2.5 });
  expect(passing(cells, brush)).toEqual([1, 2]);
  expect(passing(cells.slice(0, -1), brush)).toEqual([1, 2]);
  expect(passing([1], brush)).toEqual([1]);
  expect(passing([3], brush)).toEqual([]);
});
it("lets pass what lies at the very ends, also on a logarithmic axis", () => {
  const cells = [0.0001, 0.1, 10];
  expect(axisOf(cells).kind).toBe("log");
  expect(passing(cells, brushOn(axisOf(cells), [0, 1]))).toEqual(cells);
  expect(passing(cells, { low: -1, high: 0.2 })).toEqual([0.0001, 0.1]);
});
it("chooses words by their names", () => {
  const brush = brushOn(axisOf(["adam", "lion", "sgd"]), [0.4, 1]);
  expect(brush).toEqual({ words: ["lion", "sgd"] });
  expect(passing(["adam", "lion", "sgd"], brush)).toEqual(["lion", "sgd"]);
  expect(passing(["adam", "lion"], brush)).toEqual(["lion"]);
  expect(passing(["adam"], brush)).toEqual([]);
});
it("says nothing on an axis of another kind", () => {
  expect([placesOf(axisOf(["a", "b"]), { low: 0, high: 1 }), placesOf(axisOf([1, 2]), { words: ["a"] })]).toEqual([null, null]);
});
