import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { milliOfShare } from "../../agent/protocol/gpu-model.ts";
import { compare, decimal, decimalText, multiply, sum } from "./decimal.ts";
import { type Balance, balancesAfter, counterAmount, entriesFor, type NewEntry, repricedOf } from "./ledger.ts";
import type { ExchangeRate } from "./exchange.ts";
import { HOUR_MS } from "./metering.ts";
import { type PriceLine, priceSpans } from "./price-book.ts";
import { type AssetHour, assetCost, type Holding, rateAssetHour, ticksAt } from "./rating.ts";

const HOUR = Date.UTC(2026, 10, 5, 7);
const ASSET = { kind: "accelerator", clusterId: "cl_1", model: "H100", capacityClass: "owned" } as const;
const offset = fc.integer({ min: -HOUR_MS / 2, max: HOUR_MS + HOUR_MS / 2 });
const span = fc.tuple(offset, offset).map(([a, b]) => ({ from: HOUR + Math.min(a, b), to: HOUR + Math.max(a, b) + 1 }));
const holding: fc.Arbitrary<Holding> = fc.record({ at: span, attemptId: fc.constantFrom("att_1", "att_2", "att_3", "att_4"), milli: fc.integer({ min: 1, max: 8_000 }), evidence: fc.constantFrom("measured", "inferred", "provisional") }).map(({ at, ...rest }) => ({ ...at, ...rest }));
/** Cut where they will: a currency changes its worth at midnight, but conservation must not hang on that. */
const rate: fc.Arbitrary<ExchangeRate> = fc.record({ id: fc.uuid(), version: fc.integer({ min: 1, max: 4 }), validFrom: offset.map((ms) => HOUR + ms), rate: fc.bigInt({ min: 1n, max: 10n ** 10n }).map((units) => ({ units, scale: 8 })) });
const line: fc.Arbitrary<PriceLine> = fc.record({
  id: fc.uuid(),
  version: fc.integer({ min: 1, max: 4 }),
  kind: fc.constant("accelerator" as const),
  clusterId: fc.constantFrom(null, "cl_1", "cl_2"),
  model: fc.constantFrom(null, "h100", "a100"),
  capacityClass: fc.constantFrom(null, "owned" as const, "spot" as const),
  validFrom: offset.map((ms) => HOUR + ms),
  rates: fc.option(fc.array(rate, { maxLength: 4 }), { nil: undefined }),
  unitPrice: fc.option(fc.bigInt({ min: 0n, max: 10n ** 13n }).map((units) => ({ units, scale: 8 })), { freq: 8 }),
});
/** Capacity comes in stretches that do not overlap. */
const capacity = fc.uniqueArray(offset, { minLength: 2, maxLength: 6 }).map((cuts) => cuts.toSorted((a, b) => a - b)).chain((cuts) => fc.array(fc.integer({ min: 0, max: 64_000 }), { minLength: cuts.length - 1, maxLength: cuts.length - 1 }).map((amounts) => amounts.map((milli, at) => ({ from: HOUR + cuts[at]!, to: HOUR + cuts[at + 1]!, milli }))));
const facts = fc.record({ holdings: fc.array(holding, { maxLength: 12 }), capacity, lines: fc.array(line, { maxLength: 8 }), version: fc.integer({ min: 1, max: 4 }) });
type Facts = typeof facts extends fc.Arbitrary<infer T> ? T : never;

const assetHour = ({ holdings, capacity, lines, version }: Facts): AssetHour => ({ hour: HOUR, holdings, capacity, prices: priceSpans(lines, ASSET, HOUR, HOUR + HOUR_MS, version), capacityClass: "owned", isComplete: true });
const totalOf = (rows: readonly { amount: { units: bigint; scale: number } }[]) => sum(rows.map(({ amount }) => amount));
const text = (balances: readonly Balance[]) => balances.map(({ attemptId, priceId, rateId, unitPrice, quantity, evidence }) => [attemptId, priceId, rateId, decimalText(unitPrice), decimalText(quantity), evidence].join(" "));

describe("conservation", () => {
  it("gives the rows of an asset-hour the sum of its cost, to the last digit", () => {
    fc.assert(fc.property(facts, (given) => {
      const input = assetHour(given);
      expect(compare(totalOf(rateAssetHour(input)), assetCost(input))).toBe(0);
    }), { numRuns: 3_000 });
  });

  it("makes every cost the exact product of quantity and price", () => {
    fc.assert(fc.property(facts, (given) => {
      for (const { amount, quantity, unitPrice } of rateAssetHour(assetHour(given))) expect(compare(amount, multiply(quantity, unitPrice))).toBe(0);
    }), { numRuns: 1_000 });
  });

  it("is the same ledger in whatever order facts arrive, late ones and corrections too", () => {
    fc.assert(fc.property(facts, fc.array(facts, { maxLength: 4 }), fc.infiniteStream(fc.nat()), (last, earlier, dice) => {
      const shuffled = { ...last, holdings: last.holdings.map((each) => ({ each, at: dice.next().value })).toSorted((a, b) => a.at - b.at).map(({ each }) => each), lines: last.lines.toReversed() };
      let balances: Balance[] = [];
      // Whatever was believed before, and posted, does not matter once the last facts are known.
      for (const belief of [...earlier, shuffled]) {
        const entries = entriesFor(balances, rateAssetHour(assetHour(belief)));
        expect(compare(sum([...entries.map(({ amount }) => amount), counterAmount(entries)]), decimal("0"))).toBe(0);
        balances = balancesAfter(balances, entries);
      }
      expect(text(balances)).toEqual(text(balancesAfter([], entriesFor([], rateAssetHour(assetHour(last))))));
      expect(entriesFor(balances, rateAssetHour(assetHour(last)))).toEqual([]); // and saying it again appends nothing
    }), { numRuns: 2_000 });
  });

  it("cuts an interval in pieces without a tick lost or gained, and moves only what touches a moved end", () => {
    fc.assert(fc.property(facts, fc.array(offset, { maxLength: 5 }), (given, cuts) => {
      const whole = rateAssetHour(assetHour(given));
      const pieces = given.holdings.flatMap((each) => {
        const inside = [each.from, ...cuts.map((ms) => HOUR + ms).filter((at) => at > each.from && at < each.to).toSorted((a, b) => a - b), each.to];
        return inside.slice(1).map((to, at) => ({ ...each, from: inside[at]!, to }));
      });
      expect(rateAssetHour(assetHour({ ...given, holdings: pieces }))).toEqual(whole);
    }), { numRuns: 2_000 });
  });

  it("re-partitions an accelerator into slices that together cost what the whole did", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 333 }), { minLength: 1, maxLength: 3 }), span, line, (slices, at, price) => {
      const lines = [{ ...price, clusterId: null, model: null, capacityClass: null, validFrom: HOUR - 1, version: 1 }];
      const capacity = [{ from: HOUR, to: HOUR + HOUR_MS, milli: 1000 }];
      const holdings = slices.map((milli, index): Holding => ({ ...at, attemptId: `att_${index}`, milli, evidence: "measured" }));
      const input = assetHour({ holdings, capacity, lines, version: 1 });
      expect(compare(totalOf(rateAssetHour(input)), assetCost(input))).toBe(0);
      expect(rateAssetHour(input).every(({ quantity }) => quantity.units > 0n)).toBe(true);
    }), { numRuns: 2_000 });
  });

  it("gives those that share a GPU, and what of it nobody has, its cost together, however many shares there are and whoever has them when", () => {
    const turns = fc.array(fc.record({ share: fc.nat(63), at: span }), { maxLength: 30 });
    fc.assert(fc.property(fc.integer({ min: 2, max: 64 }), turns, line, (shares, wanted, price) => {
      const until = Array.from({ length: shares }, () => -Infinity);
      const holdings = wanted.toSorted((a, b) => a.at.from - b.at.from).flatMap(({ share, at }, index): Holding[] => {
        const mine = share % shares;
        if (at.from < until[mine]!) return []; // a share is one run's at a time
        until[mine] = at.to;
        return [{ ...at, attemptId: `att_${index}`, milli: milliOfShare(shares, mine), evidence: "measured" }];
      });
      const lines = [{ ...price, clusterId: null, model: null, capacityClass: null, validFrom: HOUR - 1, version: 1 }];
      const rows = rateAssetHour(assetHour({ holdings, capacity: [{ from: HOUR, to: HOUR + HOUR_MS, milli: 1000 }], lines, version: 1 }));
      expect(compare(sum(rows.map(({ quantity }) => quantity)), decimal("1"))).toBe(0); // one GPU, for an hour
      expect(rows.every(({ quantity }) => quantity.units > 0n)).toBe(true); // none is idle less than never
    }), { numRuns: 2_000 });
  });
});

describe("an hour's ticks", () => {
  it("are ten million, and never go back", () => {
    expect(ticksAt(0)).toBe(0n);
    expect(ticksAt(HOUR_MS)).toBe(10_000_000n);
    fc.assert(fc.property(fc.nat({ max: HOUR_MS - 1 }), (ms) => ticksAt(ms) <= ticksAt(ms + 1)));
  });
});

describe("a price in another currency", () => {
  const day = (days: number) => HOUR + days * 24 * HOUR_MS;
  const given = (id: string, version: number, days: number, text: string): ExchangeRate => ({ id, version, validFrom: day(days), rate: decimal(text) });
  const rates = [given("x1", 1, -9, "1.10"), given("x2", 3, -2, "1.20"), given("x3", 4, -2, "0.33333333")];
  const euros: PriceLine = { id: "p", version: 2, kind: "accelerator", clusterId: null, model: null, capacityClass: null, validFrom: day(-9), unitPrice: decimal("2.00000001"), rates };
  const found = (days: number, version: number, lines: PriceLine[] = [euros]) => {
    const [span] = priceSpans(lines, ASSET, day(days), day(days) + 1, version);
    return span!.price && `${decimalText(span!.price.unitPrice)} ${span!.price.rateId}`;
  };

  it("is worth what the rate of its day says, as each version knew it", () => {
    expect([found(-5, 2), found(-1, 2), found(-1, 3), found(-1, 4), found(-5, 4)]).toEqual(["2.20000001 x1", "2.20000001 x1", "2.40000001 x2", "0.66666666 x3", "2.20000001 x1"]);
    expect(priceSpans([euros], ASSET, day(-5), day(0), 4).map(({ price }) => price?.rateId)).toEqual(["x1", "x3"]);
  });

  it("is none before the first rate, so that a wider price holds", () => {
    const wider: PriceLine = { id: "w", version: 1, kind: "accelerator", clusterId: null, model: null, capacityClass: null, validFrom: 0, unitPrice: decimal("3") };
    expect(found(-5, 2, [{ ...euros, model: "h100", rates: [] }, wider])).toBe("3 null");
    expect(found(-5, 2, [{ ...euros, rates: [] }])).toBeNull();
  });
});

describe("idle capacity", () => {
  it("is what nobody held", () => {
    const holdings: Holding[] = [{ attemptId: "att_1", from: HOUR, to: HOUR + HOUR_MS / 2, milli: 1000, evidence: "measured" }];
    const lines: PriceLine[] = [{ id: "p", version: 1, kind: "accelerator", clusterId: null, model: null, capacityClass: null, validFrom: 0, unitPrice: decimal("2.50") }];
    const rows = rateAssetHour(assetHour({ holdings, capacity: [{ from: HOUR, to: HOUR + HOUR_MS, milli: 2000 }], lines, version: 1 }));
    expect(rows.map(({ attemptId, quantity, amount }) => [attemptId, decimalText(quantity), decimalText(amount)])).toEqual([[null, "1.5000000000", "3.750000000000"], ["att_1", "0.5000000000", "1.250000000000"]]);
  });

  it("is negative where more was held than there was, and is not hidden", () => {
    const holdings: Holding[] = [{ attemptId: "att_1", from: HOUR, to: HOUR + HOUR_MS, milli: 3000, evidence: "measured" }];
    const [idle] = rateAssetHour(assetHour({ holdings, capacity: [{ from: HOUR, to: HOUR + HOUR_MS, milli: 2000 }], lines: [], version: 1 }));
    expect(decimalText(idle!.quantity)).toBe("-1.0000000000");
  });

  it("is not told before the hour is over", () => {
    const rows = rateAssetHour({ ...assetHour({ holdings: [], capacity: [{ from: HOUR, to: HOUR + HOUR_MS, milli: 2000 }], lines: [], version: 1 }), isComplete: false });
    expect(rows).toEqual([]);
  });
});

describe("what other prices brought about", () => {
  const entry = (attemptId: string | null, priceId: string, reverses: boolean, over: Partial<NewEntry> = {}): NewEntry => ({ attemptId, priceId, rateId: null, unitPrice: decimal("1"), evidence: "measured", capacityClass: "owned", quantity: decimal(reverses ? "-1" : "1"), amount: decimal(reverses ? "-1" : "1"), reverses, ...over });

  it("is a holder's lines taken back and entered anew by another price or rate, and nobody else's", () => {
    const dearer = [entry("a", "old", true), entry("a", "new", false)];
    expect(repricedOf([...dearer, entry("b", "new", false)])).toEqual(dearer);
    expect(repricedOf([entry(null, "p", true), entry(null, "p", false, { rateId: "r" })])).toHaveLength(2);
    expect(repricedOf([entry("a", "p", true), entry("a", "p", false), entry("a", "q", false)])).toHaveLength(3); // from the middle of the hour
  });

  it("is neither a late journal nor a better evidence", () => {
    expect(repricedOf([entry("a", "p", true, { evidence: "provisional" }), entry("a", "p", false)])).toEqual([]);
    expect(repricedOf([entry("a", "p", true)])).toEqual([]);
    expect(repricedOf([entry("a", "p", false)])).toEqual([]);
  });
});
