import { afterAll, beforeAll, expect, it } from "vitest";
import { accelerators, nodes, telemetry } from "../../db/schema/clusters.ts";
import { compare, decimal } from "../../domain/costs/decimal.ts";
import { testWorld, type TestWorld } from "../experiments/testing.ts";

const MINUTE = 60_000;
let world: TestWorld;
let cluster: Awaited<ReturnType<TestWorld["makeCluster"]>>;
beforeAll(async () => {
  world = await testWorld();
  cluster = await world.makeCluster(world.org.id, "berlin", { gpus: 6 });
  await world.owner.api.costs.addPrice({ kind: "accelerator", unitPrice: "2.5", validFrom: "2020-01-01T00:00:00Z" });
});
afterAll(() => world.close());

async function holds(name: string, projectId: string, indexes: number[], minutes: number, use: Record<number, number>) {
  const run = await world.makeRun({ name, projectId, status: "running", gpus: indexes.length });
  const startedAt = new Date(Date.now() - minutes * MINUTE);
  await world.makeAttempt(run, cluster.id, { status: "running", gpus: indexes.length, startedAt, nodeNames: ["node-1"], acceleratorIndexes: indexes });
  const times = Array.from({ length: Math.min(minutes, 90) }, (_, at) => Date.now() - (at + 1) * MINUTE).toReversed();
  for (const [index, value] of Object.entries(use)) await world.db.insert(telemetry).values({ clusterId: cluster.id, subject: "accelerator", subjectId: `node-1/${index}`, key: "gpu", at: new Date(times[0]!), times, values: times.map(() => value) });
  return run;
}

it("names the runs that hold accelerators and do nothing with them, and what that costs; a run that has just begun is let be", async () => {
  const idle = await holds("forgotten", world.vision.id, [0, 1], 120, { 0: 1, 1: 2 });
  await holds("half", world.speech.id, [2, 3], 45, { 2: 90, 3: 0 });
  await holds("young", world.vision.id, [4], 3, { 4: 0 });
  const view = await world.owner.api.costs.waste();
  expect(view.runs.map(({ name, idle: count, held, use, owner }) => ({ name, idle: count, held, use, owner }))).toEqual([
    { name: "forgotten", idle: 2, held: 2, use: 1.5, owner: "Olga Owner" },
    { name: "half", idle: 1, held: 2, use: 45, owner: "Olga Owner" },
  ]);
  expect(view.runs[0]!.id).toBe(idle.id);
  expect(compare(decimal(view.runs[0]!.perHour!), decimal("5"))).toBe(0);
  expect(compare(decimal(view.perHour!), decimal("7.5"))).toBe(0);
  expect(view.clusters).toEqual([{ id: cluster.id, name: "berlin", total: 6, busy: 2, idleHeld: 3, unmeasured: 0, free: 1 }]);
});

it("says so of each node on its cluster's page, with whose they are; of runs that the viewer may not see only that there are some", async () => {
  const [node] = await world.owner.api.clusters.waste({ id: cluster.id });
  expect(node).toMatchObject({ node: "node-1", total: 6, busy: 2, idleHeld: 3, unmeasured: 0, free: 1, idle: [{ run: { name: "forgotten" }, owner: "Olga Owner", count: 2, heldSince: expect.any(Date) }, { run: { name: "half" }, owner: "Olga Owner", count: 1 }] });
  expect(node!.use).toBeCloseTo((1 + 2 + 90 + 0 + 0) / 5);
  const member = await world.makeUser(world.org.id, world.org.slug, "Nia", [["viewer", "project", world.speech.id]]);
  expect((await member.api.clusters.waste({ id: cluster.id }))[0]).toMatchObject({ idleHeld: 3, idle: [{ run: { id: "", name: "a run of another project" }, owner: null, count: 2 }, { run: { name: "half" } }] });
  const rival = await world.makeOrg("rival-of-waste");
  const other = await world.makeUser(rival.id, "rival-of-waste", "Rita", [["owner", "org", rival.id]]);
  await expect(other.api.clusters.waste({ id: cluster.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it("advises to stop only what does nothing at all, and fewer accelerators where some are used", async () => {
  const { recommendations } = await world.owner.api.costs.advice();
  expect(recommendations.filter(({ kind }) => kind === "idle").map(({ title, act, saving }) => [title, act!.kind, +saving])).toEqual([["Stop forgotten, or put its accelerators to work", "cancel", 5]]);
  const fewer = recommendations.find(({ kind }) => kind === "fewer")!;
  expect(fewer).toMatchObject({ title: "Ask for 1 accelerator instead of 2 in runs such as half", per: "hour", act: { kind: "clone", patch: { gpus: 1 } } });
  expect(+fewer.saving).toBe(2.5);
});

it("looks at the last hour only, and says what nobody measured", async () => {
  await world.sql`update telemetry set values = (select array_agg(case when at < (extract(epoch from now()) - 3600) * 1000 then 0 else 80 end) from unnest(times) as at)`;
  await holds("dark", world.vision.id, [5], 60, {});
  const view = await world.owner.api.costs.waste();
  expect(view.runs).toEqual([]);
  expect(view.perHour).toBeNull();
  expect(view.clusters[0]).toMatchObject({ busy: 5, idleHeld: 0, unmeasured: 1, free: 0 });
});

it("counts what others hold without naming it", async () => {
  await world.sql`update telemetry set values = (select array_agg(0::float8) from unnest(times))`;
  const member = await world.makeUser(world.org.id, world.org.slug, "Vic", [["viewer", "project", world.speech.id]]);
  const view = await member.api.costs.waste();
  expect(view.runs.map(({ name }) => name)).toEqual(["half"]);
  expect(view.clusters[0]!.idleHeld).toBe(4);
});

it("counts what runs over several nodes hold, as far as it is known which: all of a node that they have whole, and of a shared one a number", async () => {
  const both = await world.makeCluster(world.org.id, "oslo", { gpus: 4 });
  const [twin] = await world.db.insert(nodes).values({ orgId: world.org.id, clusterId: both.id, name: "node-2", cpus: 8, memoryMib: 32_768, diskMib: 1, state: "up", seenAt: new Date() }).returning();
  for (let index = 0; index < 8; index += 1) await world.db.insert(accelerators).values({ orgId: world.org.id, clusterId: both.id, nodeId: twin!.id, index, uuid: `GPU-twin-${index}`, model: "NVIDIA H100", memoryMib: 81_559, health: "ok" });
  const startedAt = new Date(Date.now() - 120 * MINUTE);
  const gang = await world.makeRun({ name: "gang", projectId: world.vision.id, status: "running", gpus: 4, nodes: 2 });
  await world.makeAttempt(gang, both.id, { status: "running", gpus: 4, nodes: 2, startedAt, nodeNames: ["node-1", "node-2"], acceleratorIndexes: [0, 1, 2, 3] }); // those of its first node
  const times = Array.from({ length: 60 }, (_, at) => Date.now() - (at + 1) * MINUTE).toReversed();
  for (const [node, count] of [["node-1", 4], ["node-2", 8]] as const) for (let index = 0; index < count; index += 1) await world.db.insert(telemetry).values({ clusterId: both.id, subject: "accelerator", subjectId: `${node}/${index}`, key: "gpu", at: new Date(times[0]!), times, values: times.map(() => 0) });
  const view = await world.owner.api.costs.waste();
  expect(view.clusters.find(({ id }) => id === both.id)).toMatchObject({ total: 12, busy: 0, idleHeld: 4, unmeasured: 4, free: 4 });
  expect(await world.owner.api.clusters.waste({ id: both.id })).toMatchObject([{ node: "node-1", idleHeld: 4, unmeasured: 0, free: 0, use: 0, idle: [{ run: { id: gang.id }, count: 4 }] }, { node: "node-2", idleHeld: 0, unmeasured: 4, free: 4, use: null, idle: [] }]);
  expect(view.runs.find(({ id }) => id === gang.id)).toMatchObject({ idle: 4, held: 4, nodes: ["node-1"] });
  expect((await world.owner.api.costs.advice()).recommendations.filter(({ id }) => id.includes(gang.id))).toEqual([]); // what its other half does nobody knows
});
