import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { causesOf, type DayCost, findAnomalies } from "./anomaly.ts";
import { DAY_MS, dayOf } from "./days.ts";

const LAST = "2026-11-28";
const ago = (days: number) => dayOf(Date.parse(LAST) - days * DAY_MS);
/** A project's days, the oldest first: `of` is given how many days ago. */
const project = (key: string, days: number, of: (ago: number) => number): DayCost[] => Array.from({ length: days }, (_, at) => days - 1 - at).map((back) => ({ day: ago(back), key, label: key, amount: of(back).toFixed(2) }));
const weekday = (back: number) => new Date(Date.parse(ago(back))).getUTCDay();

describe("what is unusual about a project's cost", () => {
  it("is a day far above its like, with what it cost beyond that", () => {
    const [found, ...others] = findAnomalies(project("vision", 56, (back) => (back === 3 ? 900 : 100 + (back % 3))), LAST);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ key: "vision", from: ago(3), to: ago(3), isOpen: false, amount: "900.00" });
    expect(found!.worst.ratio).toBeGreaterThan(8);
    expect(+found!.extra).toBeGreaterThan(790);
  });

  it("is one story while it goes on, a quiet day in between or not, and open while it lasts", () => {
    const found = findAnomalies(project("vision", 56, (back) => ([0, 1, 3].includes(back) ? 400 : 100)), LAST);
    expect(found.map(({ from, to, isOpen, amount, extra }) => ({ from, to, isOpen, amount, extra }))).toEqual([{ from: ago(3), to: LAST, isOpen: true, amount: "1200.00", extra: "900.00" }]);
  });

  it("is not the rhythm of the week", () => {
    expect(findAnomalies(project("vision", 56, (back) => (weekday(back) % 6 === 0 ? 20 : 300)), LAST)).toEqual([]);
    expect(findAnomalies(project("vision", 56, (back) => (weekday(back) % 6 === 0 ? (back < 7 ? 310 : 20) : 300)), LAST).map(({ from }) => weekday((Date.parse(LAST) - Date.parse(from)) / DAY_MS) % 6)).toEqual([0, 0]); // both days of the last weekend
  });

  it("is not a hobby that doubles beside a large fleet", () => {
    const fleet = project("fleet", 56, () => 100_000);
    expect(findAnomalies([...fleet, ...project("hobby", 56, (back) => (back === 0 ? 40 : 10))], LAST)).toEqual([]);
  });

  it("is not said of a project that has only just begun, nor of days that are not complete", () => {
    expect(findAnomalies(project("new", 6, (back) => (back === 0 ? 900 : 10)), LAST)).toEqual([]);
    expect(findAnomalies([...project("vision", 56, () => 100), { day: dayOf(Date.parse(LAST) + DAY_MS), key: "vision", label: "vision", amount: "9000" }], LAST)).toEqual([]);
  });

  it("is hardly ever noise, and always a day of ten times the cost (200 histories)", () => {
    let alarms = 0;
    fc.assert(
      fc.property(fc.array(fc.double({ min: 80, max: 120, noNaN: true }), { minLength: 56, maxLength: 56 }), (noise) => {
        alarms += findAnomalies(project("vision", 56, (back) => noise[back]!), LAST).length;
        expect(findAnomalies(project("vision", 56, (back) => (back === 2 ? 1000 : noise[back]!)), LAST).some(({ from, to }) => from <= ago(2) && ago(2) <= to)).toBe(true);
      }),
      { numRuns: 200, seed: 7070 },
    );
    expect(alarms).toBeLessThan(20);
  });
});

describe("what it is put down to", () => {
  it("is of each dimension what grew most, with its part of the growth", () => {
    const parts = [
      { dimension: "experiment", label: "long-context", during: "800", before: "280" },
      { dimension: "experiment", label: "tiny", during: "110", before: "1400" },
      { dimension: "person", label: "Jonas", during: "910", before: "1680" },
      { dimension: "resource", label: "H100", during: "700", before: "1400" },
      { dimension: "resource", label: "CPU cores", during: "210", before: "280" },
    ] as const;
    expect(causesOf(parts, 2, 28)).toEqual([
      { dimension: "experiment", label: "long-context", more: "780", percent: 99 },
      { dimension: "person", label: "Jonas", more: "790", percent: 100 },
      { dimension: "resource", label: "H100", more: "600", percent: 76 },
    ]);
  });

  it("is nothing where nothing grew", () => {
    expect(causesOf([{ dimension: "person", label: "Jonas", during: "1", before: "280" }], 1, 28)).toEqual([]);
  });
});
