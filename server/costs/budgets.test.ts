import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CreateBudget } from "../../domain/costs/budget-inputs.ts";
import { runs } from "../../db/schema/experiments.ts";
import { compare, decimal, ZERO } from "../../domain/costs/decimal.ts";
import { specOf, testWorld, type TestWorld } from "../experiments/testing.ts";
import { bus } from "../bus.ts";
import { requeueRun, submitted, transact } from "../experiments/commands/transitions.ts";
import { watchBudgets } from "./commands/budget-watch.ts";
import { followCapacity } from "./commands/capacity.ts";
import { postDirtyHours } from "./commands/posting.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";
import { releaseHolds } from "./jobs/release-holds.ts";

let world: TestWorld;
let member: Awaited<ReturnType<TestWorld["makeUser"]>>;
let cluster: Awaited<ReturnType<TestWorld["makeCluster"]>>;
beforeAll(async () => {
  world = await testWorld();
  member = await world.makeUser(world.org.id, world.org.slug, "Vic Vision", [["member", "project", world.vision.id]]);
  cluster = await world.makeCluster(world.org.id, "berlin", { gpus: 2, cpus: 8 });
  await world.db.transaction((tx) => followCapacity(tx, { orgId: world.org.id, clusterId: cluster.id }));
  await world.owner.api.costs.addPrice({ kind: "accelerator", unitPrice: "10", validFrom: "2020-01-01T00:00:00Z" });
});
afterAll(() => world.close());

const make = async (scope: CreateBudget["scope"], amount: string, policy: CreateBudget["policy"] = "block") => (await world.owner.api.costs.createBudget({ name: `${scope.type} ${amount}`, scope, amount, policy })).id;
const shown = async (id: string) => (await world.owner.api.costs.budgets()).budgets.find((one) => one.id === id)!;
/** Held at exactly ten: one accelerator for an hour. */
const ten = (name: string, project = "vision") => ({ spec: specOf({ name, project, resources: { gpus: 1 }, maxDuration: 3600 }) });
const same = (a: string, b: string) => compare(decimal(a), decimal(b)) === 0;
const watch = () => watchBudgets({ db: world.db, bus: bus() }, [world.org.id], Date.now());
const statusOf = async (id: string) => (await world.sql<{ status: string; held_by: string | null; pending: { kind: string; message: string } | null }[]>`select status, held_by, pending from runs where id = ${id}`)[0]!;

/** It held a GPU for a second that costs a thousand. @returns its attempt. */
async function spent(runId: string, projectId: string, number = 1): Promise<string> {
  const run = { id: runId, orgId: world.org.id };
  const attempt = await world.makeAttempt(run, cluster.id, { status: "running", gpus: 1, number, startedAt: new Date() });
  const at = Date.now() - 1000;
  const hold = { node: "node-1", accelerators: [`GPU-${projectId}-${runId}`], gpus: 1, cpus: 1, memoryMib: 1024 };
  await ingestUsage(world.sql, { orgId: world.org.id, clusterId: cluster.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from: 0, events: [{ kind: "open", at, holds: [hold] }, { kind: "close", at: at + 1000, lifeMs: 1000, evidence: "measured" }], aliveAt: null }] }, Date.now());
  return attempt.id;
}
async function book(): Promise<void> {
  while ((await postDirtyHours(world, Date.now())).hours > 0);
}

describe("a submit against a budget", () => {
  it("admits exactly ten of five hundred that come at once, and says why it refuses the others", async () => {
    const id = await make({ type: "project", id: world.vision.id }, "100");
    const answers = await Promise.allSettled(Array.from({ length: 500 }, (_, at) => member.api.experiments.submit(ten(`rush-${at}`))));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
    const refused = answers.find((one) => one.status === "rejected")!.reason as Error;
    expect(refused.message).toMatch(/The budget project 100 has nothing of \$100\.00 left this month/);
    expect(await world.sql`select 1 from runs where name like 'rush-%'`).toHaveLength(10);
    expect(same((await shown(id)).held, "100")).toBe(true);
    expect((await member.api.experiments.plan(ten("asks"))).cost).toMatchObject({ currency: "USD", refusal: expect.stringMatching(/^The budget project 100/) as string, total: { high: expect.anything() as string } });
    await world.owner.api.costs.archiveBudget({ id });
    expect((await member.api.experiments.plan(ten("asks"))).cost!.refusal).toBeNull();
  }, 240_000);

  it("counts a repeated submit once, and takes the hold anew when an ended run is retried", async () => {
    const id = await make({ type: "user", id: member.id }, "15");
    const first = await member.api.experiments.submit({ ...ten("once"), idempotencyKey: "k" });
    await member.api.experiments.submit({ ...ten("once"), idempotencyKey: "k" });
    expect(same((await shown(id)).held, "10")).toBe(true);
    await member.api.experiments.cancel({ id: first.id });
    await releaseHolds(world.sql);
    expect(same((await shown(id)).held, "0")).toBe(true);
    const second = await member.api.experiments.submit(ten("twice"));
    await expect(member.api.experiments.retry({ id: first.id })).rejects.toThrow(/The budget user 15/);
    await member.api.experiments.cancel({ id: second.id });
    await releaseHolds(world.sql);
    await member.api.experiments.retry({ id: first.id });
    expect(same((await shown(id)).held, "10")).toBe(true);
    await world.owner.api.costs.archiveBudget({ id });
  });

  it("is paid by every budget that covers it, and by no other", async () => {
    const [team, other] = [await make({ type: "team", id: world.vision.teamId }, "1000"), await make({ type: "team", id: world.speech.teamId }, "5")];
    const { id } = await member.api.experiments.submit(ten("covered"));
    expect(same((await shown(team)).held, "10")).toBe(true);
    expect(same((await shown(other)).held, "0")).toBe(true);
    expect((await member.api.costs.budgets()).budgets.map((one) => one.scope.type)).not.toContain("team"); // a member of a project sees none of its team's
    await member.api.experiments.cancel({ id });
    for (const one of [team, other]) await world.owner.api.costs.archiveBudget({ id: one });
  });

  it("is not changed by those who may not, and names what it cannot take", async () => {
    await expect(member.api.costs.createBudget({ name: "mine", scope: { type: "user", id: member.id }, amount: "5", policy: "warn" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(world.owner.api.costs.createBudget({ name: "of nobody", scope: { type: "team", id: "team_x" }, amount: "5", policy: "warn" })).rejects.toThrow("There is no such team here.");
    await expect(world.owner.api.costs.createBudget({ name: "none", scope: { type: "org", id: "org" }, amount: "0", policy: "warn" })).rejects.toThrow("plain digits above zero");
  });
});

describe("a budget as its runs are charged", () => {
  it("turns what was held into what was spent, and lets the rest go when all of an ended run is booked", async () => {
    const id = await make({ type: "project", id: world.vision.id }, "1000000");
    const run = (await member.api.experiments.submit(ten("charged"))).id;
    await world.owner.api.costs.addPrice({ kind: "accelerator", unitPrice: "18000", validFrom: "2020-01-01T00:00:00Z", model: "h100" });
    const attempt = await spent(run, world.vision.id);
    await world.sql`update attempts set status = 'ended', outcome = 'succeeded', ended_at = now(), drained_at = now() where id = ${attempt}`;
    await world.sql`update runs set status = 'succeeded', ended_at = now() where id = ${run}`;
    await releaseHolds(world.sql); // its hour is not booked yet
    expect(same((await shown(id)).held, "10")).toBe(true);
    await book();
    const after = await shown(id);
    expect(compare(decimal(after.spent), decimal("4.99"))).toBe(1);
    expect(compare(decimal(after.held), decimal("5.01"))).toBe(-1); // of ten, less what is spent
    await releaseHolds(world.sql);
    expect(same((await shown(id)).held, "0")).toBe(true);
    await world.owner.api.costs.archiveBudget({ id });
  });

  it("is held anew for a run that is retried, and what its earlier life is charged later takes nothing of that", async () => {
    const id = await make({ type: "project", id: world.vision.id }, "1000000");
    const { id: run } = await member.api.experiments.submit(ten("again"));
    const hold = decimal((await shown(id)).held);
    const attempt = await spent(run, world.vision.id);
    await world.sql`update attempts set status = 'ended', outcome = 'failed', ended_at = now(), drained_at = now() where id = ${attempt}`;
    await world.sql`update runs set status = 'failed', ended_at = now(), attempt_count = 1 where id = ${run}`;
    const before = decimal((await shown(id)).spent);
    await member.api.experiments.retry({ id: run });
    await book();
    const after = await shown(id);
    expect(compare(decimal(after.spent), before)).toBe(1);
    expect(compare(decimal(after.held), hold)).not.toBe(-1); // the second life is promised all of its own
    await member.api.experiments.cancel({ id: run });
    await releaseHolds(world.sql);
    expect(same((await shown(id)).held, "0")).toBe(true);
    await world.owner.api.costs.archiveBudget({ id });
  });

  it("is held for a whole attempt again when its run is queued again, whether the last one is in the ledger by then or not", async () => {
    const id = await make({ type: "project", id: world.vision.id }, "1000000");
    const { id: run } = await member.api.experiments.submit(ten("restarted"));
    const hold = (await shown(id)).held;
    const restart = () => transact(world.db, bus(), async (work) => {
      const [row] = await work.tx.select().from(runs).where(eq(runs.id, run));
      await requeueRun(work, submitted(row!), { message: "Its agent is gone.", delaySeconds: 0, counts: false });
    });
    for (const [number, isBooked] of [[1, true], [2, false]] as const) {
      await world.sql`update runs set status = 'running' where id = ${run}`;
      const attempt = await spent(run, `${world.vision.id}-${number}`, number);
      if (isBooked) {
        await book();
        expect(compare(decimal((await shown(id)).held), decimal(hold))).toBe(-1);
      }
      await world.sql`update attempts set status = 'ended', outcome = 'failed', ended_at = now() where id = ${attempt}`;
      await restart();
      await book();
      expect([number, same((await shown(id)).held, hold)]).toEqual([number, true]);
    }
    await member.api.experiments.cancel({ id: run });
    await world.owner.api.costs.archiveBudget({ id });
  });

  it("announces levels once, drains what it pays for, and lets it go on when it is raised", async () => {
    const queued = (await member.api.experiments.submit(ten("queued"))).id;
    const live = (await member.api.experiments.submit(ten("live"))).id;
    await world.sql`update runs set status = 'running', started_at = now() where id = ${live}`;
    const attempt = await spent(live, world.vision.id);
    await book();
    const id = await make({ type: "project", id: world.vision.id }, "1", "drain");
    await watch();
    expect((await shown(id)).alerts.map(({ level }) => level)).toEqual([100, 80, 50]);
    expect(await statusOf(queued)).toMatchObject({ held_by: "the budget project 1", pending: { kind: "held", message: "Held by the budget project 1: it is used up for this month." } });
    expect((await world.sql<{ stop_reason: string }[]>`select stop_reason from attempts where id = ${attempt}`)[0]!.stop_reason).toBe("preempted");
    await expect(world.owner.api.queue.release({ ids: [queued] })).rejects.toThrow("It goes on when that budget is raised");
    await world.owner.api.costs.changeBudget({ id, name: "project 1", amount: "100000", levels: [50], policy: "drain" });
    expect(await statusOf(queued)).toMatchObject({ held_by: null, pending: null });
    const events = await world.owner.api.experiments.events({ id: queued });
    expect(events.items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["run.held", "run.released"]));
    expect(compare(decimal((await shown(id)).spent), ZERO)).toBe(1);
  });
});
