import { expect, it } from "vitest";
import { dayName, rangeProblem, spanName } from "./days.ts";

it("names a day as times of day name it, whatever the reader's zone", () => {
  const offset = process.env.TZ;
  for (const zone of ["America/Los_Angeles", "UTC", "Pacific/Kiritimati"]) {
    process.env.TZ = zone;
    for (let month = 1; month <= 12; month += 1) {
      const day = `2026-${String(month).padStart(2, "0")}-05`;
      expect(dayName(day)).toBe(new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" }).format(new Date(day)));
    }
  }
  process.env.TZ = offset;
});

it.each([
  { says: "of one month name it once", from: "2026-11-01", to: "2026-11-30", text: "1 to 30 Nov 2026" },
  { says: "of two months name both", from: "2026-10-28", to: "2026-11-26", text: "28 Oct to 26 Nov 2026" },
  { says: "of the same month in two years name both years", from: "2025-11-30", to: "2026-11-30", text: "30 Nov 2025 to 30 Nov 2026" },
  { says: "that are one day name that day", from: "2026-11-30", to: "2026-11-30", text: "30 Nov 2026" },
])("days $says", ({ from, to, text }) => {
  expect(spanName(from, to)).toBe(text);
});

it.each([
  ["2026-11-01", "2026-11-30", null],
  ["2026-11-30", "2026-11-30", null],
  ["2025-10-27", "2026-11-30", null],
  ["2025-10-26", "2026-11-30", "At most 400 days."],
  ["2026-11-30", "2026-11-01", "The last day is before the first."],
  ["2026-02-30", "2026-03-01", "Name both days."],
  [null, "2026-03-01", "Name both days."],
])("says of %s to %s as a range: %s", (from, to, problem) => {
  expect(rangeProblem(from, to)).toBe(problem);
});
