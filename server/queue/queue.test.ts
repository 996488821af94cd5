import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLog } from "../../db/schema/access.ts";
import { runs } from "../../db/schema/experiments.ts";
import { startEstimates, teamUsage } from "../../db/schema/queue.ts";
import { DEFAULT_POLICY } from "../../domain/queue/policy.ts";
import { specOf, testWorld, type TestWorld } from "../experiments/testing.ts";

let world: TestWorld;
let vic: Awaited<ReturnType<TestWorld["makeUser"]>>;
let lead: typeof vic;
beforeAll(async () => {
  world = await testWorld();
  vic = await world.makeUser(world.org.id, world.org.slug, "Vic Vision", [["member", "project", world.vision.id]]);
  lead = await world.makeUser(world.org.id, world.org.slug, "Lea Lead", [["team_lead", "team", world.vision.teamId]]);
  const cluster = await world.makeCluster(world.org.id, "berlin", { gpus: 8 });
  const busy = await world.makeRun({ name: "busy", status: "running", projectId: world.speech.id, gpus: 6, spec: specOf({ name: "busy", project: "speech", maxDuration: "2h", resources: { gpus: 6 } }) });
  await world.makeAttempt(busy, cluster.id, { status: "running", gpus: 6, nodeNames: ["node-1"], acceleratorIndexes: [0, 1, 2, 3, 4, 5], startedAt: new Date() });
});
afterAll(() => world.close());

const waits = (name: string, over: Parameters<TestWorld["makeRun"]>[0] = {}) => world.makeRun({ name, spec: specOf({ name, resources: { gpus: 4, gpuModel: "H100" } }), gpus: 4, pending: { kind: "busy", message: "busy" }, ...over });
const row = async (id: string) => (await world.db.select().from(runs).where(eq(runs.id, id)))[0]!;
const entries = async (id: string) => (await world.db.select().from(auditLog).where(eq(auditLog.targetId, id))).map(({ action }) => action);

describe("the queue", () => {
  it("is in the order of placement, counts runs that one may not see, and says what binds each", async () => {
    const hidden = await waits("hidden", { projectId: world.speech.id, priority: 90 });
    const mine = await waits("mine", { priority: 80, ownerId: vic.id });
    const page = await vic.api.queue.waiting({});
    expect(page.items.map(({ name, position }) => [name, position])).toEqual([["mine", 2]]);
    expect(page.items[0]).toMatchObject({ binding: "Needs 4 × H100 on one node; the largest free block is 2 on node-1.", order: { ok: true }, start: null });
    const all = await world.owner.api.queue.waiting({ limit: 1 });
    expect(all.items.map(({ name }) => name)).toEqual(["hidden"]);
    expect((await world.owner.api.queue.waiting({ limit: 1, cursor: all.nextCursor! })).items.map(({ name }) => name)).toEqual(["mine"]);
    const why = await vic.api.queue.explain({ id: mine.id });
    expect(why).toMatchObject({ position: 2, waiting: 2, ahead: [], hiddenAhead: 1, binding: expect.stringContaining("largest free block is 2") });
    expect(await world.owner.api.queue.explain({ id: mine.id })).toMatchObject({ ahead: [{ id: hidden.id, name: "hidden" }], hiddenAhead: 0 });
    await expect(vic.api.queue.explain({ id: hidden.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await vic.api.queue.running({})).items).toEqual([]);
    expect((await world.owner.api.queue.running({})).items).toMatchObject([{ name: "busy", isStopping: false, endsAt: expect.any(Date) }]);
  });
  it("tells how far off estimates were", async () => {
    const done = await waits("done", { status: "succeeded" });
    const at = Date.now();
    await world.db.insert(startEstimates).values({ runId: done.id, orgId: world.org.id, firstStart: new Date(at), start: new Date(at), basis: "b", actualStart: new Date(at + 240_000) });
    expect((await vic.api.queue.summary()).error).toEqual({ medianSeconds: 240, samples: 1 });
  });
  it("shows the held runs of one project, however many of others are held, and no start that was told before", async () => {
    const { owner } = world;
    for (const name of ["aside 1", "aside 2"]) await waits(name, { projectId: world.speech.id, priority: 100, heldAt: new Date() });
    const held = await waits("kept", { heldAt: new Date() });
    await world.db.insert(startEstimates).values({ runId: held.id, orgId: world.org.id, firstStart: new Date(), start: new Date(), basis: "b" });
    const rest = (await owner.api.queue.waiting({ project: "vision" })).items.filter((item) => item.position !== null).map(({ id }) => id);
    const page = await owner.api.queue.waiting({ project: "vision", limit: 1, ...(rest.length > 0 ? { cursor: rest.at(-1)! } : {}) });
    expect(page.items).toMatchObject([{ name: "kept", position: null, start: null }]);
    expect((await owner.api.queue.explain({ id: held.id }))!.start).toBeNull();
    await world.sql`update runs set status = 'cancelled' where held_at is not null`;
  });
  it("goes on where it stood when the run that a page ended with has started meanwhile", async () => {
    const { owner } = world;
    const ids: string[] = [];
    for (const name of ["p1", "p2", "p3", "p4"]) ids.push((await waits(name, { priority: 100, projectId: world.vision.id, queuedAt: new Date(1_700_000_000_000 + ids.length * 1000) })).id);
    const next = async () => (await owner.api.queue.waiting({ project: "vision", limit: 1, cursor: ids[1]! })).items.map(({ name }) => name);
    expect(await next()).toEqual(["p3"]);
    await world.sql`update runs set status = 'running' where id in (${ids[0]!}, ${ids[1]!})`;
    expect(await next()).toEqual(["p3"]);
    const speech = await world.makeRun({ name: "elsewhere", projectId: world.speech.id, status: "running" });
    await expect(vic.api.queue.waiting({ cursor: speech.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(vic.api.queue.waiting({ cursor: "run_01a22d10-0000-7000-8000-000000000000" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await world.sql`update runs set status = 'cancelled' where name in ('p1', 'p2', 'p3', 'p4', 'elsewhere')`;
  });
  it("shows use, shares and quotas to everybody in the organization", async () => {
    await world.db.insert(teamUsage).values([{ orgId: world.org.id, teamId: world.vision.teamId, used: 3600 }, { orgId: world.org.id, teamId: world.speech.teamId, used: 10_800 }]);
    const { clusters, teams, words } = await vic.api.queue.summary();
    expect(clusters).toMatchObject([{ name: "berlin", models: [{ total: 8, used: 6, failed: 0, largestFree: 2 }] }]);
    expect(teams.map((team) => [team.name, Math.round(team.usedHours), Math.round(team.ratio * 10) / 10, team.held])).toEqual([["speech", 3, 1.5, 6], ["vision", 1, 0.5, 0]]);
    expect(words[0]!.title).toBe("Priority comes first");
  });
});

describe("changing the queue", () => {
  it("is for one's own runs, and for anybody's with queue:order; each change is in timeline and audit", async () => {
    const mine = await waits("own", { ownerId: vic.id });
    const theirs = await waits("theirs");
    await vic.api.queue.hold({ ids: [mine.id], reason: "later" });
    expect(await row(mine.id)).toMatchObject({ heldBy: "Vic Vision", pending: { kind: "held", message: "Held by Vic Vision: later" } });
    await expect(vic.api.queue.hold({ ids: [mine.id, theirs.id] })).rejects.toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining("queue:order") });
    await lead.api.queue.release({ ids: [mine.id] });
    await lead.api.queue.prioritize({ ids: [mine.id, theirs.id], priority: 70 });
    expect(await row(theirs.id)).toMatchObject({ priority: 70 });
    expect(await entries(mine.id)).toEqual(["run.hold", "run.release", "run.prioritize"]);
    expect(await entries(theirs.id)).toEqual(["run.prioritize"]);
    expect((await world.owner.api.experiments.events({ id: mine.id })).items.map(({ message }) => message)).toContain("Priority 50 became 70.");
  });
  it("says how many were released: those that were held", async () => {
    const [held, free] = [await waits("held one", { heldAt: new Date() }), await waits("never held")];
    expect(await world.owner.api.queue.release({ ids: [held.id, free.id] })).toEqual({ changed: 1 });
    expect(await world.owner.api.queue.release({ ids: [held.id, free.id] })).toEqual({ changed: 0 });
  });
  it("changes all of them or none, and only what waits", async () => {
    const waiting = await waits("w");
    const gone = await waits("g", { status: "succeeded" });
    await expect(world.owner.api.queue.prioritize({ ids: [waiting.id, gone.id], priority: 1 })).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await row(waiting.id)).priority).toBe(50);
  });
  it("moves to another cluster, and refuses what that cannot honour", async () => {
    await world.makeCluster(world.org.id, "oslo");
    const run = await waits("mover");
    await world.owner.api.queue.move({ ids: [run.id], cluster: "oslo" });
    expect((await row(run.id)).spec!.cluster).toBe("oslo");
    await expect(world.owner.api.queue.move({ ids: [run.id], cluster: "nowhere" })).rejects.toMatchObject({ code: "UNPROCESSABLE_CONTENT", message: expect.stringContaining("There is no cluster nowhere") });
    await world.owner.api.queue.move({ ids: [run.id], cluster: null });
    expect((await row(run.id)).spec!.cluster).toBeNull();
  });
  it("still says of a run that is held, or waits out a backoff, why it waits, after it was moved or released", async () => {
    const held = await waits("held mover");
    await world.owner.api.queue.hold({ ids: [held.id] });
    await world.owner.api.queue.move({ ids: [held.id], cluster: "berlin" });
    expect((await row(held.id)).pending).toMatchObject({ kind: "held" });
    const notBefore = new Date(Date.now() + 600_000);
    const again = await waits("again", { notBefore, statusReason: "Out of memory. Retry 1 of 2 in 600 s.", pending: { kind: "backoff", message: "Out of memory. Retry 1 of 2 in 600 s." } });
    await world.owner.api.queue.move({ ids: [again.id], cluster: "berlin" });
    await world.owner.api.queue.hold({ ids: [again.id] });
    await world.owner.api.queue.release({ ids: [again.id] });
    expect((await row(again.id)).pending).toMatchObject({ kind: "backoff", message: "Out of memory. Retry 1 of 2 in 600 s.", earliestAt: notBefore.getTime() });
  });
  it("sets and removes quotas, weights and policies, for organization admins only", async () => {
    const { owner } = world;
    await owner.api.queue.setTeamQuota({ teamId: world.vision.teamId, model: "H100", guaranteed: 4, limit: 6 });
    await owner.api.queue.setTeamQuota({ teamId: world.vision.teamId, model: "H100", guaranteed: 2, limit: 6 });
    await owner.api.queue.setProjectQuota({ projectId: world.speech.id, guaranteed: 1 });
    const { quotas } = await vic.api.queue.summary();
    expect(quotas).toMatchObject([{ scopeName: "speech", used: 6 }, { scopeName: "vision", model: "H100", guaranteed: 2, limit: 6, used: 0 }]);
    await expect(owner.api.queue.setTeamQuota({ teamId: world.vision.teamId, guaranteed: 9, limit: 6 })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await owner.api.queue.removeQuota({ id: quotas[0]!.id });
    await owner.api.queue.setWeight({ teamId: world.speech.teamId, weight: 3 });
    await owner.api.queue.setPolicy({ ...DEFAULT_POLICY, preemption: false, maxRunningPerUser: 3 });
    const after = await vic.api.queue.summary();
    expect(after.quotas).toHaveLength(1);
    expect(after.teams.find((team) => team.name === "speech")).toMatchObject({ weight: 3 });
    expect(after.policy).toMatchObject({ preemption: false, maxRunningPerUser: 3 });
    await expect(lead.api.queue.setPolicy(DEFAULT_POLICY)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const actions = (await world.db.select().from(auditLog)).map(({ action }) => action);
    for (const action of ["queue.quota", "queue.remove-quota", "queue.weight", "queue.policy"]) expect(actions).toContain(action);
  });

  it("lets two who change different policies at once both do so", async () => {
    await Promise.all([world.owner.api.queue.setPolicy({ backfill: false }), world.owner.api.queue.setPolicy({ halfLifeHours: 24 }), world.owner.api.queue.setPolicy({ packing: "spread" })]);
    expect((await vic.api.queue.summary()).policy).toMatchObject({ backfill: false, halfLifeHours: 24, packing: "spread" });
  });
});
