import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimal } from "./decimal.ts";
import { type ExchangeRate, rateAt } from "./exchange.ts";
import { heldLines, heldOf, isTooLarge, scopesOfRate } from "./held.ts";
import { type PriceLine, priceAt } from "./price-book.ts";

const at = fc.integer({ min: 0, max: 12 });
const version = fc.integer({ min: 1, max: 1000 });
/** Versions grow with every line, so no two are alike. */
const lines = fc.uniqueArray(fc.record({ version, validFrom: at, clusterId: fc.constantFrom(null, "cl_1"), model: fc.constantFrom(null, "h100"), priced: fc.boolean() }), { maxLength: 14, selector: (one) => one.version }).map((all) => all.map(({ priced, ...one }): PriceLine => ({ ...one, id: `p${one.version}`, kind: "accelerator", capacityClass: null, unitPrice: priced ? decimal("1") : null })));
const rates = fc.uniqueArray(fc.record({ version, validFrom: at }), { maxLength: 10, selector: (one) => one.version }).map((all) => all.map((one): ExchangeRate => ({ ...one, id: `x${one.version}`, rate: decimal("1") })));

describe("what holds, and until when", () => {
  it("is at every moment the line that the price book finds", () => {
    fc.assert(fc.property(lines, at, (book, now) => {
      const holding = heldLines(book).filter(({ item, until }) => item.validFrom <= now && now < until).map(({ item }) => item);
      for (const [clusterId, model] of [[null, null], ["cl_1", null], [null, "h100"], ["cl_1", "h100"]] as const) {
        const own = (line: PriceLine) => line.clusterId === clusterId && line.model === model;
        const found = priceAt(book.filter(own), { kind: "accelerator", clusterId: "cl_1", model: "NVIDIA H100", capacityClass: "owned" }, now, Infinity);
        expect(holding.filter(own).filter(({ unitPrice }) => unitPrice !== null).map(({ id }) => id)).toEqual(found ? [found.id] : []);
      }
    }), { numRuns: 500 });
  });

  it("is at every moment the rate of the day", () => {
    fc.assert(fc.property(rates, at, (all, now) => {
      const holding = heldOf(all, () => "").filter(({ item, until }) => item.validFrom <= now && now < until).map(({ item }) => item.id);
      expect(holding).toEqual([rateAt(all, now, Infinity)?.id].filter((id) => id !== undefined));
    }), { numRuns: 500 });
  });
});

describe("a rate", () => {
  const line = (id: string, validFrom: number, unitPrice: string | null, more: Partial<PriceLine> = {}): PriceLine => ({ id, version: 1, kind: "cpu", clusterId: null, model: null, capacityClass: null, validFrom, unitPrice: unitPrice === null ? null : decimal(unitPrice), ...more });
  const rate = (validFrom: number, text: string): ExchangeRate => ({ id: "x", version: 1, validFrom, rate: decimal(text) });

  it("is too large only for a price that holds while it does", () => {
    const book = heldLines([line("a", 0, "1000000"), line("b", 10, "1")]);
    expect(isTooLarge(book, [rate(0, "999999.99999999")])).toBe(false);
    expect(isTooLarge(book, [rate(0, "1"), rate(9, "1000000")])).toBe(true);
    expect(isTooLarge(book, [rate(0, "1"), rate(10, "1000000")])).toBe(false);
    expect(isTooLarge(heldLines([line("a", 0, "999999820000.03239999")]), [rate(0, "1.00000018")])).toBe(true); // less than that only before it is rounded
    expect(isTooLarge(heldLines([line("a", 0, null)]), [rate(0, "1000000000000")])).toBe(false);
  });

  it("concerns each cluster and model whose price it is, since it or the price began, and nothing that was over before", () => {
    const book = heldLines([line("a", 0, "1"), line("b", 10, "1", { clusterId: "cl_1" }), line("c", 20, "1", { clusterId: "cl_1", capacityClass: "spot" }), line("d", 0, "1", { model: "h100" }), line("e", 3, null, { model: "h100" })]);
    expect(scopesOfRate(book.filter(({ item }) => item.unitPrice !== null), 5)).toEqual([{ kind: "cpu", clusterId: null, model: null, since: 5 }, { kind: "cpu", clusterId: "cl_1", model: null, since: 10 }]);
  });
});
