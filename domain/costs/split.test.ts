import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare, multiply, sum } from "./decimal.ts";
import { HOUR_MS, type HeldKind } from "./metering.ts";
import { assetCost, QUANTITY_SCALE, rateAssetHour } from "./rating.ts";
import { type AttemptFate, type Charge, HELD_PARTS, isWasted, type NodeAsset, splitCharge, splitDay, strandedIn } from "./split.ts";

const HOUR = Date.UTC(2026, 10, 5, 7);
const offset = fc.integer({ min: -HOUR_MS / 4, max: HOUR_MS + HOUR_MS / 4 });
const span = fc.tuple(offset, offset).map(([a, b]) => ({ from: HOUR + Math.min(a, b), to: HOUR + Math.max(a, b) + 1 }));
const held = fc.record({ at: span, attemptId: fc.constantFrom("att_1", "att_2", "att_3"), milli: fc.integer({ min: 1, max: 1500 }), device: fc.constantFrom(null, "GPU-0", "GPU-1") }).map(({ at, ...rest }) => ({ ...at, ...rest, evidence: "measured" as const }));
const owned = fc.record({ at: span, milli: fc.integer({ min: 0, max: 8000 }) }).map(({ at, milli }) => ({ ...at, milli }));
const asset = (kind: HeldKind) => fc.record({ kind: fc.constant(kind), model: fc.constant(kind === "accelerator" ? "h100" : ""), capacity: fc.array(owned, { minLength: 1, maxLength: 2 }), holdings: fc.array(held, { maxLength: 6 }) });
const node = fc.tuple(asset("accelerator"), asset("cpu"), asset("memory"));
const price = fc.bigInt({ min: 0n, max: 10n ** 12n }).map((units) => ({ id: "p", unitPrice: { units, scale: 8 }, rateId: null }));
const fates = fc.dictionary(fc.constantFrom("att_1", "att_2", "att_3"), fc.record({ isWasted: fc.boolean(), use: fc.option(fc.integer({ min: 0, max: 1000 })) }), { noNullPrototype: true });

const charges = ({ kind, model, capacity, holdings }: NodeAsset & { holdings: readonly { from: number; to: number; milli: number; attemptId: string; evidence: "measured" }[] }, given: Parameters<typeof rateAssetHour>[0]["prices"][number]["price"]): Charge[] =>
  rateAssetHour({ hour: HOUR, holdings, capacity, prices: [{ from: HOUR, to: HOUR + HOUR_MS, price: given }], capacityClass: "owned", isComplete: true }).map(({ attemptId, unitPrice, quantity, evidence }) => ({ node: "n", kind, model, hour: HOUR, capacityClass: "owned", attemptId, projectId: attemptId ? "prj" : "", unitPrice, units: quantity.units, isProvisional: evidence !== "measured" }));

describe("the parts of what capacity cost", () => {
  it("add up to its cost, to the last digit, whatever was held, used, lost or stranded", () => {
    fc.assert(fc.property(node, price, fates, (assets, given, known) => {
      const found = strandedIn(HOUR, assets);
      const all = assets.flatMap((one) => charges(one, given));
      const parts = splitDay(all, ({ attemptId }) => known[attemptId ?? ""], ({ kind }) => found[assets.findIndex((one) => one.kind === kind)]);
      const cost = sum(assets.map(({ capacity }) => assetCost({ hour: HOUR, capacity, prices: [{ from: HOUR, to: HOUR + HOUR_MS, price: given }] })));
      expect(compare(sum(parts.map(({ amount }) => amount)), cost)).toBe(0);
      for (const { units, amount } of parts) expect(compare(amount, multiply({ units, scale: QUANTITY_SCALE }, given.unitPrice))).toBe(0);
      expect(new Set(parts.map(({ projectId, part }) => HELD_PARTS.has(part) === (projectId === "prj")))).not.toContain(false);
    }), { numRuns: 1_000 });
  });

  it("find as much unheld as rating does, and never more of it stranded than there is", () => {
    fc.assert(fc.property(node, price, (assets, given) => {
      for (const [at, { stranded, unheld }] of strandedIn(HOUR, assets).entries()) {
        const free = charges(assets[at]!, given).filter(({ attemptId }) => attemptId === null).reduce((units, one) => units + one.units, 0n);
        expect(unheld).toBe(free);
        expect(stranded).toBeGreaterThanOrEqual(0n);
        if (unheld > 0n && assets[at]!.holdings.length === 0) expect(stranded).toBeLessThanOrEqual(unheld);
      }
    }), { numRuns: 1_000 });
  });
});

describe("a charge", () => {
  const of = (attemptId: string | null, units: bigint, fate?: AttemptFate, stranded?: { stranded: bigint; unheld: bigint }) => Object.fromEntries(splitCharge({ kind: "cpu", attemptId, units }, fate, stranded).filter(([, part]) => part !== 0n));

  it("of a run is used as far as it was measured, idle for the rest, and not measured where nobody looked", () => {
    expect(of("a", 10_001n, { isWasted: false, use: 250 })).toEqual({ used: 2500n, idle: 7501n });
    expect(of("a", 10n, { isWasted: false, use: 1000 })).toEqual({ used: 10n });
    expect(of("a", 10n, { isWasted: false, use: 0 })).toEqual({ idle: 10n });
    expect(of("a", 10n, { isWasted: false, use: null })).toEqual({ unmeasured: 10n });
    expect(of("a", 10n)).toEqual({ unmeasured: 10n });
  });

  it("of an attempt that failed or was given up is wasted, however busy it was; of a cancelled one it is not", () => {
    expect(of("a", 10n, { isWasted: true, use: 990 })).toEqual({ wasted: 10n });
    expect([isWasted({ status: "ended", outcome: "failed" }), isWasted({ status: "lost", outcome: null }), isWasted({ status: "ended", outcome: "cancelled" }), isWasted({ status: "ended", outcome: "succeeded" }), isWasted({ status: "running", outcome: null })]).toEqual([true, true, false, false, false]);
  });

  it("of nobody is stranded as far as it could not be placed; more held than there was stays visible as less than nothing free", () => {
    expect(of(null, 100n, undefined, { stranded: 30n, unheld: 120n })).toEqual({ stranded: 25n, free: 75n });
    expect(of(null, 100n, undefined, { stranded: 0n, unheld: 100n })).toEqual({ free: 100n });
    expect(of(null, 100n)).toEqual({ free: 100n });
    expect(of(null, -7n, undefined, { stranded: 5n, unheld: -7n })).toEqual({ free: -7n });
  });
});

describe("what nobody can be placed on", () => {
  const whole = { from: HOUR, to: HOUR + HOUR_MS };
  const machine = (cpuHeld: number, memoryHeld: number, gpus: { device: string; milli: number }[] = []): NodeAsset[] => [
    { kind: "accelerator", model: "h100", capacity: [{ ...whole, milli: 4000 }], holdings: gpus.map((one) => ({ ...whole, ...one })) },
    { kind: "cpu", model: "", capacity: [{ ...whole, milli: 8000 }], holdings: cpuHeld ? [{ from: HOUR, to: HOUR + HOUR_MS / 2, milli: cpuHeld, device: null }] : [] },
    { kind: "memory", model: "", capacity: [{ ...whole, milli: 64_000 }], holdings: memoryHeld ? [{ ...whole, milli: memoryHeld, device: null }] : [] },
  ];
  const gpuHours = (assets: NodeAsset[], at = 0) => Number(strandedIn(HOUR, assets)[at]!.stranded) / 1e10;

  it("are the free accelerators of a node whose cores or memory are all taken, for as long as they are", () => {
    expect(gpuHours(machine(7001, 0))).toBe(2); // four for half of the hour
    expect(gpuHours(machine(7000, 0))).toBe(0);
    expect(gpuHours(machine(0, 63_500))).toBe(4);
    expect(gpuHours(machine(0, 63_500), 1)).toBe(8); // and its cores
  });

  it("is what is left of an accelerator that is held in part", () => {
    expect(gpuHours(machine(0, 0, [{ device: "GPU-0", milli: 143 }, { device: "GPU-0", milli: 286 }, { device: "GPU-1", milli: 1000 }]))).toBeCloseTo(0.571, 9);
  });

  it("is not what is free of a node with room", () => {
    expect(strandedIn(HOUR, machine(4000, 1000)).map(({ stranded }) => stranded)).toEqual([0n, 0n, 0n]);
  });
});
