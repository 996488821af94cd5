import { describe, expect, it } from "vitest";
import { decayed, shareRatio, type TeamShare } from "./fair-share.ts";
import { levelOf, orderQueue, standing } from "./order.ts";
import { DEFAULT_POLICY, policyWords } from "./policy.ts";
import { NOW, waiting } from "./testing.ts";

const shares = (...all: [string, number, number?][]) => new Map<string, TeamShare>(all.map(([teamId, used, weight = 1]) => [teamId, { teamId, used, weight }]));
const order = (...args: Parameters<typeof orderQueue>) => orderQueue(...args).map(({ id }) => id);

describe("the queue's order", () => {
  it("is priority, then who had least, then age", () => {
    const queue = [waiting("old", { queuedAt: NOW - 100, attained: 7200 }), waiting("urgent", { priority: 90 }), waiting("young", { queuedAt: NOW - 10 }), waiting("younger", { queuedAt: NOW - 5 })];
    expect(order(queue, shares(), DEFAULT_POLICY, NOW)).toEqual(["urgent", "young", "younger", "old"]);
    expect(order(queue, shares(), { ...DEFAULT_POLICY, turns: false }, NOW)).toEqual(["urgent", "old", "young", "younger"]);
  });
  it("puts the team first that used least for its weight, and interleaves equals", () => {
    const queue = [1, 2, 3].flatMap((at) => [waiting(`a${at}`, { queuedAt: NOW + at }), waiting(`b${at}`, { teamId: "team_b", queuedAt: NOW + 10 + at })]);
    expect(order(queue, shares(["team_a", 1e6], ["team_b", 0]), DEFAULT_POLICY, NOW)).toEqual(["b1", "b2", "b3", "a1", "a2", "a3"]);
    expect(order(queue, shares(["team_a", 1e6, 2], ["team_b", 5e5, 1]), DEFAULT_POLICY, NOW)).toEqual(["a1", "b1", "a2", "a3", "b2", "b3"]);
    expect(order(queue, shares(), DEFAULT_POLICY, NOW)).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"]);
    expect(order(queue, shares(["team_a", 1e6], ["team_b", 0]), { ...DEFAULT_POLICY, fairShare: false }, NOW)).toEqual(["a1", "a2", "a3", "b1", "b2", "b3"]);
  });
  it("lifts what waited long, so that nothing waits for ever", () => {
    expect([0, 899, 900, 3600, 4 * 3600, 1e9].map(levelOf)).toEqual([0, 0, 1, 2, 3, 6]);
    const after = (hours: readonly number[], run: { attained: number; gpus: number }) => hours.map((each) => standing({ ...run, queuedAt: NOW }, DEFAULT_POLICY, NOW + each * 3_600_000));
    expect(after([0, 8, 8.5, 16.5, 24.5, 500], { attained: 4 * 3600, gpus: 8 })).toEqual([3, 3, 2, 1, 0, 0]);
    expect(after([25, 26, 48, 70, 500], { attained: 4 * 3600, gpus: 1 })).toEqual([3, 2, 1, 0, 0]); // it ran for eight times as long
  });
  it("counts a slice or share as its part of an accelerator, in turns and for teams, and time as it was", () => {
    const ran = { attained: 3600, spared: 3 * 3600, gpus: 1, queuedAt: NOW }; // four hours of a quarter
    expect(standing(ran, DEFAULT_POLICY, NOW)).toBe(levelOf(3600));
    expect(standing(ran, DEFAULT_POLICY, NOW + 12 * 3_600_000)).toBe(2); // lifted only after eight hours and four times what it ran
    const queue = [1, 2, 3, 4].flatMap((at) => [waiting(`whole${at}`, { gpus: 1, queuedAt: NOW + at }), waiting(`part${at}`, { teamId: "team_b", gpus: 1, part: 0.25, queuedAt: NOW + at })]);
    expect(order(queue, shares(), DEFAULT_POLICY, NOW)).toEqual(["whole1", "part1", "part2", "part3", "part4", "whole2", "whole3", "whole4"]);
  });
  it("lifts nothing for time in which it ran", () => {
    const ran = { attained: 100 * 3600, gpus: 1, queuedAt: NOW };
    expect(standing(ran, DEFAULT_POLICY, NOW + 100 * 3_600_000)).toBe(levelOf(ran.attained));
  });
});

it("use counts half after each half-life, and a team's ratio is its use against its weight", () => {
  expect(decayed(100, 168 * 3600, 168)).toBe(50);
  expect(decayed(100, -5, 168)).toBe(100);
  const all = [{ teamId: "a", used: 300, weight: 1 }, { teamId: "b", used: 100, weight: 1 }];
  expect(all.map((one) => shareRatio(one, all))).toEqual([1.5, 0.5]);
  expect(shareRatio({ teamId: "a", used: 0, weight: 1 }, [{ teamId: "a", used: 0, weight: 1 }])).toBe(1);
});

it("explains each policy in words, on and off", () => {
  const off = policyWords({ ...DEFAULT_POLICY, fairShare: false, turns: false, backfill: false, preemption: false, packing: "spread", maxRunningPerUser: 4 });
  expect(policyWords(DEFAULT_POLICY).map(({ title }) => title)).toEqual(["Priority comes first", "Fair share is on", "Taking turns is on", "Backfill is on", "Preemption is on", "Runs are packed", "No limit per person"]);
  expect(off.map(({ title }) => title)).toEqual(["Priority comes first", "Fair share is off", "Taking turns is off", "Backfill is off", "Preemption is off", "Runs are spread", "At most 4 runs per person"]);
});
