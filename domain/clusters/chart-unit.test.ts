import { describe, expect, it } from "vitest";
import { greatest, memoryUnit, rateUnit, scaled } from "./chart-unit.ts";

describe("units of charts", () => {
  it.each([[500, "MiB"], [65_536, "GiB"], [2_063_000, "GiB"], [14_400_000, "TiB"]])("%d MiB are drawn in %s", (max, unit) => expect(memoryUnit(max).unit).toBe(unit));
  it.each([[0, "B/s"], [5000, "kB/s"], [8e8, "MB/s"], [2.5e10, "GB/s"]])("%d bytes a second are drawn in %s", (max, unit) => expect(rateUnit(max).unit).toBe(unit));

  it("scale least, greatest and last alike, and leave the time alone", () => {
    expect(scaled([{ x: 7, min: 1024, max: 4096, last: 2048 }], 1 / 1024)).toEqual([{ x: 7, min: 1, max: 4, last: 2 }]);
  });

  it("are chosen by the greatest value of all series", () => {
    expect(greatest([{ points: [] }, { points: [{ x: 0, min: 0, max: 9, last: 1 }, { x: 1, min: 0, max: 3, last: 3 }] }])).toBe(9);
    expect(greatest([])).toBe(0);
  });
});
