import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RANGE_NAMES, RANGES, telemetryWindow } from "./telemetry-range.ts";

describe("the window of a page of charts", () => {
  it("covers the range up to now, in whole buckets that stay put while the clock moves", () => {
    fc.assert(fc.property(fc.constantFrom(...RANGE_NAMES), fc.integer({ min: 1e12, max: 2e12 }), fc.integer({ min: 0, max: 60_000 }), (name, now, later) => {
      const one = telemetryWindow(name, null, now);
      const two = telemetryWindow(name, null, now + later);
      const width = (one.to - one.from) / one.buckets;
      expect(Number.isInteger(width)).toBe(true);
      expect(one.to).toBeGreaterThanOrEqual(now);
      expect(one.from).toBeLessThanOrEqual(now - RANGES[name] * 1000 + width);
      expect((two.from - one.from) % width).toBe(0);
    }));
  });

  it("asks for no more buckets than there can be samples", () => {
    expect(telemetryWindow("1h", [1000, 61_000], 0)).toEqual({ from: 1000, to: 61_000, buckets: 12 });
    expect(telemetryWindow("1h", [1000.4, 1001.2], 0)).toEqual({ from: 1000, to: 1002, buckets: 1 });
  });

  it("takes a range that ends before it begins for none", () => expect(telemetryWindow("15m", [5, 1], 1e12)).toEqual(telemetryWindow("15m", null, 1e12)));
});
