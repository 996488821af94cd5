import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { factories } from "../../db/factories.ts";
import { accelerators, nodes } from "../../db/schema/clusters.ts";
import type { FailureClass } from "../../domain/experiments/failure.ts";
import { type TestWorld, testWorld } from "../experiments/testing.ts";

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

let number = 0;
/** Two nodes; on the first, runs go well. */
async function fleet() {
  const cluster = await world.makeCluster(world.org.id, `fleet-${number++}`, { gpus: 2 });
  const values = { orgId: world.org.id, clusterId: cluster.id, cpus: 8, memoryMib: 32_768, diskMib: 100_000, state: "up" as const, seenAt: new Date() };
  const [second] = await world.db.insert(nodes).values({ ...values, name: "node-2" }).returning();
  const end = async (node: string, failureClass: FailureClass | null, over: { nodeNames?: string[]; hoursAgo?: number; projectId?: string } = {}) => {
    const run = await world.makeRun({ name: `run-${number++}`, projectId: over.projectId ?? world.vision.id, status: failureClass ? "failed" : "succeeded", endedAt: new Date() });
    await world.makeAttempt(run, cluster.id, { status: "ended", outcome: failureClass ? "failed" : "succeeded", failureClass, nodeNames: over.nodeNames ?? [node], endedAt: new Date(Date.now() - (over.hoursAgo ?? 1) * 3_600_000) });
    return run;
  };
  for (let at = 0; at < 20; at += 1) await end("node-1", null);
  return { cluster, second: second!, end };
}
const findings = (id?: string) => world.owner.api.clusters.findings(id ? { id } : {});

describe("findings about nodes", () => {
  it("rest on what ended in the last day on that node alone, and name only runs that the viewer may read", async () => {
    const { cluster, end } = await fleet();
    for (let at = 0; at < 3; at += 1) await end("node-2", "hardware", { hoursAgo: 30 });
    for (let at = 0; at < 3; at += 1) await end("node-2", "hardware", { nodeNames: ["node-1", "node-2"] });
    for (const failureClass of ["oom", "timeout", "cancelled", "preempted", "config"] as const) await end("node-2", failureClass);
    expect(await findings(cluster.id)).toEqual([]);
    for (let at = 0; at < 3; at += 1) await end("node-2", "hardware", { projectId: at === 0 ? world.speech.id : world.vision.id });
    const [found] = await findings(cluster.id);
    expect(found).toMatchObject({ node: "node-2", tone: "bad", says: "3 of 3 runs failed on node-2 in 24 hours; on the other nodes 0 of 20.", cluster: { id: cluster.id }, liveRuns: 0 });
    const member = await world.makeUser(world.org.id, "acme", "Mia", [["member", "project", world.vision.id]]);
    const names = (await member.api.clusters.findings({ id: cluster.id }))[0]!.runs.map(({ id, name }) => (id === "" ? name : "named"));
    expect(names.toSorted()).toEqual(["a run of another project", "named", "named"]);
  });

  it("end with the drain, which keeps the finding as its reason, and stay away when set aside until something new is seen", async () => {
    const { cluster, second, end } = await fleet();
    for (let at = 0; at < 4; at += 1) await end("node-2", "hardware");
    const [found] = await findings(cluster.id);
    await world.owner.api.clusters.setAside({ nodeId: second.id, key: found!.key, reason: "a known cable" });
    await world.owner.api.clusters.setAside({ nodeId: second.id, key: found!.key });
    expect(await findings(cluster.id)).toEqual([]);
    expect((await world.owner.api.clusters.events({ id: cluster.id })).items.filter(({ kind }) => kind === "node.finding-set-aside")).toMatchObject([{ message: "A finding about node-2 was set aside: a known cable" }]);
    await end("node-2", "hardware", { hoursAgo: 0 });
    const [again] = await findings(cluster.id);
    expect(again!.says).toContain("5 of 5");
    await world.owner.api.clusters.drainNode({ nodeId: second.id, reason: again!.says });
    expect(await findings(cluster.id)).toEqual([]);
  });

  it("name a node whose steps take longer than its siblings' in run after run, of whatever attempt logged them", async () => {
    const { cluster, second } = await fleet();
    const mia = await world.makeUser(world.org.id, "acme", "Mia", [["member", "project", world.vision.id]]);
    const { metrics } = factories(world.db);
    const together = async (ownerId: string, slower: number, { nodeNames = ["node-1", "node-2"], hoursAgo = 1 } = {}) => {
      const endedAt = new Date(Date.now() - hoursAgo * 3_600_000);
      const run = await world.makeRun({ name: `run-${number++}`, ownerId, status: "succeeded", endedAt, nodes: 2 });
      const attempt = await world.makeAttempt(run, cluster.id, { status: "ended", outcome: "succeeded", nodeNames, endedAt });
      for (const [node, attemptId, seconds] of [["node-1", attempt.id, 0.4], ["node-2", null, 0.4 * slower]] as const) { // an MLflow client names no attempt
        await metrics(run.id, attemptId, `node/${node}/step_seconds`, Array.from({ length: 25 }, (_, step) => ({ step, at: endedAt.getTime(), value: seconds * (1 + 0.01 * (step % 3)) })));
      }
      return run;
    };
    await together(world.owner.id, 1.5, { hoursAgo: 30 });
    await together(world.owner.id, 1.5, { nodeNames: ["node-1", "node-3"] });
    await together(world.owner.id, 1.5);
    await together(mia.id, 1.5);
    expect(await findings(cluster.id)).toEqual([]);
    const newest = await together(mia.id, 1.5, { hoursAgo: 0 });
    expect(await findings(cluster.id)).toMatchObject([{ nodeId: second.id, tone: "warn", says: "node-2 kept the others waiting in 3 of 3 runs over several nodes in 24 hours: its steps took 1.5 times as long as theirs.", runsAre: "the slow runs", runs: [{ id: newest.id, name: newest.name, how: "Steps took 1.5 times as long as on 1 other node." }, {}, {}] }]);
    for (let at = 0; at < 3; at += 1) await together(world.owner.id, 1);
    expect(await findings(cluster.id)).toEqual([]);
  });

  it("name a slow rank with its node, on its run's page and, while it goes on, on its cluster's, and its node after run upon run", async () => {
    const { cluster, second } = await fleet();
    const mia = await world.makeUser(world.org.id, "acme", "Mia", [["member", "project", world.vision.id]]);
    const { metrics } = factories(world.db);
    const together = async (ownerId: string, status: "running" | "succeeded", endedAt: Date | null) => {
      const run = await world.makeRun({ name: `ranks-${number++}`, ownerId, status, endedAt, nodes: 2, gpus: 2 });
      const attempt = await world.makeAttempt(run, cluster.id, { status: endedAt ? "ended" : "running", ...(endedAt ? { outcome: "succeeded" as const, endedAt } : {}), startedAt: new Date(Date.now() - 7_200_000), nodeNames: ["node-1", "node-2"] });
      for (const rank of [0, 1, 2, 3]) await metrics(run.id, attempt.id, `rank/${rank}@node-${rank < 2 ? 1 : 2}/step_seconds`, Array.from({ length: 25 }, (_, step) => ({ step, at: Date.now(), value: 0.4 * (rank < 2 ? 1 : rank === 3 ? 1.6 : 1.5) })));
      await metrics(run.id, attempt.id, "rank/9@elsewhere/step_seconds", Array.from({ length: 25 }, (_, step) => ({ step, at: Date.now(), value: 9 })));
      return run;
    };
    const live = await together(world.owner.id, "running", null);
    const { found } = (await world.owner.api.clusters.slowRanks({ id: cluster.id }))[0]!;
    expect(found).toMatchObject({ of: 4, says: "Rank 3 on node-2 takes 1.6 times the median step of the others. 1 other of 4 is behind as well.", ranks: [{ rank: 3, node: "node-2" }, { rank: 2, node: "node-2" }] });
    expect(await world.owner.api.experiments.slowRanks({ id: live.id })).toEqual(found);
    const rival = await world.makeUser(world.org.id, "acme", "Rob", [["member", "project", world.speech.id]]);
    expect(await rival.api.clusters.slowRanks({ id: cluster.id })).toMatchObject([{ run: { id: "", name: "a run of another project" } }]);
    await expect(rival.api.experiments.slowRanks({ id: live.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const ended = await together(mia.id, "succeeded", new Date(Date.now() - 60_000));
    expect(await mia.api.experiments.slowRanks({ id: ended.id })).toMatchObject({ of: 4 });
    expect(await world.owner.api.clusters.slowRanks({ id: cluster.id })).toHaveLength(1);
    await together(world.owner.id, "succeeded", new Date(Date.now() - 120_000));
    expect(await findings(cluster.id)).toMatchObject([{ nodeId: second.id, says: expect.stringContaining("node-2 kept the others waiting in 3 of 3 runs over several nodes") }]);
  });

  it("name a sick accelerator; the list of all clusters has them too, but not those of another organization", async () => {
    const { cluster } = await fleet();
    await world.db.update(accelerators).set({ health: "failed", healthReason: "XID 79: GPU has fallen off the bus." }).where(and(eq(accelerators.clusterId, cluster.id), eq(accelerators.index, 1)));
    expect(await findings(cluster.id)).toMatchObject([{ node: "node-1", tone: "bad", says: "Accelerator 1 of node-1 does not work: XID 79: GPU has fallen off the bus." }]);
    expect((await findings()).map((one) => one.cluster.id)).toContain(cluster.id);
    const rival = await world.makeOrg("rival");
    const other = await world.makeUser(rival.id, "rival", "Rita", [["owner", "org", rival.id]]);
    expect(await other.api.clusters.findings({})).toEqual([]);
    await expect(other.api.clusters.findings({ id: cluster.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
