import { generateKeyPairSync } from "node:crypto";
import { and, desc, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLog } from "../../db/schema/access.ts";
import { agents, agentSessions, enrolments } from "../../db/schema/agents.ts";
import { accelerators, clusters, clusterSchedulers, nodes, telemetryLatest } from "../../db/schema/clusters.ts";
import { enrolAgent } from "../agents/commands/enrol.ts";
import { bus } from "../bus.ts";
import { type TestWorld, testWorld } from "../experiments/testing.ts";
import { localEnrolmentCode } from "./local.ts";

let world: TestWorld;
let member: Awaited<ReturnType<TestWorld["makeUser"]>>;
let outsider: Awaited<ReturnType<TestWorld["makeUser"]>>;
beforeAll(async () => {
  world = await testWorld();
  member = await world.makeUser(world.org.id, "acme", "Mia Member", [["member", "project", world.vision.id]]);
  const rival = await world.makeOrg("rival");
  outsider = await world.makeUser(rival.id, "rival", "Rita Rival", [["owner", "org", rival.id]]);
});
afterAll(() => world.close());

const api = () => world.owner.api.clusters;
const caught = (promise: Promise<unknown>) => promise.then(() => expect.fail("was not refused"), (error: { code: string; message: string; cause?: { issues: unknown } }) => error);
const newest = async (targetId: string) => (await world.db.select().from(auditLog).where(eq(auditLog.targetId, targetId)).orderBy(desc(auditLog.id)).limit(1))[0];
const auditCount = async (targetId: string) => (await world.db.select().from(auditLog).where(eq(auditLog.targetId, targetId))).length;

function enrolWith(code: string) {
  const publicKey = generateKeyPairSync("ed25519").publicKey.export({ format: "der", type: "spki" }).toString("base64");
  return enrolAgent(world.db, bus(), { version: 1, code, publicKey, joinHash: "0".repeat(64), host: { hostname: "gpu-01", os: "Debian 12", arch: "x64", agentVersion: "0.1.0", node: "24.0.0" } });
}

describe("connecting a cluster", () => {
  it("gives a command with a code that lives 15 minutes, keeps only its hash, and writes who asked", async () => {
    const made = await api().create({ name: "Berlin GPUs", region: "eu-central" });
    expect(made.command).toContain(`/api/agent/install/agent.mjs -o drover-agent.mjs && node drover-agent.mjs enrol --url `);
    expect(made.command).toContain(`--code ${made.code} && node drover-agent.mjs run`);
    expect(Buffer.from(made.code, "base64url")).toHaveLength(32);
    const [row] = await world.db.select().from(enrolments).where(eq(enrolments.clusterId, made.clusterId));
    expect(JSON.stringify(row)).not.toContain(made.code);
    expect(row!.expiresAt.getTime() - row!.createdAt.getTime()).toBe(15 * 60_000);
    expect(await newest(made.clusterId)).toMatchObject({ action: "cluster.enrol-code", actorName: "Olga Owner" });
    expect(JSON.stringify(await newest(made.clusterId))).not.toContain(made.code);
    expect(await api().get({ id: made.clusterId })).toMatchObject({ slug: "berlin-gpus", agent: null, reachability: { state: "never" }, openCodeUntil: made.expiresAt, nodeList: [] });
  });

  it("lets an agent in once, then shows its fingerprint and host", async () => {
    const made = await api().create({ name: "once" });
    await enrolWith(made.code);
    await expect(enrolWith(made.code)).rejects.toMatchObject({ message: expect.stringContaining("already used") });
    const { agent, openCodeUntil } = await api().get({ id: made.clusterId });
    expect(agent).toMatchObject({ fingerprint: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/), host: { hostname: "gpu-01" }, revokedAt: null });
    expect(openCodeUntil).toBeNull();
  });

  it("makes every code before the newest useless", async () => {
    const first = await api().create({ name: "codes" });
    const second = await api().newCode({ id: first.clusterId });
    await expect(enrolWith(first.code)).rejects.toMatchObject({ message: expect.stringContaining("expired") });
    await enrolWith(second.code);
  });

  it("refuses a name that is taken, and the one that is kept for this machine, by field", async () => {
    await api().create({ name: "Twice" });
    for (const name of ["twice", "local"]) {
      const refused = await caught(api().create({ name }));
      expect(refused).toMatchObject({ code: "CONFLICT", cause: { issues: [{ field: "name" }] } });
    }
    expect(await outsider.api.clusters.create({ name: "Twice" })).toMatchObject({ clusterId: expect.any(String) });
  });

  it("is for those who manage clusters", async () => {
    expect(await caught(member.api.clusters.create({ name: "mine" }))).toMatchObject({ code: "FORBIDDEN" });
  });

  it("renames and moves a cluster but keeps its slug, and says nothing when nothing changed", async () => {
    const { clusterId: id } = await api().create({ name: "Old name" });
    await api().update({ id, name: "New name" });
    expect(await api().get({ id })).toMatchObject({ name: "New name", slug: "old-name", region: "local" });
    expect(await newest(id)).toMatchObject({ action: "cluster.update", before: { name: "Old name" }, after: { name: "New name" } });
    const before = await auditCount(id);
    await api().update({ id, name: "New name" });
    expect(await auditCount(id)).toBe(before);
  });

  it("says how a cluster is paid for, of which its capacity is from then on", async () => {
    const { id } = await world.makeCluster(world.org.id, "rented");
    const capacity = async () => (await world.sql<{ word: string }[]>`select capacity_class || ' ' || (until_at is null) as word from capacity_intervals where cluster_id = ${id} and kind = 'cpu' order by from_at, until_at nulls last`).map(({ word }) => word);
    await api().update({ id, capacityClass: "owned" });
    expect(await capacity()).toEqual([]); // nothing changed
    await api().update({ id, capacityClass: "spot" });
    expect(await api().get({ id })).toMatchObject({ capacityClass: "spot" });
    expect(await newest(id)).toMatchObject({ action: "cluster.update", before: { capacityClass: "owned" }, after: { capacityClass: "spot" } });
    await api().update({ id, capacityClass: "on-demand" });
    expect(await capacity()).toEqual(["spot false", "on-demand true"]);
  });
});

describe("another organization's cluster", () => {
  it("does not exist, for every procedure alike", async () => {
    const { id } = await world.makeCluster(world.org.id, "secret");
    const [node] = await world.db.select().from(nodes).where(eq(nodes.clusterId, id));
    const mine = outsider.api.clusters;
    const range = { from: 0, to: 1000, keys: ["cpu" as const], subject: "node" as const, subjectId: "node-1" };
    const answers = await Promise.all([
      mine.get({ id }), mine.events({ id }), mine.telemetry({ id, ...range }), mine.newCode({ id }), mine.update({ id, name: "x" }), mine.revokeAgent({ id }), mine.drain({ id }), mine.undrain({ id }), mine.drainNode({ nodeId: node!.id }), mine.undrainNode({ nodeId: node!.id }),
    ].map((promise) => caught(promise)));
    expect(answers.map(({ code, message }) => [code, message])).toEqual(Array(10).fill(["NOT_FOUND", "It does not exist, or you may not see it."]));
    expect((await mine.list()).map((row) => row.id)).not.toContain(id);
    expect((await world.db.select().from(clusters).where(eq(clusters.id, id)))[0]).toMatchObject({ name: "secret", drainedAt: null });
  });
});

describe("draining", () => {
  it("a node keeps who and why, tells the agent, and is written once however often it is asked", async () => {
    const { id } = await world.makeCluster(world.org.id, "drains");
    const [node] = await world.db.select().from(nodes).where(eq(nodes.clusterId, id));
    world.changes.length = 0;
    await api().drainNode({ nodeId: node!.id, reason: "bad fan" });
    expect(world.changes).toContainEqual({ orgId: world.org.id, topic: "agent-desired", id });
    await api().drainNode({ nodeId: node!.id, reason: "again" });
    expect((await api().get({ id })).nodeList[0]).toMatchObject({ drainedBy: "Olga Owner", drainReason: "bad fan", drainedAt: expect.any(Date) });
    expect(await api().get({ id })).toMatchObject({ nodes: { total: 1, up: 0, drained: 1 } });
    expect(await auditCount(node!.id)).toBe(1);
    expect(await newest(node!.id)).toMatchObject({ action: "node.drain", reason: "bad fan", actorName: "Olga Owner" });
    await api().undrainNode({ nodeId: node!.id });
    expect((await api().get({ id })).nodeList[0]).toMatchObject({ drainedAt: null, drainedBy: null, drainReason: null });
    expect(await newest(node!.id)).toMatchObject({ action: "node.undrain" });
    expect((await api().events({ id })).items.map(({ kind }) => kind)).toEqual(["node.undrained", "node.drained"]);
  });

  it("a cluster says who and why, and takes work again", async () => {
    const { id } = await world.makeCluster(world.org.id, "drains-whole");
    await api().drain({ id, reason: "move" });
    expect(await api().get({ id })).toMatchObject({ drainedAt: expect.any(Date), drain: { by: "Olga Owner", reason: "move" } });
    expect(await newest(id)).toMatchObject({ action: "cluster.drain", reason: "move" });
    await api().undrain({ id });
    expect(await api().get({ id })).toMatchObject({ drainedAt: null, drain: null });
  });

  it("needs its permission", async () => {
    const { id } = await world.makeCluster(world.org.id, "guarded");
    expect(await caught(member.api.clusters.drain({ id }))).toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("revoking an agent", () => {
  it("ends its sessions and open codes, wakes its long poll, and leaves a trail", async () => {
    const { id } = await world.makeCluster(world.org.id, "shut-out");
    const [agent] = await world.db.select().from(agents).where(eq(agents.clusterId, id));
    await world.db.insert(agentSessions).values({ agentId: agent!.id });
    const { code } = await api().newCode({ id });
    world.changes.length = 0;
    await api().revokeAgent({ id });
    expect(world.changes).toContainEqual({ orgId: world.org.id, topic: "agent-revoked", id: agent!.id });
    expect(await world.db.select().from(agentSessions).where(eq(agentSessions.agentId, agent!.id))).toMatchObject([{ endedAt: expect.any(Date) }]);
    await expect(enrolWith(code)).rejects.toMatchObject({ message: expect.stringContaining("expired") });
    expect(await api().get({ id })).toMatchObject({ reachability: { state: "revoked" }, agent: { revokedAt: expect.any(Date) } });
    expect(await newest(id)).toMatchObject({ action: "cluster.revoke-agent" });
    expect(await caught(api().revokeAgent({ id }))).toMatchObject({ code: "CONFLICT" });
  });
});

describe("what a cluster shows", () => {
  it("counts what live attempts hold, and names only the runs that the viewer may read", async () => {
    const { id } = await world.makeCluster(world.org.id, "busy", { gpus: 4 });
    const seen = await world.makeRun({ name: "seen", cpus: 2, memoryMib: 512, gpus: 1, projectId: world.vision.id });
    const hidden = await world.makeRun({ name: "hidden", cpus: 1, memoryMib: 256, gpus: 2, projectId: world.speech.id });
    await world.makeAttempt(seen, id, { status: "running", nodeNames: ["node-1"], acceleratorIndexes: [0], cpus: 2, memoryMib: 512, gpus: 1 });
    await world.makeAttempt(hidden, id, { status: "assigned", nodeNames: ["node-1"], acceleratorIndexes: [2, 3], cpus: 1, memoryMib: 256, gpus: 2 });
    const ended = await world.makeRun({ name: "ended" });
    await world.makeAttempt(ended, id, { status: "ended", nodeNames: ["node-1"] });
    await world.db.update(accelerators).set({ health: "failed" }).where(and(eq(accelerators.clusterId, id), eq(accelerators.index, 1)));
    await world.db.insert(telemetryLatest).values({ clusterId: id, subject: "node", subjectId: "node-1", key: "cpu", at: new Date(), value: 4 });
    await world.db.insert(telemetryLatest).values({ clusterId: id, subject: "node", subjectId: "node-1", key: "memory", at: new Date(Date.now() - 600_000), value: 1 });
    const mine = await member.api.clusters.get({ id });
    expect(mine).toMatchObject({ cpus: { total: 8, used: 3 }, memoryMib: { used: 768 }, accelerators: { total: 4, used: 3, failed: 1 }, load: 0.5, liveAttempts: 2 });
    const [node] = mine.nodeList;
    expect(node!.runs.map(({ id: run, name }) => ({ run, name }))).toEqual([{ run: seen.id, name: "seen" }, { run: "", name: "a run of another project" }]);
    expect(node!.accelerators.map(({ run }) => run?.name ?? null)).toEqual(["seen", null, "a run of another project", "a run of another project"]);
    expect(node).toMatchObject({ cpus: { load: 4 }, memoryMib: { load: null } });
    const row = (await world.owner.api.clusters.list()).find((one) => one.id === id);
    expect(row).toMatchObject({ accelerators: { total: 4, used: 3, failed: 1 }, reachability: { state: "reachable" } });
  });

  it("says of a GPU that is held in shares how many are, and counts them as their part of it", async () => {
    const { id } = await world.makeCluster(world.org.id, "shared", { gpus: 2 });
    await world.db.update(accelerators).set({ shares: 4 }).where(eq(accelerators.clusterId, id));
    for (const [gpus, acceleratorMilli] of [[2, 500], [1, 250]] as const) await world.makeAttempt(await world.makeRun({ gpus }), id, { status: "running", nodeNames: ["node-1"], acceleratorIndexes: [0], gpus, acceleratorMilli });
    const shown = await world.owner.api.clusters.get({ id });
    expect(shown.accelerators).toMatchObject({ total: 2, used: 0.75 });
    expect(shown.nodeList[0]!.accelerators.map(({ shares }) => shares)).toEqual([{ all: 4, held: 3, runs: 2 }, { all: 4, held: 0, runs: 0 }]);
  });

  it("counts on each node the jobs that others gave to its scheduler", async () => {
    const { id } = await world.makeCluster(world.org.id, "others");
    const job = { id: "7", name: "md", user: "grace", account: "physics", partition: "gpu", qos: "normal", state: "running" as const, reason: null, nodes: ["node-1", "elsewhere"], nodeCount: 2, cpus: 2, memoryMib: 512, gpus: 0, submittedAt: null, startedAt: null, limitSeconds: null };
    await world.db.insert(clusterSchedulers).values({ clusterId: id, orgId: world.org.id, report: { kind: "slurm", partitions: [], reservations: [], qos: [], accounts: [] }, jobs: [job, { ...job, id: "8", nodes: ["node-1"] }, { ...job, id: "9", state: "waiting", nodes: [] }], jobCount: 3, seenAt: new Date() });
    expect((await member.api.clusters.get({ id })).nodeList.map(({ name, outside }) => [name, outside])).toEqual([["node-1", 2]]);
  });

  it("pages its events by cursor, newest first", async () => {
    const { clusterId: id } = await api().create({ name: "eventful" });
    for (let n = 0; n < 3; n++) {
      await api().drain({ id });
      await api().undrain({ id });
    }
    const first = await api().events({ id, limit: 4 });
    const second = await api().events({ id, limit: 4, cursor: first.nextCursor! });
    const all = [...first.items, ...second.items].map((event) => event.id);
    expect(all).toHaveLength(7);
    expect(all).toEqual(all.toSorted().reverse());
    expect(second.nextCursor).toBeNull();
  });
});

describe("this machine's own cluster", () => {
  it("is made once, gets fresh codes until an agent came, and stays shut out when revoked", async () => {
    const [one, two] = await Promise.all([localEnrolmentCode(world.db), localEnrolmentCode(world.db)]);
    expect(one).not.toEqual(two);
    const local = await world.db.select().from(clusters).where(eq(clusters.slug, "local"));
    expect(local).toMatchObject([{ orgId: world.org.id, name: "This machine" }]);
    const again = await localEnrolmentCode(world.db);
    await enrolWith((again as { code: string }).code);
    expect(await localEnrolmentCode(world.db)).toBe("enrolled");
    await api().revokeAgent({ id: local[0]!.id });
    expect(await localEnrolmentCode(world.db)).toBe("enrolled");
    expect(await newest(local[0]!.id)).toMatchObject({ action: "cluster.revoke-agent" });
  });
});
