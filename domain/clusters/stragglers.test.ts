import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeFindings } from "./node-findings.ts";
import { paceOf, type PacedRun, type StepTimes, stragglingOf } from "./stragglers.ts";

const STEPS = Array.from({ length: 30 }, (_, at) => at);
const series = (node: string, seconds: (step: number) => number, steps = STEPS): StepTimes => ({ node, steps, seconds: steps.map(seconds) });
const isBehind = (of: StepTimes[]) => [...paceOf(of)].filter(([, pace]) => pace.isBehind).map(([node]) => node);

describe("the pace of the nodes of one run", () => {
  it("is behind where steps take steadily longer than on the siblings, and says how much longer", () => {
    const found = paceOf([series("a", () => 0.4), series("b", () => 0.6), series("c", () => 0.4)]);
    expect(found.get("b")).toEqual({ ratio: expect.closeTo(1.5), isBehind: true });
    expect(found.get("a")!.isBehind || found.get("c")!.isBehind).toBe(false);
  });

  it("is not behind for a few slow steps, nor for one busy rank among several of its node", () => {
    expect(isBehind([series("a", () => 0.4), series("b", (step) => (step % 3 === 0 ? 4 : 0.4))])).toEqual([]);
    expect(isBehind([series("a", () => 0.4), series("b", () => 0.4), series("b", () => 0.4), series("b", () => 2)])).toEqual([]);
  });

  it("is not told of few steps, of steps that no sibling has, or of what is no duration", () => {
    expect(paceOf([series("a", () => 0.4, STEPS.slice(0, 10)), series("b", () => 0.8, STEPS.slice(0, 10))]).size).toBe(0);
    expect(paceOf([series("a", () => 0.4), series("b", () => 0.8, STEPS.map((step) => step + 100))]).size).toBe(0);
    expect(paceOf([series("a", () => 0.4), series("b", () => NaN)]).size).toBe(0);
    expect(paceOf([series("alone", () => 0.4)]).size).toBe(0);
  });

  it("finds the one node that is slower by more than the noise, and none where only noise is, in any unit and order", () => {
    const noise = fc.array(fc.array(fc.double({ min: 0.96, max: 1.04, noNaN: true }), { minLength: 30, maxLength: 30 }), { minLength: 2, maxLength: 6 });
    fc.assert(fc.property(noise, fc.double({ min: 1.4, max: 5, noNaN: true }), fc.double({ min: 0.001, max: 100, noNaN: true }), fc.boolean(), (of, slower, unit, backwards) => {
      const nodes = (factor: number) => {
        const all = of.map((own, at) => series(`n${at}`, (step) => unit * own[step]! * (at === 0 ? factor : 1), backwards ? STEPS.toReversed() : STEPS));
        return backwards ? all.toReversed() : all;
      };
      expect(isBehind(nodes(1))).toEqual([]);
      expect(isBehind(nodes(slower))).toEqual(["n0"]);
    }), { numRuns: 100 });
  });

  it("is told by the latest steps that all have, however many there are and however far one node is ahead", () => {
    const many = Array.from({ length: 20_000 }, (_, at) => at);
    const recovered = (step: number) => (step < 10_000 ? 0.8 : 0.4);
    const found = paceOf([series("a", () => 0.4, many), series("b", recovered, many.slice(0, 18_000)), ...Array.from({ length: 62 }, (_, at) => series(`n${at}`, () => 0.4, many.slice(0, 18_000)))]);
    expect([found.size, found.get("b")]).toEqual([64, { ratio: 1, isBehind: false }]);
    expect(isBehind([series("a", () => 0.4, many), series("b", recovered, many.slice(0, 8_000))])).toEqual(["b"]);
  });
});

let number = 0;
const run = (slow: string | null, over: Partial<PacedRun> = {}): PacedRun => {
  const nodes = over.nodes ?? ["a", "b"];
  number += 1;
  return { runId: `r${String(number).padStart(4, "0")}`, ownerId: `o${number % 2}`, at: number, nodes, paces: new Map(nodes.map((node) => [node, node === slow ? { ratio: 1.5, isBehind: true } : { ratio: 1, isBehind: false }])), ...over };
};
const straggling = (runs: PacedRun[], node = "b") => stragglingOf(node, runs, 24);

describe("a node that keeps the others waiting", () => {
  it("is named after three runs of two people, with how much longer its steps took", () => {
    const found = straggling([run("b"), run("b"), run(null), run("b")]);
    expect(found).toMatchObject({ says: "b kept the others waiting in 3 of 4 runs over several nodes in 24 hours: its steps took 1.5 times as long as theirs." });
    expect(found!.runs.map(({ how }) => how)).toEqual(Array(3).fill("Steps took 1.5 times as long as on 1 other node."));
    expect(found!.runs.map(({ at }) => at)).toEqual(found!.runs.map(({ at }) => at).toSorted((a, b) => b - a));
  });

  it("is not named for one slow run or two, for one person's runs, for tries of one run, or where most of its runs went well", () => {
    expect(straggling([run("b"), run("b")])).toBeNull();
    expect(straggling([run("b", { ownerId: "o" }), run("b", { ownerId: "o" }), run("b", { ownerId: "o" })])).toBeNull();
    expect(straggling([run("b", { runId: "r" }), run("b", { runId: "r" }), run("b", { runId: "r" })])).toBeNull();
    expect(straggling([run("b"), run("b"), run("b"), run(null), run(null)])).toBeNull();
    expect(straggling([run("b"), run("b"), run("b")], "a")).toBeNull();
  });

  it("is not named for being slow only as the first node, which often has more to do", () => {
    expect(straggling([run("a"), run("a"), run("a")], "a")).toBeNull();
    expect(straggling([run("a"), run("a"), run("a", { nodes: ["b", "a"] })], "a")).not.toBeNull();
  });

  it("is proposed for a drain like a failing one, unless it is drained, and under another key with every new slow run", () => {
    const nodes = (isDrained: boolean) => ["a", "b"].map((name) => ({ id: `id-${name}`, name, isDrained, accelerators: [] }));
    const runs = [run("b"), run("b"), run("b")];
    const [found] = nodeFindings(nodes(false), [], runs);
    expect(found).toMatchObject({ node: "b", tone: "warn", runsAre: "the slow runs" });
    expect(nodeFindings(nodes(true), [], runs)).toEqual([]);
    expect(nodeFindings(nodes(false), [], [...runs, run("b")])[0]!.key).not.toBe(found!.key);
  });
});
