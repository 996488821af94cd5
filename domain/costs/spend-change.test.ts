import { expect, it } from "vitest";
import { amountsBefore, changeWords, daysAgainst, daysBefore } from "./spend-change.ts";

it("compares with as many days right before", () => {
  expect(daysBefore({ from: "2026-11-01", to: "2026-11-30" })).toEqual({ from: "2026-10-02", to: "2026-10-31" });
  expect(daysBefore({ from: "2026-03-01", to: "2026-03-01" })).toEqual({ from: "2026-02-28", to: "2026-02-28" });
});

it.each([
  ["month", "2026-11-03", "2026-11-17", "2026-10-03", "2026-10-17"],
  ["month", "2026-11-01", "2026-11-30", "2026-10-01", "2026-10-31"],
  ["month", "2026-03-30", "2026-03-31", "2026-02-28", "2026-02-28"],
  ["month", "2026-03-02", "2026-03-31", "2026-02-02", "2026-02-28"],
  ["month", "2026-01-10", "2026-02-28", "2025-12-10", "2026-01-28"],
  ["month", "2026-01-01", "2026-02-28", "2025-12-01", "2026-01-31"],
  ["year", "2024-02-01", "2024-02-29", "2023-02-01", "2023-02-28"],
  ["year", "2025-02-01", "2025-02-28", "2024-02-01", "2024-02-29"],
  ["before", "2026-11-01", "2026-11-30", "2026-10-02", "2026-10-31"],
] as const)("compares with the %s before: %s to %s with %s to %s", (against, from, to, first, last) => {
  expect(daysAgainst({ from, to }, against)).toEqual({ from: first, to: last });
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
