import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admits, type BudgetState, isUsedUp, lastWarning, leftOf, newLevels, percentSpent, refusalOf } from "./budget.ts";
import { costInWords } from "./plan-words.ts";
import { add, compare, type Decimal, decimal, decimalText, ZERO } from "./decimal.ts";
import { acceleratorsOf, estimate, guessLength, holdsOf, type PricedPlace } from "./estimate.ts";
import { HOUR_MS } from "./metering.ts";
import type { PriceLine } from "./price-book.ts";

const state = (spent: string, held: string, policy: BudgetState["policy"] = "block"): BudgetState => ({ amount: decimal("100"), spent: decimal(spent), held: decimal(held), policy });
const cents = (most: number) => fc.bigInt({ min: 0n, max: BigInt(most) }).map((units): Decimal => ({ units, scale: 2 }));

describe("a budget", () => {
  it("takes holds up to its last cent and no further, unless it only warns", () => {
    expect(admits(state("40", "50"), decimal("10"))).toBe(true);
    expect(admits(state("40", "50"), decimal("10.000000000000000001"))).toBe(false);
    expect(admits(state("40", "50", "drain"), decimal("11"))).toBe(false);
    expect(admits(state("400", "50", "warn"), decimal("11"))).toBe(true);
  });

  it("never promises more than it has, whatever is asked of it in whatever order", () => {
    fc.assert(fc.property(fc.array(cents(5000), { maxLength: 40 }), cents(9000), (asks, spent) => {
      let now: BudgetState = { amount: decimal("100"), spent, held: ZERO, policy: "block" };
      for (const ask of asks) if (admits(now, ask)) now = { ...now, held: add(now.held, ask) };
      expect(compare(add(now.spent, now.held), now.amount)).toBeLessThanOrEqual(0);
    }));
  });

  it("announces each level once, when all of it is reached", () => {
    expect(percentSpent(state("79.999", "0"))).toBe(79);
    expect(newLevels(state("79.999", "0"), [100, 50, 80], [])).toEqual([50]);
    expect(newLevels(state("120", "0"), [100, 50, 80], [50])).toEqual([80, 100]);
    expect([[50, 80, 100], [100], [10, 120]].map(lastWarning)).toEqual([80, 80, 10]);
    expect(isUsedUp(state("99.999999999999999999", "0"))).toBe(false);
    expect(isUsedUp(state("100", "0"))).toBe(true);
  });

  it("says what is left and what would help when it refuses", () => {
    expect(refusalOf("Vision", state("40", "50"), decimal("12"), "USD")).toMatch(/^The budget Vision has \$10\.00 of \$100\.00 left this month, and this run would be held at \$12\.00\. Give it a shorter maxDuration/);
    expect(refusalOf("Vision", state("140", "0"), decimal("12"), "USD")).toMatch(/^The budget Vision has nothing of \$100\.00 left/);
    expect(decimalText(leftOf(state("140", "5")))).toBe("-45");
  });
});

describe("what a run should cost", () => {
  const line = (over: Partial<PriceLine> & Pick<PriceLine, "kind" | "id">, price: string): PriceLine => ({ version: 1, clusterId: null, model: null, capacityClass: null, validFrom: 0, unitPrice: decimal(price), ...over });
  const lines = [line({ id: "a", kind: "accelerator", model: "h100" }, "4"), line({ id: "b", kind: "accelerator", model: "a100" }, "2"), line({ id: "c", kind: "cpu" }, "0.05")];
  const places: PricedPlace[] = [{ clusterId: "one", capacityClass: "owned", models: ["NVIDIA H100", "NVIDIA A100"] }, { clusterId: "two", capacityClass: "spot", models: ["NVIDIA A100"] }];
  const resources = { nodes: 2, gpus: 4, cpus: 10, memory: 1024, gpuModel: null as string | null };
  const of = (length: ReturnType<typeof guessLength>, over: Partial<typeof resources> = {}) => estimate(holdsOf({ ...resources, ...over }), places, length, lines, HOUR_MS, 1)!;

  it("spans the cheapest and the dearest that it may get, and is held at the dearest for the longest", () => {
    const found = of(guessLength(2 * 3600, null));
    expect([found.hourly.low, found.hourly.high, found.hold].map((value) => compare(value, ZERO) && +decimalText(value))).toEqual([17, 33, 66]); // 8 GPUs, 20 cores
    expect(compare(of(guessLength(3600, null), { gpuModel: "h100" }).hold, decimal("33"))).toBe(0);
  });

  it("of a slice is that part of its accelerator's price, and whole ones are all that others may get", () => {
    const slice = "NVIDIA H100 MIG 1g.10gb";
    const cut: PricedPlace = { clusterId: "one", capacityClass: "owned", ...acceleratorsOf([{ accelerators: [{ model: "NVIDIA H100" }, { model: slice, milli: 142 }, { model: slice, milli: 142 }] }]) };
    const high = (gpuModel: string | null) => +decimalText(estimate({ ...holdsOf({ ...resources, nodes: 1, gpus: 1, gpuModel }), cpu: 0 }, [cut], guessLength(3600, null), lines, HOUR_MS, 1)!.hourly.high);
    expect([high("1g.10gb"), high("h100"), high(null)]).toEqual([0.568, 4, 4]);
  });

  it("of a share is the greatest that it may be of its accelerator's price, also where a scheduler gives that whole too", () => {
    const thirds = [334, 333, 333].map((milli) => ({ model: "NVIDIA H100 shared 1/3", milli }));
    const place: PricedPlace = { clusterId: "one", capacityClass: "owned", ...acceleratorsOf([{ accelerators: [...thirds.toReversed(), { model: "NVIDIA A100" }] }, { accelerators: [{ model: "H100", shares: 4 }] }]) };
    const high = (gpuModel: string | null, gpus = 1) => +decimalText(estimate({ ...holdsOf({ ...resources, nodes: 1, gpus, gpuModel }), cpu: 0 }, [place], guessLength(3600, null), lines, HOUR_MS, 1)!.hourly.high);
    expect([high("shared"), high("H100 shared 1/4"), high("H100 shared 1/4", 3), high("h100")]).toEqual([1.336, 1, 3, 4]);
  });

  it("takes its length from history, else from its limit, else a day", () => {
    expect(guessLength(null, { p50: 600, p90: 900 })).toEqual({ lowSeconds: 600, highSeconds: 900, from: "history" });
    expect(guessLength(700, { p50: 600, p90: 900 })).toEqual({ lowSeconds: 600, highSeconds: 700, from: "history" });
    expect(guessLength(700, null)).toEqual({ lowSeconds: 0, highSeconds: 700, from: "limit" });
    expect(guessLength(null, null).highSeconds).toBe(86_400);
  });

  it("is unknown where nothing that it holds has a price", () => {
    expect(estimate(holdsOf({ ...resources, gpus: 0, cpus: 0 }), places, guessLength(60, null), lines, HOUR_MS, 1)).toBeNull();
    expect(estimate(holdsOf(resources), [], guessLength(60, null), lines, HOUR_MS, 1)).toBeNull();
  });

  it("is told in words that name where they come from", () => {
    const cost = (length: ReturnType<typeof guessLength>) => ({ currency: "USD", refusal: null, hourly: { low: "2", high: "4" }, total: { low: "1", high: "8" }, length });
    expect(costInWords(cost(guessLength(null, { p50: 600, p90: 900 })))).toBe("Should cost $1.00 to $8.00, at $2.00 to $4.00 an hour, if it takes as long as runs of its experiment did.");
    expect(costInWords(cost(guessLength(7200, null)))).toMatch(/at most \$8\.00 in the 2 h/);
    expect(costInWords(cost(guessLength(null, null)))).toMatch(/budgets hold a day of it: \$8\.00\.$/);
  });
});
