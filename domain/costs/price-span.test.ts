import { expect, it } from "vitest";
import { priceSpans } from "./price-span.ts";

const day = (at: number) => new Date(Date.UTC(2026, 0, at));
const line = (version: number, from: number, model: string | null = "h100") => ({ version, kind: "accelerator" as const, cluster: null, model, capacityClass: null, validFrom: day(from) });

it("ends a price where the next of its scope begins, whichever was written first", () => {
  const lines = [line(1, 1), line(2, 20), line(3, 10)];
  expect(lines.map((one) => priceSpans(lines).get(one)!.until)).toEqual([day(10), null, day(20)]);
});

it("lets a price of another scope end nothing", () => {
  const lines = [line(1, 1), line(2, 5, "a100"), line(2, 5, null)];
  expect(priceSpans(lines).get(lines[0]!)).toEqual({ until: null, replacedBy: null });
});

it("names the version that takes the place of a price which begins at the same moment", () => {
  const lines = [line(1, 1), line(2, 1)];
  expect(lines.map((one) => priceSpans(lines).get(one))).toEqual([{ until: null, replacedBy: 2 }, { until: null, replacedBy: null }]);
});
