import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { add, compare, decimal, type Decimal, sum } from "./decimal.ts";
import { balancesAfter, entriesFor } from "./ledger.ts";
import { HOUR_MS } from "./metering.ts";
import { outsideHolds, type OutsideNode, spread } from "./outside.ts";
import { type AssetHour, assetCost, type Holding, rateAssetHour } from "./rating.ts";

const HOUR = Date.UTC(2026, 10, 5, 7);
const offset = fc.integer({ min: -HOUR_MS / 2, max: HOUR_MS + HOUR_MS / 2 });
const span = fc.tuple(offset, offset).map(([a, b]) => ({ from: HOUR + Math.min(a, b), to: HOUR + Math.max(a, b) + 1 }));
const held = (ids: string[], more: Partial<Holding>) => fc.array(fc.record({ at: span, attemptId: fc.constantFrom(...ids), milli: fc.integer({ min: 1, max: 9_000 }) }).map(({ at, ...rest }): Holding => ({ ...at, ...rest, evidence: "measured", ...more })), { maxLength: 8 });
const capacity = fc.uniqueArray(offset, { minLength: 2, maxLength: 6 }).map((cuts) => cuts.toSorted((a, b) => a - b)).chain((cuts) => fc.array(fc.integer({ min: 0, max: 16_000 }), { minLength: cuts.length - 1, maxLength: cuts.length - 1 }).map((amounts) => amounts.map((milli, at) => ({ from: HOUR + cuts[at]!, to: HOUR + cuts[at + 1]!, milli }))));
const facts = fc.record({ own: held(["att_1", "att_2"], {}), outside: held(["ojb_1", "ojb_2", "ojb_3"], { isOutside: true, evidence: "accounted" }), capacity, cents: fc.bigInt({ min: 0n, max: 10n ** 9n }) });
type Facts = typeof facts extends fc.Arbitrary<infer T> ? T : never;
const hourOf = ({ own, outside, capacity, cents }: Facts, shuffle: (list: Holding[]) => Holding[] = (list) => list): AssetHour => ({
  hour: HOUR, holdings: shuffle([...own, ...outside]), capacity, prices: [{ from: HOUR, to: HOUR + HOUR_MS, price: { id: "prc_1", unitPrice: { units: cents, scale: 8 }, rateId: null } }], capacityClass: "owned", isComplete: true,
});
const of = (rows: ReturnType<typeof rateAssetHour>, whose: (id: string | null) => boolean): Decimal => rows.filter(({ attemptId }) => whose(attemptId)).reduce((all, { quantity }) => add(all, quantity), decimal("0"));

describe("an hour with jobs from outside Drover", () => {
  it("costs what the asset costs, to the last digit, whoever held it", () => {
    fc.assert(fc.property(facts, (given) => {
      const rows = rateAssetHour(hourOf(given));
      expect(compare(sum(rows.map(({ amount }) => amount)), assetCost(hourOf(given)))).toBe(0);
    }), { numRuns: 3_000 });
  });

  it("takes nothing from Drover's own attempts, and never more from idle than there is", () => {
    fc.assert(fc.property(facts, (given) => {
      const [without, rows] = [rateAssetHour(hourOf({ ...given, outside: [] })), rateAssetHour(hourOf(given))];
      const isOwn = (id: string | null) => id?.startsWith("att_") ?? false;
      expect(rows.filter(({ attemptId }) => isOwn(attemptId))).toEqual(without.filter(({ attemptId }) => isOwn(attemptId)));
      for (const { quantity, attemptId } of rows) if (attemptId?.startsWith("ojb_")) expect(quantity.units > 0n).toBe(true);
      const [before, after] = [of(without, (id) => id === null), of(rows, (id) => id === null)];
      expect(compare(add(after, of(rows, (id) => id?.startsWith("ojb_") ?? false)), before)).toBe(0);
      if (given.own.length === 0) expect(after.units >= 0n).toBe(true);
    }), { numRuns: 3_000 });
  });

  it("is the same ledger in whatever order it is heard of", () => {
    fc.assert(fc.property(facts, fc.array(facts, { maxLength: 3 }), (last, earlier) => {
      let balances: Parameters<typeof entriesFor>[0] = [];
      for (const belief of earlier) balances = balancesAfter(balances, entriesFor(balances, rateAssetHour(hourOf(belief))));
      balances = balancesAfter(balances, entriesFor(balances, rateAssetHour(hourOf(last, (list) => list.toReversed()))));
      expect(entriesFor(balances, rateAssetHour(hourOf(last)))).toEqual([]);
    }), { numRuns: 1_000 });
  });
});

describe("what a job holds of its nodes", () => {
  it("is whole parts that add up, none above its place while another has room", () => {
    fc.assert(fc.property(fc.nat(200_000), fc.array(fc.nat(64_000), { minLength: 1, maxLength: 8 }), (amount, sizes) => {
      const parts = spread(amount, sizes);
      const room = sizes.reduce((all, size) => all + size, 0);
      expect(parts.reduce((all, part) => all + part, 0)).toBe(amount);
      expect(parts.every((part, at) => part <= sizes[at]!)).toBe(amount <= room);
    }));
    expect([spread(10, [9, 9, 9]), spread(10, [2, 9, 9]), spread(10, [1, 1])]).toEqual([[4, 3, 3], [2, 4, 4], [9, 1]]);
  });

  it("leaves out the part on nodes that Drover does not know, and counts shares of a GPU as their part of it", () => {
    const node = (name: string, shares: number | null = null): OutsideNode => ({ name, cpu: 8_000, memory: 4_000, cards: [{ model: "H100", count: 2, shares }] });
    expect(outsideHolds({ nodeCount: 2, cpu: 6_000, memory: 0, gpus: 2, shares: 0 }, [node("n1")])).toEqual([{ node: "n1", kind: "accelerator", model: "H100", milli: 1_000 }, { node: "n1", kind: "cpu", model: "", milli: 3_000 }]);
    expect(outsideHolds({ nodeCount: 1, cpu: 0, memory: 512, gpus: 0, shares: 3 }, [node("n1", 4)])).toEqual([{ node: "n1", kind: "accelerator", model: "H100", milli: 750 }, { node: "n1", kind: "memory", model: "", milli: 512 }]);
    expect(outsideHolds({ nodeCount: 1, cpu: 1_000, memory: 0, gpus: 0, shares: 0 }, [])).toEqual([]);
  });
});
