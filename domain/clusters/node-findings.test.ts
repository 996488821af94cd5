import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FailureClass } from "../experiments/failure.ts";
import { chanceOfAtLeast, nodeFindings, type NodeHealth, type NodeOutcome } from "./node-findings.ts";

const node = (name: string, over: Partial<NodeHealth> = {}): NodeHealth => ({ id: `id-${name}`, name, isDrained: false, accelerators: [], ...over });
let run = 0;
const ends = (name: string, count: number, failed: FailureClass | null, owners = 3): NodeOutcome[] => Array.from({ length: count }, (_, at) => ({ node: name, runId: `run-${run++}`, ownerId: `o${at % owners}`, failed, at }));
const gpu = (index: number, health: "ok" | "degraded" | "failed", healthReason: string | null = null) => ({ index, model: "H100", health, healthReason });

describe("a node that should take no new work", () => {
  it("is one whose accelerator failed, with what its code means; drained ones are taken care of", () => {
    const accelerators = [gpu(0, "ok"), gpu(3, "failed", "XID 79: GPU has fallen off the bus.")];
    const [found] = nodeFindings([node("a"), node("b", { accelerators })], []);
    expect(found).toMatchObject({ node: "b", tone: "bad", says: "Accelerator 3 of b does not work: XID 79: GPU has fallen off the bus.", advice: expect.stringContaining("Drain the node and restart it") });
    expect(nodeFindings([node("b", { accelerators, isDrained: true })], [])).toEqual([]);
    expect(nodeFindings([node("b", { accelerators: [gpu(0, "degraded", "2 uncorrected ECC errors since the driver loaded: reset the GPU.")] })], [])).toMatchObject([{ tone: "warn" }]);
  });

  it("is one where runs fail by hardware that go well elsewhere", () => {
    const outcomes = [...ends("a", 30, null), ...ends("a", 1, "hardware"), ...ends("b", 1, null), ...ends("b", 4, "hardware")];
    expect(nodeFindings([node("a"), node("b")], outcomes)).toMatchObject([{ node: "b", tone: "bad", says: "4 of 5 runs failed on b in 24 hours; on the other nodes 1 of 31.", runs: [{ how: "A node or an accelerator failed." }, {}, {}, {}] }]);
  });

  it("is one where the code of several people fails that runs elsewhere, not where one person's does, or everybody's everywhere", () => {
    const nodes = [node("a"), node("b")];
    expect(nodeFindings(nodes, [...ends("a", 40, null), ...ends("b", 6, "user_code")])).toMatchObject([{ node: "b", tone: "warn" }]);
    expect(nodeFindings(nodes, [...ends("a", 40, null), ...ends("b", 6, "user_code", 1)])).toEqual([]);
    expect(nodeFindings(nodes, [...ends("a", 20, null), ...ends("a", 20, "user_code"), ...ends("b", 6, "user_code")])).toEqual([]);
  });

  it("is not one with a few failures, nor one whose runs succeeded when tried again there", () => {
    expect(nodeFindings([node("a"), node("b")], [...ends("a", 40, null), ...ends("b", 2, "hardware")])).toEqual([]);
    const again = ends("b", 4, "hardware").flatMap((one) => [one, { ...one, failed: null, at: one.at + 1 }]);
    expect(nodeFindings([node("a"), node("b")], [...ends("a", 40, null), ...again])).toEqual([]);
    expect(nodeFindings([node("only")], ends("only", 20, "user_code"))).toEqual([]); // nothing to compare with
    expect(nodeFindings([node("only")], ends("only", 20, "hardware"))).toMatchObject([{ says: "20 of 20 runs failed on only in 24 hours." }]);
  });

  it("gets another key with every new failure, so that what was set aside comes back", () => {
    const outcomes = [...ends("a", 40, null), ...ends("b", 4, "hardware")];
    const [before] = nodeFindings([node("a"), node("b")], outcomes);
    const [same] = nodeFindings([node("a"), node("b")], [...outcomes, ...ends("b", 1, null)]);
    const [after] = nodeFindings([node("a"), node("b")], [...outcomes, { ...ends("b", 1, "hardware")[0]!, at: 99 }]);
    expect(same!.key).toBe(before!.key);
    expect(after!.key).not.toBe(before!.key);
  });

  it("is seldom accused by chance: of 300 clusters whose nodes all fail alike, at most a few", () => {
    let seed = 11;
    const dice = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    let accused = 0;
    for (let cluster = 0; cluster < 300; cluster += 1) {
      const nodes = Array.from({ length: 16 }, (_, at) => node(`n${at}`));
      const outcomes = nodes.flatMap(({ name }) => Array.from({ length: 25 }, () => ends(name, 1, dice() < 0.08 ? "hardware" : null)[0]!));
      if (nodeFindings(nodes, outcomes).length > 0) accused += 1;
    }
    expect(accused).toBeLessThanOrEqual(9); // 0.01 × 300, thrice over
  });
});

describe("the chance of so many failures", () => {
  it("is what counting every outcome gives, falls with k and grows with p", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (k, n, p) => {
      let exact = 0;
      for (let bits = 0; bits < 2 ** n; bits += 1) {
        const ones = bits.toString(2).split("1").length - 1;
        if (ones >= k) exact += p ** ones * (1 - p) ** (n - ones);
      }
      expect(chanceOfAtLeast(k, n, p)).toBeCloseTo(exact, 9);
    }), { numRuns: 200 });
  });

  it("holds for thousands of runs", () => {
    expect(chanceOfAtLeast(50, 5000, 0.01)).toBeCloseTo(0.52, 1);
    expect(chanceOfAtLeast(5000, 5000, 0.5)).toBe(0);
  });
});
