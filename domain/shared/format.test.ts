import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutMiddle, formatAgo, formatBytes, formatCount, formatHours, formatMib, formatNumber, formatSeconds, formatShare, formatTick, formatTicks, plural, shortId } from "./format.ts";

describe("numbers", () => {
  it.each([
    [0, "0"], [0.9731234, "0.9731"], [123.456, "123.5"], [12345.6, "12,346"], [-3.5, "−3.5"], [0.0000123, "1.23e-5"], [1e12, "1e12"], [1.5e9, "1.5e9"],
    [Number.NaN, "NaN"], [Number.POSITIVE_INFINITY, "∞"], [Number.NEGATIVE_INFINITY, "−∞"],
  ])("%d reads %s", (value, text) => expect(formatNumber(value)).toBe(text));

  it.each([[0, "0"], [1200, "1,200"], [12_000, "12k"], [1_500_000, "1.5M"], [2e9, "2G"], [0.25, "0.25"]])("the tick %d reads %s", (value, text) => expect(formatTick(value)).toBe(text));

  it.each([
    [[100_000, 100_100, 100_200], ["100k", "100.1k", "100.2k"]],
    [[1_234_000, 1_234_500], ["1.234M", "1.2345M"]],
    [[1234.5, 1234.6, 1234.7], ["1,234.5", "1,234.6", "1,234.7"]],
    [[0.99901, 0.99902], ["0.99901", "0.99902"]],
    [[-1000.5, -1000], ["−1,000.5", "−1,000"]],
    [[1.0001e-7, 1.0002e-7], ["1.0001e-7", "1.0002e-7"]],
    [[0, 0.5, 1], ["0", "0.5", "1"]],
    [[9000, 10_000, 11_000], ["9,000", "10k", "11k"]],
    [[5], ["5"]],
  ])("the ticks %j read %j: each otherwise, and no longer than that takes", (ticks, texts) => expect(ticks.map(formatTicks(ticks))).toEqual(texts));

  it("counts are grouped", () => {
    for (const value of [0, 7, 999, 1000, 12_345, 1_234_567, 999.5, -1000, -1234.5]) expect(formatCount(value)).toBe(new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 }).format(value));
    expect(plural(1, "run")).toBe("1 run");
    expect([plural(0.5, "core"), plural(0.1 * 3, "core"), plural(1500, "core")]).toEqual(["0.5 cores", "0.3 cores", "1,500 cores"]);
    expect(plural(2, "entry", "entries")).toBe("2 entries");
  });
});

describe("shares", () => {
  it.each([[0, "0 %"], [0.004, "<1 %"], [0.5, "50 %"], [0.996, ">99 %"], [1, "100 %"]])("%d reads %s, so that little is not nothing and nearly all is not all", (share, text) => expect(formatShare(share)).toBe(text));
});

describe("hours that are paid for", () => {
  it.each([[0, "0"], [0.001, "<0.01"], [0.25, "0.25"], [9.5, "9.50"], [52.37, "52.4"], [857.3, "857.3"], [858, "858.0"], [12_345.6, "12,346"]])("%d reads %s, and none are rounded away", (hours, text) => expect(formatHours(hours)).toBe(text));
});

describe("sizes", () => {
  it.each([[0, "0 B"], [1023, "1023 B"], [1536, "1.5 KiB"], [1_073_741_824, "1 GiB"], [5.5 * 1_099_511_627_776, "5.5 TiB"]])("%d bytes read %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
  it("MiB go up to the unit that fits", () => expect(formatMib(4096)).toBe("4 GiB"));
});

describe("times", () => {
  it.each([[0, "0 s"], [0.42, "0.4 s"], [42, "42 s"], [60, "1 min"], [8040, "2 h 14 min"], [3601, "1 h"], [90_061, "1 d 1 h"], [-30, "−30 s"]])("%d seconds read %s", (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
  it.each([[-0.4, "now"], [-80, "1 min ago"], [-90, "2 min ago"], [90, "in 2 min"], [-59.6, "1 min ago"], [-3590, "1 h ago"], [86_400 * 7 - 5, "in 7 d"], [-7200, "2 h ago"], [-86_400 * 3, "3 d ago"], [-86_400 * 100, "3 mo ago"], [-86_400 * 800, "2 y ago"]])("%d seconds from now read %s", (seconds, text) => expect(formatAgo(seconds)).toBe(text));
});

describe("names", () => {
  it("are cut in the middle and never longer than asked", () => {
    expect(cutMiddle("resnet-baseline-seed-12", 15)).toBe("resnet-…seed-12".slice(0, 15));
    fc.assert(fc.property(fc.string(), fc.integer({ min: 3, max: 60 }), (text, max) => cutMiddle(text, max).length <= Math.max(max, Math.min(text.length, max))));
  });

  it("of ids keep the prefix and the end that tells them apart", () => {
    expect(shortId("run_01a20ad4-fa00-741d-a4cd-4924e269c926")).toBe("run_01a2…c926");
    expect(shortId("short")).toBe("short");
  });
});
