import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { factories } from "../../db/factories.ts";
import { runParams } from "../../db/schema/experiments.ts";
import { bucketX, MAX_GROUP_LINES, unpackLine, unpackNumbers } from "../../domain/experiments/compare/buckets.ts";
import { CompareGroups } from "../../domain/experiments/compare/group-inputs.ts";
import type { GroupedSeries } from "../../domain/experiments/compare/view.ts";
import { readGrouped } from "./queries/compare/grouped.ts";
import { type TestWorld, testWorld } from "./testing.ts";

let world: TestWorld;
let member: Awaited<ReturnType<TestWorld["makeUser"]>>;
let ids: string[];
const RUNS = 120;
const START = 1_700_000_000_000;

/** Run `at` logs `at` at every step (even ones) or at every third one; the last of group 0 ends early, one has a NaN. */
async function makeRun(at: number): Promise<string> {
  const { id } = await world.makeRun({ projectId: world.vision.id, startedAt: new Date(START + at * 60_000) });
  const every = at % 2 === 0 ? 1 : 3;
  const count = at === RUNS - 2 ? 10 : Math.floor(30 / every) + 1;
  await factories(world.db).metrics(id, null, "loss", Array.from({ length: count }, (_, place) => ({ step: place * every, at: START + at * 60_000 + place * every * 1000, value: at === 4 && place === 2 ? Number.NaN : at })));
  await world.db.insert(runParams).values({ runId: id, key: "lr", value: String(at % 2) });
  return id;
}

beforeAll(async () => {
  world = await testWorld();
  member = await world.makeUser(world.org.id, "acme", "Mia Member", [["member", "project", world.vision.id]]);
  ids = await Promise.all(Array.from({ length: RUNS }, (_, at) => makeRun(at)));
  const hidden = await world.makeRun({ projectId: world.speech.id });
  await factories(world.db).metrics(hidden.id, null, "loss", [{ step: 0, at: START, value: 1e9 }]);
});
afterAll(() => world.close());

const ask = (more: object) => member.api.compare.groups({ of: { project: "vision" }, key: "loss", ...more } as never);
const courseOf = (answer: GroupedSeries, id: string) => {
  const group = answer.groups.find((one) => one.id === id)!;
  const counts = unpackNumbers(group.n);
  return unpackLine(group).map(({ bucket, last }, at) => ({ x: bucketX(answer.grid!, bucket), mean: last, n: counts[at]! }));
};

describe("a chart of all runs of a filter, in groups", () => {
  it("counts every run at every step, more than can be drawn singly, and says how many there are where", async () => {
    const answer = await ask({ group: "param:lr" });
    expect(answer).toMatchObject({ looked: RUNS, more: false, allGroups: 2, lines: [] });
    expect(answer.groups.map(({ id, runs, nonFinite }) => [id, runs, nonFinite])).toEqual([["0", 60, 1], ["1", 60, 0]]);
    const even = courseOf(answer, "0");
    expect(even[2]).toEqual({ x: 2, mean: 59, n: 60 }); // the one with NaN there is on the line between its neighbours
    expect(even[20]).toEqual({ x: 20, mean: 58, n: 59 }); // 0, 2 … 116: the last has ended
    expect(courseOf(answer, "1").map(({ x, mean, n }) => [x, mean, n])).toEqual(Array.from({ length: 11 }, (_, at) => [at * 3, 60, 60]));
  });

  it("is one line over all where nothing parts them, on any axis and range", async () => {
    expect(courseOf(await ask({ from: 3, to: 5 }), "all runs").map(({ x, n }) => [x, n])).toEqual([[3, RUNS], [4, 60], [5, 60]]);
    const relative = await ask({ x: "relative", group: "param:lr" });
    expect(courseOf(relative, "0")[0]).toEqual({ x: expect.closeTo(75, 0), mean: 59, n: 60 });
  });

  it("takes the runs that the filter finds, or those that were chosen, and never one that may not be seen", async () => {
    expect(await ask({ of: { project: "vision", filter: "params.lr = '1' and metrics.loss > 100" } })).toMatchObject({ looked: 10, groups: [{ id: "all runs", runs: 10 }] });
    const everywhere = await ask({ of: {} });
    expect(everywhere.looked).toBe(RUNS);
    const { id: hidden } = await world.makeRun({ projectId: world.speech.id });
    expect((await ask({ of: { ids: [...ids.slice(0, 110), hidden] } })).looked).toBe(110);
    expect(await ask({ of: { ids: [hidden] } })).toEqual({ grid: null, lines: [], groups: [], looked: 0, more: false, allGroups: 0, order: [] });
  });

  it("draws the largest groups and says how many there are", async () => {
    for (let at = 0; at < RUNS; at += 1) await world.db.insert(runParams).values({ runId: ids[at]!, key: "seed", value: String(at < 70 ? at : 70) });
    const answer = await ask({ group: "param:seed" });
    expect([answer.groups.length, answer.allGroups, answer.order[0]]).toEqual([MAX_GROUP_LINES, 71, "70"]);
    expect(answer.groups.find(({ id }) => id === "70")!.runs).toBe(50);
  });

  it("takes the newest where there are more than one chart can hold, and says so", async () => {
    const grant = { permission: "runs:read" as const, orgId: world.org.id, org: true, teams: new Set<string>(), projects: new Set<string>() };
    const answer = await readGrouped(world.db, grant, { actorId: member.id, seesCosts: true }, CompareGroups.parse({ of: { project: "vision" }, key: "loss" }), 20);
    expect(answer).toMatchObject({ looked: 20, more: true, groups: [{ runs: 20 }] });
    const newest = ids.toSorted().slice(-20).map((id) => ids.indexOf(id));
    expect(courseOf(answer, "all runs")[0]!.mean).toBeCloseTo(newest.reduce((sum, at) => sum + at, 0) / 20, 1);
  });
});
