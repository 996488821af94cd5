import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { place, testPlane, type TestPlane } from "./testing.ts";
import { openWantedBoard, wantedFrom } from "./wanted.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await testPlane();
});
afterAll(() => plane.close());

async function someAgent() {
  const { cluster } = await plane.makeAgent();
  const attempt = await place(plane, await plane.makeRun({}), cluster.id);
  return { cluster, attempt };
}

describe("what the server remembers of a cluster", () => {
  it("is read once, until a change of the cluster is told", async () => {
    const { cluster, attempt } = await someAgent();
    const board = openWantedBoard(plane);
    try {
      expect((await board.recall(cluster.id)).live).toMatchObject([{ id: attempt.id, stopRequested: false }]);
      await plane.sql`update attempts set stop_requested_at = now(), stop_reason = 'cancelled' where id = ${attempt.id}`;
      expect((await board.recall(cluster.id)).live).toMatchObject([{ stopRequested: false }]);
      await plane.bus.publishNow([{ orgId: plane.orgId, topic: "cluster", id: cluster.id }]);
      await expect.poll(async () => (await board.recall(cluster.id)).live, { timeout: 30_000 }).toMatchObject([{ stopRequested: true }]);
    } finally {
      board.close();
    }
  });
  it("is read anew by whoever asks for it, and remembered from then on", async () => {
    const { cluster, attempt } = await someAgent();
    const board = openWantedBoard(plane);
    try {
      await board.recall(cluster.id);
      await plane.sql`update attempts set status = 'ended', outcome = 'cancelled', ended_at = now() where id = ${attempt.id}`;
      expect((await board.read(cluster.id)).live).toEqual([]);
      expect((await board.recall(cluster.id)).live).toEqual([]);
    } finally {
      board.close();
    }
  });
});

describe("what is wanted", () => {
  const one = { id: "att_1", runId: "run_1", fence: 3n, status: "running" as const, taken: true, stopRequested: false, stopReason: null };
  it("never offers an attempt again that its agent took once and has forgotten", () => {
    expect(wantedFrom({ live: [one], drainedNodes: [], tunnels: [] }, new Set()).entries).toEqual([]);
    expect(wantedFrom({ live: [one], drainedNodes: [], tunnels: [] }, new Set(["att_1"])).entries).toEqual([{ attemptId: "att_1", fence: "3", action: "run", reason: null }]);
    expect(wantedFrom({ live: [{ ...one, taken: false }], drainedNodes: [], tunnels: [] }, new Set()).entries).toHaveLength(1);
  });
  it("has another hash when a node is drained", () => {
    const hash = (drainedNodes: string[]) => wantedFrom({ live: [one], drainedNodes, tunnels: [] }, new Set(["att_1"])).hash;
    expect(hash([])).not.toBe(hash(["gpu01"]));
  });
});
