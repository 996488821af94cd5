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

it("compares with nothing where metering had hardly begun then", () => {
  const groups = [{ key: "a", label: "", provisional: "0", acceleratorHours: "0", amount: "2" }];
  const day = (at: number, amount: string) => ({ day: `2026-11-0${at}`, key: "a", amount });
  const range = { from: "2026-11-01", to: "2026-11-05" };
  expect(amountsBefore({ groups: [], days: [] }, range)).toBeNull();
  expect(amountsBefore({ groups, days: [day(4, "1"), day(5, "1")] }, range)).toBeNull();
  expect(amountsBefore({ groups, days: [1, 2, 3, 4, 5].map((at) => day(at, "0.00")) }, range)).toBeNull();
  expect(amountsBefore({ groups, days: [2, 3, 4, 5].map((at) => day(at, "1")) }, range)?.get("a")).toBe("2");
});
