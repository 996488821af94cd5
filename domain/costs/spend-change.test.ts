import { expect, it } from "vitest";
import { amountsBefore, changeWords, daysBefore } from "./spend-change.ts";

it("compares with as many days right before", () => {
  expect(daysBefore({ from: "2026-11-01", to: "2026-11-30" })).toEqual({ from: "2026-10-02", to: "2026-10-31" });
  expect(daysBefore({ from: "2026-03-01", to: "2026-03-01" })).toEqual({ from: "2026-02-28", to: "2026-02-28" });
});

it.each([
  ["112", "100", "+12 %"],
  ["60", "100", "−40 %"],
  ["100.001", "100", "as before"],
  ["5", "0", "new"],
  ["5", undefined, "new"],
  ["0", undefined, "as before"],
  ["0", "5", "−100 %"],
  ["5000", "100", "50 ×"],
  ["5", null, "—"],
])("says of %s after %s: %s", (amount, before, words) => {
  expect(changeWords(amount, before)).toBe(words);
});

it("compares with nothing where nothing was rated then", () => {
  const group = { label: "", provisional: "0", acceleratorHours: "0" };
  expect(amountsBefore({ groups: [] })).toBeNull();
  expect(amountsBefore({ groups: [{ ...group, key: "a", amount: "0.000" }] })).toBeNull();
  expect(amountsBefore({ groups: [{ ...group, key: "a", amount: "2" }] })?.get("a")).toBe("2");
});
