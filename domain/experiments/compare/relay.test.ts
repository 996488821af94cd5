import { expect, it } from "vitest";
import type { ValueColumn } from "./inputs.ts";
import { relayCells, relayDiff, relayValues } from "./relay.ts";

const metric = (key: string, of: "last" | "min" = "last"): ValueColumn => ({ kind: "metric", key, of });
const loss = metric("loss");
const acc = metric("acc");

it("puts the values of an answer under the runs and columns that are asked for now", () => {
  const before = { ids: ["a", "b", "c"], columns: [loss, acc] };
  const values = [[1, 10], [2, 20], [3, 30]];
  expect(relayValues(values, before, { ids: ["a", "c"], columns: [acc, loss] })).toEqual([[10, 1], [30, 3]]);
  expect(relayValues(values, before, before)).toEqual(values);
});
it("says nothing where it lacks a run or a column", () => {
  const before = { ids: ["a"], columns: [loss] };
  expect(relayValues([[1]], before, { ids: ["a", "b"], columns: [loss] })).toBeUndefined();
  expect(relayValues([[1]], before, { ids: ["a"], columns: [acc] })).toBeUndefined();
  expect(relayValues([[1]], before, { ids: ["a"], columns: [metric("loss", "min")] })).toBeUndefined();
  expect(relayValues([[1]], before, { ids: ["a"], columns: [{ kind: "param", key: "loss" }] })).toBeUndefined();
});
it("moves a row's cells with their columns, and leaves new columns empty", () => {
  expect(relayCells([0.5, "7"], [loss, { kind: "param", key: "seed" }], [{ kind: "param", key: "seed" }, acc, loss])).toEqual(["7", null, 0.5]);
});
it("shows the differences of the runs that are left, and no row in which those agree", () => {
  const rows = [{ key: "lr", values: ["1", "1", "2"], differs: true }, { key: "seed", values: ["1", "2", "3"], differs: true }];
  const before = { ids: ["a", "b", "c"], part: "params", all: false };
  expect(relayDiff({ rows, more: 0 }, before, { ...before, ids: ["b", "a"] })).toEqual({ rows: [{ key: "seed", values: ["2", "1"], differs: true }], more: 0 });
  expect(relayDiff({ rows, more: 0 }, before, { ...before, ids: ["a", "d"] })).toBeUndefined();
  expect(relayDiff({ rows, more: 0 }, before, { ...before, part: "tags" })).toBeUndefined();
});
