import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { factories } from "../../db/factories.ts";
import { nodes } from "../../db/schema/clusters.ts";
import { compare, decimal, sum } from "../../domain/costs/decimal.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { parseSorts } from "../../domain/experiments/table-columns.ts";
import { specOf, testWorld, type TestWorld } from "../experiments/testing.ts";
import { createCallerFactory } from "../trpc/init.ts";
import { appRouter } from "../trpc/root.ts";
import { followCapacity } from "./commands/capacity.ts";
import { completeHours, postDirtyHours } from "./commands/posting.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";

let world: TestWorld;
let member: Awaited<ReturnType<TestWorld["makeUser"]>>;
let viewer: typeof member;
/** A member's token that may read runs, and no costs. */
let token: typeof member.api;
let cluster: Awaited<ReturnType<TestWorld["makeCluster"]>>;
const NOW = Date.now();
const T0 = Math.floor(NOW / HOUR_MS) * HOUR_MS - 6 * HOUR_MS;
const MINUTE = 60_000;

beforeAll(async () => {
  world = await testWorld();
  member = await world.makeUser(world.org.id, world.org.slug, "Vic Vision", [["member", "project", world.vision.id]]);
  viewer = await world.makeUser(world.org.id, world.org.slug, "Vera Viewer", [["viewer", "project", world.vision.id]]);
  token = createCallerFactory(appRouter)({ db: world.db, requestId: "test-token", orgSlug: world.org.slug, caller: { actor: { type: "user", id: member.id, name: member.name, tokenId: null }, email: null, tokenOrgId: world.org.id, tokenPermissions: new Set(["runs:read"]), tokenProject: null } });
  cluster = await world.makeCluster(world.org.id, "berlin", { cpus: 64 });
  await world.db.update(nodes).set({ memoryMib: 1024 * 1024 }).where(eq(nodes.clusterId, cluster.id));
  await world.db.transaction((tx) => followCapacity(tx, { orgId: world.org.id, clusterId: cluster.id }));
  await world.sql`update capacity_intervals set from_at = ${new Date(T0)} where cluster_id = ${cluster.id}`;
  await world.sql`update cost_clocks set complete_to = ${new Date(T0)} where cluster_id = ${cluster.id}`;
  await price("cpu", "0.6");
  await price("memory", "0.06");
});
const price = (kind: "cpu" | "memory", unitPrice: string) => world.owner.api.costs.addPrice({ kind, unitPrice, validFrom: new Date(T0 - 1000 * HOUR_MS).toISOString() });
afterAll(() => world.close());

interface Tried {
  from: number;
  /** null: it goes on, and was last heard of twelve minutes after `from`. */
  milliseconds: number | null;
  outcome?: "succeeded" | "failed";
}
/** A run of one core, an attempt after the other. */
async function ran(name: string, tries: Tried[], values: Parameters<TestWorld["makeRun"]>[0] = {}) {
  const last = tries.at(-1);
  const isOver = last !== undefined && last.milliseconds !== null;
  const run = await world.makeRun({
    name, spec: specOf({ name }), status: !last ? "queued" : isOver ? (last.outcome ?? "succeeded") : "running",
    ...(isOver ? { startedAt: new Date(tries[0]!.from), endedAt: new Date(last.from + last.milliseconds!) } : {}), ...values,
  });
  for (const [at, { from, milliseconds, outcome }] of tries.entries()) {
    const attempt = await world.makeAttempt(run, cluster.id, { number: at + 1, status: milliseconds === null ? "running" : "ended", ...(milliseconds === null ? {} : { outcome: outcome ?? "succeeded" }) });
    const end = milliseconds === null ? [] : [{ kind: "close" as const, at: from + milliseconds, lifeMs: milliseconds, evidence: "measured" as const }];
    const hold = { node: "node-1", accelerators: [], gpus: 0, cpus: 1, memoryMib: 1024 };
    await ingestUsage(world.sql, { orgId: world.org.id, clusterId: cluster.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from: 0, events: [{ kind: "open", at: from, holds: [hold] }, ...end], aliveAt: milliseconds === null ? from + 12 * MINUTE : null }] }, NOW);
  }
  return run;
}
async function settle(): Promise<void> {
  await completeHours(world.sql);
  while ((await postDirtyHours(world, NOW)).hours > 0);
}
const same = (a: string | undefined, b: string) => expect(compare(decimal(a ?? "-1"), decimal(b)), `${a} is ${b}`).toBe(0);

describe("the cost of a page of runs", () => {
  it("is that of each run's own page, before and after the ledger has it, and goes on while they run", async () => {
    const runs = [await ran("short", [{ from: T0 + 7 * MINUTE, milliseconds: 1_234_567 }]), await ran("goes on", [{ from: T0 + 5 * HOUR_MS, milliseconds: null }]), await ran("queued", [])];
    const ids = runs.map(({ id }) => id);
    const amounts = async () => {
      const { currency, isUnpriced, runs: found } = await world.owner.api.costs.ofRuns({ ids });
      expect([currency, isUnpriced]).toEqual(["USD", false]);
      for (const one of found) {
        const own = await world.owner.api.costs.run({ id: one.id });
        same(one.amount, own.amount);
        same(one.provisional, own.provisional);
      }
      return new Map(found.map(({ id, amount }) => [id, amount]));
    };
    const before = await amounts();
    expect([...before.keys()].toSorted()).toEqual(ids.slice(0, 2).toSorted()); // what never held anything is not there
    same(before.get(ids[1]!), "0.132"); // twelve minutes of a core and a GiB
    await settle();
    const after = await amounts();
    for (const id of ids.slice(0, 2)) same(after.get(id), before.get(id)!);
  });

  it("is nobody's business who does not reach its project, or holds no permission to see costs", async () => {
    const [hidden, own] = [await ran("hidden", [{ from: T0, milliseconds: MINUTE }], { projectId: world.speech.id }), await ran("own", [{ from: T0, milliseconds: MINUTE }])];
    expect((await member.api.costs.ofRuns({ ids: [hidden.id, own.id] })).runs.map(({ id }) => id)).toEqual([own.id]);
    await expect(token.costs.ofRuns({ ids: [own.id] })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(token.costs.experiment({ id: own.experimentId })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(member.api.costs.experiment({ id: hidden.experimentId })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("the attempts of a run", () => {
  it("cost together what the run does, each its own part", async () => {
    const run = await ran("retried", [{ from: T0, milliseconds: 30 * MINUTE, outcome: "failed" }, { from: T0 + HOUR_MS, milliseconds: 12 * MINUTE, outcome: "failed" }, { from: T0 + 2 * HOUR_MS, milliseconds: null }]);
    const [cost, { attempts }] = await Promise.all([world.owner.api.costs.run({ id: run.id }), world.owner.api.experiments.get({ id: run.id })]);
    const of = new Map(cost.attempts.map(({ id, amount }) => [id, amount]));
    for (const [at, amount] of ["0.33", "0.132", "0.132"].entries()) same(of.get(attempts[at]!.id), amount);
    expect(compare(sum(cost.attempts.map(({ amount }) => decimal(amount))), decimal(cost.amount))).toBe(0);
  });
});

describe("the table of runs by cost", () => {
  it("is sorted, filtered and grouped by what the ledger has, page by page, runs without any last", async () => {
    const project = await world.org.makeProject("by-cost");
    const minutes = [30, 12, null, 24, null, 12, 42];
    const made = [];
    for (const [at, length] of minutes.entries()) made.push(await ran(`c${at}`, length === null ? [] : [{ from: T0 + at * 50 * MINUTE, milliseconds: length * MINUTE }], { projectId: project.id, createdAt: new Date(T0 + at * MINUTE) }));
    await settle();
    const set = { project: "by-cost" };
    const names = async (ask: object, limit = 2) => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await world.owner.api.table.search({ ...set, ...ask, limit, ...(cursor ? { cursor } : {}) });
        found.push(...page.items.map(({ name }) => name));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      return found;
    };
    for (const limit of [1, 2, 3, 5, 100]) {
      expect(await names({ sorts: ["-cost"] }, limit)).toEqual(["c6", "c0", "c3", "c5", "c1", "c4", "c2"]);
      expect(await names({ sorts: ["cost"] }, limit)).toEqual(["c5", "c1", "c3", "c0", "c6", "c4", "c2"]);
      expect(await names({ sorts: ["-cost"], filter: "run_name != 'c0' and (cost is null or cost < 0.4)" }, limit)).toEqual(["c3", "c5", "c1", "c4", "c2"]);
    }
    expect(await names({ filter: "cost = 0.132" })).toEqual(["c5", "c1"]);
    expect(await names({ filter: "cost != 0.132" })).toEqual(["c6", "c3", "c0"]);
    expect(await names({ filter: "cost in (0.264, 0.330)" })).toEqual(["c3", "c0"]);
    expect(await names({ filter: "cost not in (0.264, 0.330)" })).toEqual(["c6", "c5", "c1"]);
    expect(await names({ filter: "cost >= 0.330000000000000001" })).toEqual(["c6"]); // the digits that were written
    expect(await names({ filter: "cost is not null and cost <= 0.264" })).toEqual(["c5", "c3", "c1"]);
    expect(await world.owner.api.table.count({ ...set, filter: "cost is null" })).toEqual({ count: 2, more: false });
    const [group] = await world.owner.api.table.groups({ ...set, by: "project", costs: true });
    expect(group).toMatchObject({ value: "by-cost", runs: 7, cost: { n: 5, currency: "USD" } });
    same(group!.cost!.amount, "1.32");
    expect((await world.owner.api.table.groups({ ...set, by: "project" }))[0]!.cost).toBeNull();
    expect((await world.owner.api.table.groups({ ...set, by: "status", costs: true })).find(({ value }) => value === "queued")!.cost).toBeNull();
  });

  it("knows no cost for who may not see it: no name to filter by, no order, no sum", async () => {
    await ran("secret", [{ from: T0, milliseconds: 50 * MINUTE }]);
    await ran("cheap", [{ from: T0, milliseconds: MINUTE }]);
    await settle();
    await expect(token.table.search({ filter: "cost > 0.1" })).rejects.toThrow(/There is no attribute cost/);
    await expect(token.table.count({ filter: "attributes.cost > 0.1" })).rejects.toThrow(/There is no attribute cost/);
    expect(parseSorts(["-cost"])).toHaveLength(1);
    const order = (await token.table.search({ sorts: ["-cost"] })).items.map(({ id }) => id);
    expect(order).toEqual((await token.table.search({})).items.map(({ id }) => id));
    expect(order).not.toEqual((await member.api.table.search({ sorts: ["-cost"] })).items.map(({ id }) => id));
    expect((await token.table.groups({ by: "project", costs: true })).map(({ cost }) => cost)).toEqual([null]);
  });
});

describe("an experiment's cost", () => {
  async function trained(name: string, experimentId: string | undefined, loss: number | null, tries: Tried[], values: Parameters<TestWorld["makeRun"]>[0] = {}) {
    const run = await ran(name, tries, { ...(experimentId ? { experimentId } : {}), ...values });
    if (loss !== null) await factories(world.db).metrics(run.id, null, "loss", [{ step: 0, at: 1, value: 9 }, { step: 1, at: 2, value: loss }]);
    return run;
  }

  it("is all that its runs cost, also those in the archive, and by best score what was spent until that was reached", async () => {
    const first = await trained("first", undefined, 0.5, [{ from: T0, milliseconds: 30 * MINUTE, outcome: "failed" }]);
    const { experimentId } = first;
    await trained("best", experimentId, 0.2, [{ from: T0 + HOUR_MS, milliseconds: 30 * MINUTE }]);
    await trained("beside it", experimentId, 0.3, [{ from: T0 + HOUR_MS, milliseconds: 3 * HOUR_MS }]); // half an hour of it until the best one's end
    await trained("as good", experimentId, 0.2, [{ from: T0 + 3 * HOUR_MS, milliseconds: 18 * MINUTE }]);
    await trained("gone", experimentId, 0.1, [{ from: T0, milliseconds: 12 * MINUTE }], { deletedAt: new Date() });
    await trained("worst", experimentId, 0.9, [{ from: T0 + 5 * HOUR_MS, milliseconds: null }]);
    await trained("broken", experimentId, Number.NEGATIVE_INFINITY, []);
    for (const _ of ["before the ledger has any of it", "with the ledger"]) {
      const lowest = await member.api.costs.experiment({ id: experimentId, goal: { metric: "loss", better: "lower" } });
      same(lowest.amount, "3.102"); // 282 minutes at 0.66 an hour
      same(lowest.provisional, "0.132");
      expect(lowest).toMatchObject({ currency: "USD", runs: 6, best: { name: "best", score: 0.2, status: "succeeded" } });
      same(lowest.perRun ?? undefined, "0.517");
      same(lowest.best!.amount, "0.33");
      same(lowest.best!.spent, "1.122"); // 30 + 30 + 30 + 12 minutes
      const highest = await member.api.costs.experiment({ id: experimentId, goal: { metric: "loss", better: "higher" } });
      expect(highest.best).toMatchObject({ name: "worst", score: 0.9, status: "running" });
      same(highest.best!.spent, lowest.amount); // it goes on: so far
      await settle();
    }
  });

  it("remembers by which metric its runs are judged, for everybody, in the words of MLflow's clients", async () => {
    const { experimentId, id } = await trained("judged", undefined, 0.5, [{ from: T0, milliseconds: MINUTE }]);
    expect(await member.api.costs.experiment({ id: experimentId })).toMatchObject({ goal: null, best: null });
    const goal = { metric: "loss", better: "higher" as const };
    await expect(viewer.api.experiments.setGoal({ id: experimentId, goal })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await member.api.experiments.setGoal({ id: experimentId, goal: { metric: "loss", better: "lower" } });
    await member.api.experiments.setGoal({ id: experimentId, goal });
    expect(await viewer.api.costs.experiment({ id: experimentId })).toMatchObject({ goal, best: { id } });
    expect(await viewer.api.costs.experiment({ id: experimentId, goal: { metric: "other", better: "lower" } })).toMatchObject({ goal: { metric: "other" }, best: null });
    const tags = await world.sql<{ key: string; value: string }[]>`select key, value from experiment_tags where experiment_id = ${experimentId} order by key`;
    expect(tags.map(({ value }) => value)).toEqual(["True", "loss"]);
    const hidden = await ran("hidden", [], { projectId: world.speech.id });
    await expect(member.api.experiments.setGoal({ id: hidden.experimentId, goal })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("prices that begin in the past", () => {
  it("show in the costs of a page of runs and of an experiment at once, as on a run's own page, and are booked later", async () => {
    const run = await ran("repriced", [{ from: T0, milliseconds: 30 * MINUTE }]);
    const { id, experimentId } = run;
    await settle();
    await price("cpu", "6");
    for (const _ of ["before the ledger has any of it", "with the ledger"]) {
      same((await world.owner.api.costs.run({ id })).amount, "3.03");
      same((await world.owner.api.costs.ofRuns({ ids: [id] })).runs[0]!.amount, "3.03");
      same((await world.owner.api.costs.experiment({ id: experimentId })).amount, "3.03");
      await settle();
    }
  });
});
