import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { costClocks, costDaily } from "../../db/schema/costs.ts";
import { DAY_MS, dayOf } from "../../domain/costs/days.ts";
import { specOf, testWorld, type TestWorld } from "../experiments/testing.ts";

let world: TestWorld;
let berlin: Awaited<ReturnType<TestWorld["makeCluster"]>>;
let oslo: Awaited<ReturnType<TestWorld["makeCluster"]>>;
const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const ago = (days: number) => dayOf(midnight - days * DAY_MS);

beforeAll(async () => {
  world = await testWorld();
  berlin = await world.makeCluster(world.org.id, "berlin", { cpus: 16, gpus: 2 });
  oslo = await world.makeCluster(world.org.id, "oslo", { cpus: 16, gpus: 2 });
  await world.owner.api.costs.addPrice({ kind: "accelerator", clusterId: berlin.id, unitPrice: "4", validFrom: "2020-01-01T00:00:00Z" });
  await world.owner.api.costs.addPrice({ kind: "accelerator", clusterId: oslo.id, unitPrice: "3", validFrom: "2020-01-01T00:00:00Z" });
  await world.owner.api.costs.addPrice({ kind: "memory", unitPrice: "0.01", validFrom: "2020-01-01T00:00:00Z" });
  await world.db.insert(costClocks).values([berlin, oslo].map(({ id }) => ({ clusterId: id, orgId: world.org.id, completeTo: new Date(midnight) })));
});
afterAll(() => world.close());

/** What an experiment cost on a day, as the ledger's sums have it. */
async function cost(of: { projectId: string; experimentId: string; ownerId: string }, day: string, amount: string, kind: "accelerator" | "memory" = "accelerator") {
  const { projectId, experimentId, ownerId } = of;
  await world.db.insert(costDaily).values({ orgId: world.org.id, day, projectId, experimentId, ownerId, clusterId: berlin.id, kind, model: kind === "accelerator" ? "NVIDIA H100 80GB HBM3" : "", capacityClass: "owned", quantity: "1", amount, provisional: "0" });
}
async function experiment(projectId: string, name: string, of: { runs: number; peakMib: number | null; memory: string; gpus: number }) {
  const spec = specOf({ name, resources: { gpus: of.gpus, memory: of.memory }, cluster: "berlin" });
  const first = await world.makeRun({ name, projectId, spec, status: "succeeded", clusterId: berlin.id });
  const runs = [first];
  for (let at = 1; at < of.runs; at += 1) runs.push(await world.makeRun({ name, projectId, experimentId: first.experimentId, spec, status: "succeeded", clusterId: berlin.id }));
  for (const run of runs) await world.makeAttempt(run, berlin.id, { status: "ended", outcome: "succeeded", endedAt: new Date(Date.now() - DAY_MS), peakMemoryMib: of.peakMib });
  return { projectId, experimentId: first.experimentId, ownerId: world.owner.id, newest: runs.at(-1)! };
}

describe("what rose", () => {
  it("is named with its causes, to those who see the project", async () => {
    const vision = await experiment(world.vision.id, "detector", { runs: 1, peakMib: null, memory: "1GiB", gpus: 1 });
    const speech = await experiment(world.speech.id, "conformer", { runs: 1, peakMib: null, memory: "1GiB", gpus: 1 });
    for (let day = 1; day <= 60; day += 1) {
      await cost(vision, ago(day), day <= 2 ? "900" : "100");
      await cost(speech, ago(day), "100");
    }
    const { anomalies, lastDay } = await world.owner.api.costs.advice();
    expect(lastDay).toBe(ago(1));
    expect(anomalies).toHaveLength(1);
    expect(anomalies[0]).toMatchObject({ key: world.vision.id, label: "vision", from: ago(2), to: ago(1), isOpen: true, causes: [{ dimension: "experiment", percent: 100 }, { dimension: "person", label: "Olga Owner", percent: 100 }, { dimension: "resource", label: "NVIDIA H100 80GB HBM3", percent: 100 }] });
    expect(+anomalies[0]!.extra).toBe(1600);
    const other = await world.makeUser(world.org.id, world.org.slug, "Vic", [["viewer", "project", world.speech.id]]);
    expect((await other.api.costs.advice()).anomalies).toEqual([]);
  });
});

describe("what would cost less", () => {
  it("is memory that is asked for and never used, with the newest run to start from", async () => {
    const wide = await experiment(world.speech.id, "too wide", { runs: 6, peakMib: 2300, memory: "32GiB", gpus: 0 });
    await cost(wide, ago(3), "320", "memory");
    const { recommendations } = await world.owner.api.costs.advice();
    const found = recommendations.find(({ id }) => id === `memory ${wide.experimentId}`)!;
    expect(found).toMatchObject({ kind: "memory", per: "month", act: { kind: "clone", runId: wide.newest.id, patch: { memory: 3072 } } });
    expect(found.title).toMatch(/Ask for 3 GiB instead of 32 GiB in speech \//);
    expect(+found.saving).toBeCloseTo(290, 3); // 29 of 32 GiB
  });

  it("is the cheaper cluster that fits, not one that lacks what the run asks for", async () => {
    const dear = await experiment(world.speech.id, "dear", { runs: 1, peakMib: null, memory: "1GiB", gpus: 2 });
    const wide = await experiment(world.speech.id, "wider than oslo", { runs: 1, peakMib: null, memory: "1GiB", gpus: 3 });
    for (const one of [dear, wide]) await cost(one, ago(4), "1000");
    const { recommendations } = await world.owner.api.costs.advice();
    const found = recommendations.find(({ id }) => id === `cluster ${dear.experimentId}`)!;
    expect(found).toMatchObject({ kind: "cluster", act: { kind: "clone", runId: dear.newest.id, patch: { cluster: "oslo" } } });
    expect(found.why).toMatch(/An hour there costs 25 % less than on berlin/);
    expect(+found.saving).toBeGreaterThan(245);
    expect(+found.saving).toBeLessThan(251);
    expect(recommendations.some(({ id }) => id === `cluster ${wide.experimentId}`)).toBe(false);
  });

  it("is nothing of what the caller may not see", async () => {
    const other = await world.makeUser(world.org.id, world.org.slug, "Vi", [["viewer", "project", world.vision.id]]);
    const { recommendations } = await other.api.costs.advice();
    expect(recommendations.filter(({ title }) => title.includes("speech"))).toEqual([]);
  });
});
