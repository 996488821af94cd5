import fc from "fast-check";
import { expect, it } from "vitest";
import { fromRows, toRows, typedValue } from "./pair-rows.ts";

it("gives back the record it was made from, whatever its names", () => {
  fc.assert(fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (record) => void expect(Object.entries(fromRows(toRows(record), false) ?? {})).toEqual(Object.entries(record))));
});
it("keeps the kind of every value but the one that is typed over", () => {
  const rows = toRows({ version: "1", flag: "true", lr: 0.1, nested: { a: 1 }, none: null });
  expect(fromRows(rows.map((row) => (row.key === "lr" ? { ...row, value: "0.2", kept: undefined } : row)), true)).toEqual({ version: "1", flag: "true", lr: 0.2, nested: { a: 1 }, none: null });
});
it("leaves out rows without a name and keeps the first of a repeated one", () => {
  expect(fromRows([{ id: 1, key: "", value: "x" }, { id: 2, key: "a", value: "1" }, { id: 3, key: "a", value: "2" }], false)).toEqual({ a: "1" });
  expect(fromRows([{ id: 1, key: "", value: "" }], false)).toBeUndefined();
});
it.each([
  ["0.1", 0.1],
  ["1e-3", 0.001],
  ["-5", -5],
  ["true", true],
  ["007", "007"],
  ["1.10", "1.10"],
  ["1e999", "1e999"],
  ["", ""],
  ["0x10", "0x10"],
  ["12345678901234567890", "12345678901234567890"],
] as const)("takes the parameter %j to be %j", (text, value) => {
  expect(typedValue(text)).toBe(value);
});
