import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatXExact, formatXTicks } from "./format-x.ts";
import { spaced, valueScale, xTicks } from "./ticks.ts";

describe("valueScale", () => {
  it.each([
    { says: "a loss near zero does not dip below it", values: [0.01, 2.01], zero: false, domain: [0, 2.11], ticks: [0, 0.5, 1, 1.5, 2] },
    { says: "amounts start at zero", values: [40, 100], zero: true, domain: [0, 105], ticks: [0, 50, 100] },
    { says: "a narrow band keeps its detail", values: [0.97, 0.99], zero: false, domain: [0.969, 0.991], ticks: [0.97, 0.975, 0.98, 0.985, 0.99] },
    { says: "a flat line has room on both sides", values: [5, 5], zero: false, domain: [4.45, 5.55], ticks: [4.5, 5, 5.5] },
    { says: "nothing but zeros still has a height", values: [0, 0], zero: true, domain: [0, 1.05], ticks: [0, 0.5, 1] },
  ])("$says", ({ values, zero, domain, ticks }) => {
    const scale = valueScale(values as [number, number], zero);
    expect({ domain: scale.domain.map((end) => Number(end.toFixed(6))), ticks: scale.ticks }).toEqual({ domain, ticks });
  });

  it("parts values however small", () => {
    expect(valueScale([1e-20, 2e-20], false).ticks).toEqual([1e-20, 1.5e-20, 2e-20]);
  });

  it("always holds every value, on ticks that rise", () => {
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(value, value, fc.boolean(), (a, b, zero) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        fc.pre(high - low > 1e-6 || high === low);
        const { domain, ticks } = valueScale([low, high], zero);
        const dust = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
        expect(domain[0]).toBeLessThanOrEqual(low + dust);
        expect(domain[1]).toBeGreaterThanOrEqual(high - dust);
        expect(ticks.length).toBeLessThan(14);
        expect(ticks).toEqual(ticks.toSorted((x, y) => x - y));
      }),
    );
  });
});

describe("xTicks", () => {
  it("names whole days in UTC, wherever the reader is, and never a part of one", () => {
    const before = process.env["TZ"];
    process.env["TZ"] = "America/Los_Angeles";
    const [from, to] = [Date.UTC(2026, 10, 23), Date.UTC(2026, 10, 25)];
    const ticks = xTicks([from, to], "day", 6);
    expect(ticks.map(formatXTicks(ticks, "day", to - from))).toEqual(["23 Nov", "24 Nov", "25 Nov"]);
    expect(formatXExact(to, "day")).toBe("25 Nov, UTC");
    process.env["TZ"] = before;
  });
  it("reads otherwise at every tick, also far along a narrow axis", () => {
    const texts = (domain: [number, number], kind: "step" | "relative") => {
      const ticks = xTicks(domain, kind, 6);
      return ticks.map(formatXTicks(ticks, kind, domain[1] - domain[0]));
    };
    expect(texts([100_000, 100_500], "step")).toEqual(["100k", "100.1k", "100.2k", "100.3k", "100.4k", "100.5k"]);
    expect(texts([93_600, 94_200], "relative")).toEqual(["1 d 2 h", "1 d 2 h 2 min", "1 d 2 h 4 min", "1 d 2 h 6 min", "1 d 2 h 8 min", "1 d 2 h 10 min"]);
    expect(texts([0, 7200], "relative")).toEqual(["0 s", "30 min", "1 h", "1 h 30 min", "2 h"]);
  });
  it("begins months on a long axis, as few as there is room for", () => {
    const [from, to] = [Date.UTC(2025, 11, 1), Date.UTC(2026, 10, 30)];
    const months = (count: number) => xTicks([from, to], "time", count).map((x) => new Date(x).toISOString().slice(0, 7));
    expect(months(12)).toEqual(["2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11"]);
    expect(months(5)).toEqual(["2026-01", "2026-04", "2026-07", "2026-10"]);
  });

  it("of steps are whole and round", () => {
    expect(xTicks([0, 2990], "step", 5)).toEqual([0, 1000, 2000]);
    expect(xTicks([0, 3], "step", 10)).toEqual([0, 1, 2, 3]);
  });

  it("of a clock fall on round minutes", () => {
    const from = Date.UTC(2026, 0, 1, 10, 3, 20);
    expect(xTicks([from, from + 20 * 60_000], "time", 5).map((x) => new Date(x).toISOString().slice(11, 19))).toEqual(["10:05:00", "10:10:00", "10:15:00", "10:20:00"]);
  });

  it("of days begin at the reader's midnight", () => {
    const from = Date.UTC(2026, 0, 1);
    expect(xTicks([from, from + 3 * 86_400_000], "time", 4, 3_600_000).map((x) => new Date(x).toISOString().slice(11, 16))).toEqual(["23:00", "23:00", "23:00"]);
  });

  it("of a single moment are that moment", () => {
    expect(xTicks([7, 7], "relative", 5)).toEqual([7]);
  });
});

describe("texts of ticks", () => {
  const every = (px: number, text: string) => Array.from({ length: 6 }, (_, place) => ({ at: 100 + place * px, text }));
  const placesOf = (ticks: { at: number }[]) => ticks.map(({ at }) => at);

  it("all stand where there is room", () => {
    expect(placesOf(spaced(every(60, "100"), 1000))).toEqual([100, 160, 220, 280, 340, 400]);
  });

  it("leave out every second, or more, where there is none", () => {
    expect(placesOf(spaced(every(40, "10:05:00"), 1000))).toEqual([100, 180, 260]);
    expect(placesOf(spaced(every(2, "10:05:00"), 1000))).toEqual([100]);
    expect(spaced([], 1000)).toEqual([]);
  });

  it("end where the drawing ends", () => {
    expect(spaced([{ at: 100, text: "0" }, { at: 400, text: "10:05:00" }], 405).at(-1)?.at).toBeCloseTo(405 - 8 * 3.2);
  });
});
