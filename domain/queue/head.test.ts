import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterSnapshot, LiveHold } from "../agents/placement.ts";
import { release } from "../agents/placement.ts";
import type { Waiting } from "./order.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import { cluster, node, NOW, pass, started, waiting } from "./testing.ts";

const arbSizes = fc.array(fc.record({ gpus: fc.integer({ min: 1, max: 8 }), minutes: fc.integer({ min: 1, max: 60 }) }), { minLength: 1, maxLength: 25 });
const PLAIN = { ...DEFAULT_POLICY, preemption: false, turns: false, fairShare: false };
const MINUTE = 60_000;

/** When `head` starts where all take exactly as long as they may. `small` arrive behind it. */
function startOfHead(busy: { gpus: number; minutes: number }[], head: Waiting, small: Waiting[], backfill: boolean): number {
  const one: ClusterSnapshot = cluster("a", [node("n0", { gpus: 8, cpus: 64 }), node("n1", { gpus: 8, cpus: 64 })]);
  const queue = [...busy.map((each, at) => waiting(`busy_${at}`, { resources: { gpus: each.gpus }, spec: { maxDuration: each.minutes * 60 }, queuedAt: NOW - 1000 + at }))];
  const start = (all: Waiting[], now: number, policy = PLAIN) => {
    const { placed } = pass(all, [one], { now, policy });
    for (const each of placed) {
      const run = all.find(({ id }) => id === each.runId)!;
      started(one, run, each, {}, now + run.spec.maxDuration! * 1000);
    }
    return new Set(placed.map(({ runId }) => runId));
  };
  start(queue, NOW);
  let waits = [head, ...small];
  for (let now = NOW; now < NOW + 10_000 * MINUTE; ) {
    const placed = start(waits, now, { ...PLAIN, backfill });
    if (placed.has(head.id)) return now;
    waits = waits.filter(({ id }) => !placed.has(id));
    now = Math.min(...one.live.map((hold) => hold.endsBy!));
    for (const hold of one.live.filter((each: LiveHold) => each.endsBy! <= now)) {
      release(one, hold);
      one.live.splice(one.live.indexOf(hold), 1);
    }
  }
  return Number.POSITIVE_INFINITY;
}

describe("the head of the queue", () => {
  it("starts no later with backfill than it would if nothing were let past it", () => {
    fc.assert(fc.property(arbSizes, fc.integer({ min: 1, max: 8 }), arbSizes, (busy, gpus, behind) => {
      const head = waiting("head", { resources: { gpus }, spec: { maxDuration: 60 } });
      const small = behind.map((each, at) => waiting(`small_${at}`, { resources: { gpus: each.gpus }, spec: { maxDuration: each.minutes * 60 }, queuedAt: NOW + 1 + at }));
      const alone = startOfHead(busy, head, small, false);
      expect(alone).toBeLessThan(Number.POSITIVE_INFINITY);
      expect(startOfHead(busy, head, small, true)).toBeLessThanOrEqual(alone);
    }), { numRuns: 150 });
  });
  it("is not starved by small runs that arrive for ever without saying how long they take", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }), (before, each) => {
      const one = cluster("a", [node("n0", { gpus: 8, cpus: 64 })]);
      for (let at = 0; at < before; at += 1) started(one, waiting(`old_${at}`, { resources: { gpus: 1 } }), { nodeNames: ["n0"], accelerators: [at] });
      const head = waiting("head", { resources: { gpus: 8 } });
      for (let round = 0; round <= before; round += 1) {
        const late = Array.from({ length: each }, (_, at) => waiting(`late_${round}_${at}`, { resources: { gpus: 1 }, queuedAt: NOW + 1 }));
        const { placed } = pass([head, ...late], [one]);
        for (const each of placed) {
          if (each.runId === "head") return;
          started(one, late.find(({ id }) => id === each.runId)!, each);
        }
        const oldest = one.live.find((hold) => hold.runId.startsWith("old"));
        if (!oldest) continue;
        release(one, oldest);
        one.live.splice(one.live.indexOf(oldest), 1);
      }
      expect.fail("the large run never started");
    }));
  });
  it("goes before all that is from far behind in a long queue, which has what it leaves, and has nothing stopped for it", () => {
    const one = cluster("a", [node("n1", { cpus: 4 })]);
    const head = waiting("head", { resources: { cpus: 2 }, attained: 1e9 });
    const beyond = [waiting("large", { resources: { cpus: 4 }, priority: 90 }), waiting("small", { resources: { cpus: 2 }, priority: 90, queuedAt: NOW + 1 })];
    const result = pass([head], [one], { beyond });
    expect(result.order).toEqual(["head", "large", "small"]);
    expect(result.placed.map(({ runId }) => runId)).toEqual(["head"]); // the large one has its room kept before the small one
    const low = cluster("a", [node("n1", { cpus: 4 })]);
    started(low, waiting("low", { resources: { cpus: 4 }, priority: 10, spec: { preemptible: true } }), { nodeNames: ["n1"] }, { startedAt: 0 });
    expect(pass([], [low], { beyond }).victims).toEqual([]);
    expect(pass(beyond, [low]).victims).toHaveLength(1);
  });
});
