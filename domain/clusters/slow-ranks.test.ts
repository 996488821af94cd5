import { describe, expect, it } from "vitest";
import { rankStepKey } from "../../agent/protocol/ranks.ts";
import { rankOfKey } from "./rank-key.ts";
import { type RankSteps, slowRanksOf } from "./slow-ranks.ts";

const STEPS = Array.from({ length: 30 }, (_, at) => at);
/** Ranks over nodes of so many, each step half a second but for those named. */
const run = (count: number, perNode: number, slow: Record<number, number>): RankSteps[] =>
  Array.from({ length: count }, (_, rank) => ({ rank, node: `gpu0${Math.floor(rank / perNode)}`, steps: STEPS, seconds: STEPS.map((step) => 0.5 * (slow[rank] ?? 1) * (1 + 0.01 * (step % 3))) }));

describe("ranks that keep the others of their run waiting", () => {
  it("are named with their node and how much longer their steps take", () => {
    expect(slowRanksOf(run(8, 2, { 5: 1.6 }))).toEqual({
      ranks: [{ rank: 5, node: "gpu02", ratio: expect.closeTo(1.6, 1) }], of: 8,
      says: "Rank 5 on gpu02 takes 1.6 times the median step of the others.",
      advice: "Every rank waits for the slowest at each step. Others on gpu02 keep pace: look at its part of the data, and at the accelerator it has.",
    });
  });

  it("are the node's matter where all of it is slow, and perhaps its work where it is rank 0 alone", () => {
    const node = slowRanksOf(run(8, 2, { 4: 1.5, 5: 1.7 }))!;
    expect(node.says).toBe("Rank 5 on gpu02 takes 1.7 times the median step of the others. 1 other of 8 is behind as well.");
    expect(node.advice).toContain("Both ranks on gpu02 are slow: look at that node's clocks");
    expect(slowRanksOf(run(4, 1, { 2: 1.5 }))!.advice).toContain("It is alone on its node");
    expect(slowRanksOf(run(4, 2, { 0: 1.5 }))!.advice).toContain("Rank 0 often has more to do");
    expect(slowRanksOf(run(2, 2, { 1: 3 }))!.advice).toContain("Others on gpu00 keep pace");
  });

  it("are none where steps differ by noise, now and then, or too few are known", () => {
    expect(slowRanksOf(run(8, 2, { 5: 1.1 }))).toBeNull();
    expect(slowRanksOf(run(4, 2, { 1: 2 }).map((one) => ({ ...one, steps: STEPS.slice(0, 5), seconds: Array.from(one.seconds).slice(0, 5) })))).toBeNull();
    expect(slowRanksOf(run(1, 1, { 0: 2 }))).toBeNull();
    expect(slowRanksOf([])).toBeNull();
  });
});

it("a series says by its name which rank it is of, and on which node", () => {
  expect(rankOfKey(rankStepKey(12, "gpu-03.lab"))).toEqual({ rank: 12, node: "gpu-03.lab" });
  for (const key of ["rank/x@a/step_seconds", "rank/1/step_seconds", "node/a/step_seconds", "loss"]) expect(rankOfKey(key)).toBeNull();
});
