import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterSnapshot } from "../agents/placement.ts";
import type { Waiting } from "./order.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import type { Quota } from "./quota.ts";
import { cluster, node, NOW, pass, started, waiting } from "./testing.ts";

const ids = (result: ReturnType<typeof pass>) => result.placed.map((one) => one.runId);
const quota = (over: Partial<Quota>): Quota => ({ id: "quo_1", scope: "team", scopeId: "team_a", scopeName: "vision", model: "H100", guaranteed: 0, borrow: true, limit: null, ...over });

describe("backfill", () => {
  it("lets a small run pass a waiting large one only where it does not stand in its way", () => {
    const one = cluster("a", [node("n1", { gpus: 8, cpus: 64 })]);
    started(one, waiting("old", { resources: { gpus: 1, cpus: 4, memory: 16 } }), { nodeNames: ["n1"], accelerators: [0] });
    const result = pass([waiting("big", { resources: { gpus: 8, cpus: 8 } }), waiting("gpu", { resources: { gpus: 1 }, queuedAt: NOW + 1 }), waiting("cpu", { resources: { cpus: 4 }, queuedAt: NOW + 2 })], [one]);
    expect(ids(result)).toEqual(["cpu"]);
    expect(result.waiting.get("big")).toMatchObject({ kind: "busy" });
    expect(result.waiting.get("gpu")).toMatchObject({ kind: "behind", forRun: "big" });
  });
  it("lets a short run use the room until the waiting one may start, by the sooner of limit and experience", () => {
    const queue = [waiting("big", { resources: { gpus: 8 } }), waiting("short", { resources: { gpus: 1 }, spec: { maxDuration: 1800 }, queuedAt: NOW + 1 }), waiting("long", { resources: { gpus: 1 }, spec: { maxDuration: 7200 }, queuedAt: NOW + 1 })];
    for (const expected of [null, NOW + 600_000]) {
      const one = cluster("a", [node("n1", { gpus: 8 })]);
      started(one, waiting("old", { resources: { gpus: 1 } }), { nodeNames: ["n1"], accelerators: [0] }, { expectedEndsBy: expected }, NOW + 3_600_000);
      expect(ids(pass(queue, [one]))).toEqual(expected === null ? ["short"] : []);
    }
  });
  it("counts the grace of a run that reaches its limit: what saves its checkpoint until the head's time has come and gone is not let past", () => {
    const one = cluster("a", [node("n1", { gpus: 8 })]);
    started(one, waiting("old", { resources: { gpus: 1 } }), { nodeNames: ["n1"], accelerators: [0] }, {}, NOW + 1_800_000);
    const short = (id: string, graceSeconds: number, at: number) => waiting(id, { resources: { gpus: 1 }, spec: { maxDuration: 1780, checkpoint: { graceSeconds } }, queuedAt: NOW + at });
    expect(ids(pass([waiting("big", { resources: { gpus: 8 } }), short("slow", 600, 1), short("quick", 10, 2)], [one]))).toEqual(["quick"]);
  });
  it("starts nothing behind the head while it is off", () => {
    const one = cluster("a", [node("n1", { gpus: 8, taken: 1 })]);
    expect(ids(pass([waiting("big", { resources: { gpus: 8 } }), waiting("cpu", { queuedAt: NOW + 1 })], [one], { policy: { ...DEFAULT_POLICY, backfill: false } }))).toEqual([]);
  });
});

describe("what is taken back of a guarantee", () => {
  const quotas = [quota({ id: "quo_a", scopeId: "team_a", guaranteed: 4 }), quota({ id: "quo_b", scopeId: "team_b", guaranteed: 4 })];
  const lent = (teams: string[], nodes: number) => {
    const one = cluster("a", Array.from({ length: nodes }, (_, at) => node(`n${at}`, { gpus: 8 / nodes, cpus: 64 })));
    for (const [at, teamId] of teams.entries()) {
      const on = Math.floor((at * nodes) / teams.length);
      const first = (at - (on * teams.length) / nodes) * 2;
      started(one, waiting(`${teamId}_${at}`, { resources: { gpus: 2 }, spec: { preemptible: true }, teamId }), { nodeNames: [`n${on}`], accelerators: [first, first + 1] }, { startedAt: NOW - 1000 * (teams.length - at) });
    }
    return one;
  };
  it("is no more than others borrowed: nobody falls below a guarantee of their own for it", () => {
    const mine = waiting("mine", { resources: { gpus: 4 }, teamId: "team_a" });
    const { victims } = pass([mine], [lent(["team_c", "team_b", "team_b", "team_b"], 1)], { quotas });
    expect(victims.map(({ runId, why }) => [runId, why])).toEqual([["team_b_3", "guarantee"], ["team_c_0", "guarantee"]]);
    expect(pass([mine], [lent(["team_b", "team_b", "team_b", "team_b"], 1)], { quotas }).victims).toHaveLength(2);
    expect(pass([mine], [lent(["team_b", "team_b", "team_a", "team_c"], 1)], { quotas }).victims).toEqual([]); // beyond its own guarantee
  });
  it("is so over all nodes of a run together", () => {
    const wide = waiting("wide", { resources: { gpus: 2, nodes: 2 }, teamId: "team_a" });
    const { victims } = pass([wide], [lent(["team_c", "team_b", "team_b", "team_b"], 4)], { quotas });
    expect(victims.map(({ runId }) => runId).toSorted()).toEqual(["team_b_3", "team_c_0"]);
  });
});

describe("preemption", () => {
  const full = (over: Parameters<typeof started>[3] = {}, preemptible = true) => {
    const one = cluster("a", [node("n1", { gpus: 8 }), node("n2", { gpus: 8 })]);
    for (const [at, name] of (["n1", "n2"] as const).entries()) {
      started(one, waiting(`left-${name}`, { resources: { gpus: 4 }, spec: { preemptible } }), { nodeNames: [name], accelerators: [0, 1, 2, 3] }, { startedAt: NOW - 3_600_000 - at, ...over });
      started(one, waiting(`right-${name}`, { resources: { gpus: 4 }, spec: { preemptible } }), { nodeNames: [name], accelerators: [4, 5, 6, 7] }, { startedAt: NOW - 1_800_000 - at, ...over });
    }
    return one;
  };
  it("stops the fewest and youngest preemptible runs of a lower priority, on one node", () => {
    const result = pass([waiting("urgent", { resources: { gpus: 4 }, priority: 90 })], [full({ priority: 50 })]);
    expect(result.victims).toMatchObject([{ runId: "right-n1", why: "priority", forRunId: "urgent" }]);
    expect(result.waiting.get("urgent")).toMatchObject({ kind: "busy", message: "1 run is asked to save a checkpoint and give way to it." });
    expect(pass([waiting("whole", { resources: { gpus: 8 }, priority: 90 })], [full({ priority: 50 })]).victims.map((one) => one.runId).toSorted()).toEqual(["left-n1", "right-n1"]);
  });
  it("never stops what is not preemptible, nor anything for an equal that had as much", () => {
    expect(pass([waiting("urgent", { resources: { gpus: 4 }, priority: 90 })], [full({ priority: 50 }, false)]).victims).toEqual([]);
    expect(pass([waiting("equal", { resources: { gpus: 4 } })], [full()]).victims).toEqual([]);
    expect(pass([waiting("urgent", { resources: { gpus: 4 }, priority: 90 })], [full({ priority: 50 })], { policy: { ...DEFAULT_POLICY, preemption: false } }).victims).toEqual([]);
  });
  it("gives a run its turn when what runs has had more, but not within its first minutes", () => {
    const had = { attained: 40 * 3600 };
    expect(pass([waiting("fresh", { resources: { gpus: 4 } })], [full(had)]).victims).toMatchObject([{ why: "turn" }]);
    expect(pass([waiting("fresh", { resources: { gpus: 4 } })], [full({ ...had, startedAt: NOW - 60_000 })]).victims).toEqual([]);
    expect(pass([waiting("fresh", { resources: { gpus: 4 } })], [full(had)], { policy: { ...DEFAULT_POLICY, turns: false } }).victims).toEqual([]);
  });
  it("waits for those that it asked to stop instead of asking more, and lets nobody else have their room", () => {
    const one = full({ priority: 50 });
    const gone = one.live.find((hold) => hold.runId === "right-n1")!;
    gone.claim = { ...gone.claim!, stopping: true };
    const result = pass([waiting("urgent", { resources: { gpus: 4 }, priority: 90 })], [one]);
    expect(result.victims).toEqual([]);
    expect(result.waiting.get("urgent")?.message).toContain("Room is being made");
  });
  it("starts work of several nodes on all of them or not at all, also by preemption", () => {
    const result = pass([waiting("gang", { resources: { gpus: 8, nodes: 2 }, priority: 90 })], [full({ priority: 50 })]);
    expect(result.placed).toEqual([]);
    expect(result.victims).toHaveLength(4);
    const mixed = full({ priority: 50 });
    mixed.live[0]!.claim = { ...mixed.live[0]!.claim!, preemptible: false };
    expect(pass([waiting("gang", { resources: { gpus: 8, nodes: 2 }, priority: 90 })], [mixed]).victims).toEqual([]);
  });
});

describe("quotas", () => {
  const eight = () => cluster("a", [node("n1", { gpus: 8 })]);
  it("hold a team to its limit and say so", () => {
    const result = pass([waiting("one", { resources: { gpus: 4 } }), waiting("two", { resources: { gpus: 4 }, queuedAt: NOW + 1 })], [eight()], { quotas: [quota({ limit: 6 })] });
    expect(ids(result)).toEqual(["one"]);
    expect(result.waiting.get("two")).toEqual({ kind: "quota", message: "The team vision may hold 6 H100 and holds 4; this needs 4 more." });
  });
  it("let preemptible work borrow what is guaranteed to others, and firm work only what is not", () => {
    const quotas = [quota({ scopeId: "team_b", scopeName: "speech", guaranteed: 6 })];
    expect(ids(pass([waiting("firm", { resources: { gpus: 4 } })], [eight()], { quotas }))).toEqual([]);
    expect(ids(pass([waiting("firm", { resources: { gpus: 2 } })], [eight()], { quotas }))).toEqual(["firm"]);
    expect(ids(pass([waiting("soft", { resources: { gpus: 8 }, spec: { preemptible: true } })], [eight()], { quotas }))).toEqual(["soft"]);
  });
  it("take back a guarantee from who borrowed it, whatever the priorities", () => {
    const one = eight();
    started(one, waiting("borrower", { resources: { gpus: 8 }, spec: { preemptible: true }, priority: 100 }), { nodeNames: ["n1"] }, { priority: 100 });
    const result = pass([waiting("owner", { resources: { gpus: 4 }, teamId: "team_b", priority: 10 })], [one], { quotas: [quota({ scopeId: "team_b", guaranteed: 4 })] });
    expect(result.victims).toMatchObject([{ runId: "borrower", why: "guarantee" }]);
  });
  it("end a person's runs at the limit per person", () => {
    const policy = { ...DEFAULT_POLICY, maxRunningPerUser: 1 };
    const result = pass([waiting("one"), waiting("two", { queuedAt: NOW + 1 }), waiting("other", { ownerId: "usr_b", queuedAt: NOW + 2 })], [eight()], { policy });
    expect(ids(result)).toEqual(["one", "other"]);
    expect(result.waiting.get("two")).toMatchObject({ kind: "quota", message: "Its owner has 1 run going; the limit is 1." });
  });
});

it("cheaper clusters go first, then the one that has the checkpoint; nodes that failed a run are not used while others could take it", () => {
  const clusters = [cluster("a", [node("n1")]), cluster("b", [node("n1")])];
  const price = (one: ClusterSnapshot) => (one.slug === "b" ? 1n : 2n);
  expect(pass([waiting("r")], clusters, { price }).placed).toMatchObject([{ clusterId: "cl_b" }]);
  expect(pass([waiting("r", { near: "cl_b" })], clusters).placed).toMatchObject([{ clusterId: "cl_b" }]);
  expect(pass([waiting("r", { excluded: ["cl_a/n1"] })], clusters).placed).toMatchObject([{ clusterId: "cl_b" }]);
  const busy = [cluster("a", [node("n1")]), cluster("b", [node("n1", { freeCpus: 0 })])];
  const none = pass([waiting("r", { excluded: ["cl_a/n1"] })], busy);
  expect(none.placed).toEqual([]);
  expect(none.waiting.get("r")?.message).toContain("failed it before");
  expect(pass([waiting("r", { excluded: ["cl_a/n1", "cl_b/n1"] })], busy).placed).toMatchObject([{ clusterId: "cl_a" }]);
  busy[1]!.drained = true;
  expect(pass([waiting("r", { excluded: ["cl_a/n1"] })], busy).placed).toMatchObject([{ clusterId: "cl_a" }]);
});

it("a run is not kept waiting by one of the same size that lets people in, where no free cluster would", () => {
  const clusters = [cluster("a", [node("n1")]), cluster("b", [node("n1", { freeCpus: 0 })])];
  clusters[1]!.capabilities = { ...clusters[1]!.capabilities!, interactive: true };
  const result = pass([waiting("notebook", { spec: { interactive: { app: "jupyter" } } }), waiting("train", { queuedAt: NOW + 1 })], clusters);
  expect(ids(result)).toEqual(["train"]);
  expect(result.waiting.get("notebook")).toMatchObject({ kind: "busy" });
});

const arbNode = fc.record({ cpus: fc.integer({ min: 1, max: 32 }), memoryMib: fc.integer({ min: 1024, max: 65_536 }), gpus: fc.integer({ min: 0, max: 8 }), usable: fc.boolean() });
const arbClusters = fc.array(fc.array(arbNode, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }).map((all) =>
  all.map((nodes, at) => cluster(`c${at}`, nodes.map(({ cpus, memoryMib, gpus, usable }, index) => node(`n${index}`, { cpus, memoryMib, gpus, usable })))),
);
const arbRuns = fc
  .array(fc.record({ cpus: fc.integer({ min: 1, max: 320 }).map((tenths) => tenths / 10), memory: fc.integer({ min: 16, max: 70_000 }), gpus: fc.integer({ min: 0, max: 8 }), nodes: fc.integer({ min: 1, max: 3 }), minutes: fc.option(fc.integer({ min: 1, max: 100 })), team: fc.constantFrom("team_a", "team_b", "team_c"), priority: fc.constantFrom(10, 50, 90), preemptible: fc.boolean() }), { maxLength: 40 })
  .map((all) => all.map(({ minutes, team, priority, preemptible, ...resources }, at) => waiting(`run_${at}`, { resources, teamId: team, projectId: team, priority, queuedAt: NOW + at, spec: { preemptible, ...(minutes ? { maxDuration: minutes * 60 } : {}) } })));
const arbQuotas = fc.array(fc.record({ scopeId: fc.constantFrom("team_a", "team_b", "team_c"), guaranteed: fc.integer({ min: 0, max: 8 }), borrow: fc.boolean(), limit: fc.option(fc.integer({ min: 0, max: 12 })) }), { maxLength: 3 }).map((all) => [...new Map(all.map((one) => [one.scopeId, quota({ id: `quo_${one.scopeId}`, scopeName: one.scopeId, ...one })])).values()]);

/** The clusters with these placements running. */
function running(clusters: readonly ClusterSnapshot[], queue: readonly Waiting[], placed: ReturnType<typeof pass>["placed"], endsAt: (run: Waiting) => number | null = () => null): ClusterSnapshot[] {
  const copies = structuredClone(clusters) as ClusterSnapshot[];
  for (const one of placed) {
    const run = queue.find(({ id }) => id === one.runId)!;
    started(copies.find(({ id }) => id === one.clusterId)!, run, one, { startedAt: NOW - 7_200_000 }, endsAt(run));
  }
  return copies;
}

describe("whatever the queue, the clusters and the quotas", () => {
  it("no node and no accelerator is promised twice, every run is placed or told why, and gangs are whole", () => {
    fc.assert(fc.property(arbClusters, arbRuns, arbQuotas, (clusters, queue, quotas) => {
      const { placed, waiting: told } = pass(queue, clusters, { quotas });
      expect(placed.length + told.size).toBe(queue.length);
      for (const one of placed) expect(new Set(one.nodeNames).size).toBe(queue.find((run) => run.id === one.runId)!.spec.resources.nodes);
      for (const each of running(clusters, queue, placed)) {
        for (const host of each.nodes) {
          const here = each.live.filter((hold) => hold.nodeNames.includes(host.name));
          if (here.length > 0) expect(host.usable).toBe(true);
          expect(host.freeCpus).toBeGreaterThan(-1e-6);
          expect(host.freeMemoryMib).toBeGreaterThanOrEqual(0);
          expect(here.reduce((sum, hold) => sum + hold.gpus, 0)).toBeLessThanOrEqual(host.accelerators.length);
          const indexes = here.flatMap((hold) => hold.accelerators);
          expect(new Set(indexes).size).toBe(indexes.length);
        }
      }
    }), { numRuns: 200 });
  });
  it("no quota is over its limit, and firm work leaves every guarantee within reach", () => {
    fc.assert(fc.property(arbClusters, arbRuns, arbQuotas, (clusters, queue, quotas) => {
      const { placed } = pass(queue, clusters, { quotas });
      const runOf = new Map(queue.map((run) => [run.id, run]));
      const held = (team: string, firm: boolean) => placed.map((one) => runOf.get(one.runId)!).filter((run) => run.teamId === team && (!firm || !run.spec.preemptible)).reduce((sum, run) => sum + run.gpus, 0);
      for (const one of quotas) {
        const most = one.borrow ? one.limit : Math.min(one.guaranteed, one.limit ?? one.guaranteed);
        if (most !== null) expect(held(one.scopeId, false)).toBeLessThanOrEqual(most);
      }
      const capacity = clusters.flatMap((one) => one.nodes).reduce((sum, host) => sum + host.accelerators.length, 0);
      const guaranteed = new Map(quotas.map((one) => [one.scopeId, one.guaranteed]));
      const bound = ["team_a", "team_b", "team_c"].reduce((sum, team) => sum + Math.max(guaranteed.get(team) ?? 0, held(team, true)), 0);
      const promised = [...guaranteed.values()].reduce((sum, one) => sum + one, 0);
      if (quotas.length > 0 && promised <= capacity) expect(bound).toBeLessThanOrEqual(capacity);
    }), { numRuns: 200 });
  });
  it("a guarantee is had back in full: what was borrowed stops, whatever its priority", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 8 }), fc.constantFrom(0, 50, 100), (nodes, gpus, priority) => {
      const one = cluster("a", Array.from({ length: nodes }, (_, at) => node(`n${at}`, { gpus: 8, cpus: 64 })));
      for (const host of one.nodes) for (let index = 0; index < 8; index += 1) started(one, waiting(`b-${host.name}-${index}`, { resources: { gpus: 1 }, spec: { preemptible: true }, priority: 100 }), { nodeNames: [host.name], accelerators: [index] });
      const result = pass([waiting("mine", { teamId: "team_b", projectId: "prj_b", priority, resources: { gpus } })], [one], { quotas: [quota({ scopeId: "team_b", guaranteed: 8 })] });
      expect(result.victims).toHaveLength(gpus);
      expect(new Set(result.victims.map((each) => each.runId.split("-")[1])).size).toBe(1);
    }));
  });
  it("the same question has the same answer, and asking changes nothing", () => {
    fc.assert(fc.property(arbClusters, arbRuns, arbRuns, arbQuotas, (clusters, first, second, quotas) => {
      const busy = running(clusters, first, pass(first, clusters).placed);
      const before = JSON.stringify(busy);
      const answer = pass(second, busy, { quotas });
      expect(JSON.stringify(busy)).toBe(before);
      expect(pass(second, busy, { quotas })).toEqual(answer);
    }), { numRuns: 50 });
  });
  it("only preemptible work is stopped, each once, and never for something of a lower rank", () => {
    fc.assert(fc.property(arbClusters, arbRuns, arbRuns, (clusters, first, second) => {
      const busy = running(clusters, first, pass(first, clusters).placed);
      const { victims } = pass(second.map((run) => ({ ...run, id: `late_${run.id}` })), busy);
      expect(new Set(victims.map((one) => one.runId)).size).toBe(victims.length);
      for (const victim of victims) {
        const stopped = first.find((run) => run.id === victim.runId)!;
        expect(stopped.spec.preemptible).toBe(true);
        expect(second.find((run) => `late_${run.id}` === victim.forRunId)!.priority).toBeGreaterThanOrEqual(stopped.priority);
      }
    }), { numRuns: 100 });
  });
});
