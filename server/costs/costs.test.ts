import type { TransactionSql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { add, compare, decimal, decimalText, negate, sum } from "../../domain/costs/decimal.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { clients } from "../../db/client.ts";
import { buildApp } from "../app.ts";
import { specOf, testWorld, type TestWorld } from "../experiments/testing.ts";
import { followCapacity } from "./commands/capacity.ts";
import { completeHours, postDirtyHours } from "./commands/posting.ts";
import { markDirty } from "./commands/mark-dirty.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";

let world: TestWorld;
let member: Awaited<ReturnType<TestWorld["makeUser"]>>;
let cluster: Awaited<ReturnType<TestWorld["makeCluster"]>>;
const NOW = Date.now();
/** A whole hour, three hours ago. */
const T0 = Math.floor(NOW / HOUR_MS) * HOUR_MS - 3 * HOUR_MS;
const day = (at: number) => new Date(at).toISOString().slice(0, 10);
const RANGE = { from: day(T0 - 24 * HOUR_MS), to: day(NOW) };

beforeAll(async () => {
  world = await testWorld();
  member = await world.makeUser(world.org.id, world.org.slug, "Vic Vision", [["member", "project", world.vision.id]]);
  cluster = await world.makeCluster(world.org.id, "berlin", { gpus: 2, cpus: 8 });
  await world.db.transaction((tx) => followCapacity(tx, { orgId: world.org.id, clusterId: cluster.id }));
  await world.sql`update capacity_intervals set from_at = ${new Date(T0)} where cluster_id = ${cluster.id}`;
  await world.sql`update cost_clocks set complete_to = ${new Date(T0)} where cluster_id = ${cluster.id}`;
});
afterAll(async () => {
  await clients().close();
  await world.close();
});

async function ran(name: string, projectId: string, project: string, from: number, milliseconds: number | null, gpus: string[]) {
  const run = await world.makeRun({ name, projectId, gpus: gpus.length, spec: specOf({ name, project, resources: { gpus: gpus.length } }) });
  const attempt = await world.makeAttempt(run, cluster.id, { status: "running", gpus: gpus.length });
  const hold = { node: "node-1", accelerators: gpus, gpus: gpus.length, cpus: 2, memoryMib: 1024 };
  const end = milliseconds === null ? [] : [{ kind: "close" as const, at: from + milliseconds, lifeMs: milliseconds, evidence: "measured" as const }];
  await ingestUsage(world.sql, { orgId: world.org.id, clusterId: cluster.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from: 0, events: [{ kind: "open", at: from, holds: [hold] }, ...end], aliveAt: milliseconds === null ? from + 600_000 : null }] }, NOW);
  return run;
}
async function settle(): Promise<void> {
  while ((await postDirtyHours(world, NOW)).hours > 0);
}
const price = (kind: "accelerator" | "cpu" | "memory", unitPrice: string, more: { validFrom?: number; model?: string } = {}) =>
  world.owner.api.costs.addPrice({ kind, unitPrice, validFrom: new Date(more.validFrom ?? T0 - 1000 * HOUR_MS).toISOString(), ...(more.model ? { model: more.model } : {}) });
const ledgerOf = async (runId: string) => sum((await world.sql<{ amount: string }[]>`select amount::text from ledger_entries where run_id = ${runId}`).map(({ amount }) => decimal(amount)));
const same = (a: string, b: string) => compare(decimal(a), decimal(b)) === 0;

describe("what a run costs", () => {
  it("is in the ledger what its page says, to the last digit", async () => {
    const run = await ran("paid", world.vision.id, "vision", T0 + 1_234_567, 90 * 60_000, ["GPU-0"]);
    expect(await world.owner.api.costs.run({ id: run.id })).toMatchObject({ isUnpriced: true, amount: "0" });
    await price("accelerator", "2.4");
    await price("cpu", "0.05");
    await price("memory", "0.00333333");
    await settle();
    const shown = await world.owner.api.costs.run({ id: run.id });
    const { points } = await world.owner.api.costs.runSeries({ id: run.id, x: "time" });
    expect(same(points.at(-1)!.amount, shown.amount)).toBe(true); // the curve ends at the figure
    expect(shown).toMatchObject({ currency: "USD", ratingVersion: 3, isUnpriced: false });
    expect(compare(decimal(shown.amount), await ledgerOf(run.id))).toBe(0);
    expect(same(shown.amount, "3.754999995")).toBe(true); // 1.5 h of one GPU, two cores, one GiB
    expect(same(shown.provisional, "0")).toBe(true);
  });

  it("says how far each figure of money can be trusted, wherever it stands", async () => {
    const { api } = world.owner;
    const stand = { currency: "USD", ratingVersion: 3, completeTo: expect.any(Date) as Date, isUnpriced: false };
    const [{ id } = { id: "" }] = (await api.costs.runs(RANGE)).items;
    const views = [await api.costs.spend(RANGE), await api.costs.parts(RANGE), await api.costs.budgets(), await api.costs.advice(), await api.costs.waste(), await api.costs.period({ period: day(T0).slice(0, 7) }), await api.costs.run({ id })];
    for (const view of views) expect(view).toMatchObject(stand);
  });

  it("is provisional while it runs, up to the last proof that it lives", async () => {
    const run = await ran("lives", world.speech.id, "speech", T0 + 2 * HOUR_MS - 300_000, null, ["GPU-1"]);
    await settle();
    const shown = await world.owner.api.costs.run({ id: run.id });
    expect(same(shown.amount, shown.provisional)).toBe(true);
    expect(compare(decimal(shown.amount), decimal("0.4"))).toBe(1); // ten minutes of a GPU and what belongs to it
  });

  it("is nobody's business who does not reach its project", async () => {
    const { items } = await world.owner.api.costs.runs(RANGE);
    expect(items.map(({ name }) => name)).toEqual(["paid", "lives"]);
    const speech = items.find(({ name }) => name === "lives")!;
    await expect(member.api.costs.run({ id: speech.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await member.api.costs.runs(RANGE)).items.map(({ name }) => name)).toEqual(["paid"]);
    await expect(member.api.costs.addPrice({ kind: "cpu", unitPrice: "1", validFrom: new Date(T0).toISOString() })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("an hour that is to be rated", () => {
  it("waits for facts that are still being written, and is rated with them", async () => {
    const [{ attempt_id: attemptId } = { attempt_id: "" }] = await world.sql<{ attempt_id: string }[]>`select attempt_id from usage_intervals limit 1`;
    const mark = (tx: TransactionSql) => markDirty(tx, { by: "attempt", id: attemptId }, T0, T0 + HOUR_MS);
    await world.sql.begin(mark);
    await world.sql.begin(async (tx) => {
      await mark(tx); // as a report does after it changed an interval, not yet committed
      expect((await postDirtyHours(world, NOW)).hours).toBe(0);
    });
    expect((await postDirtyHours(world, NOW)).hours).toBeGreaterThan(0);
  });
});

describe("what was spent", () => {
  it("is what the capacity of whole hours costs, whoever held it", async () => {
    await completeHours(world.sql);
    await settle();
    const all = await world.owner.api.costs.spend({ ...RANGE, by: "kind" });
    expect(all.completeTo!.getTime()).toBeGreaterThanOrEqual(T0 + 2 * HOUR_MS);
    const [hours] = await world.sql<{ hours: string }[]>`select count(distinct hour)::text as hours from ledger_entries where kind = 'accelerator' and hour + interval '1 hour' <= (select min(complete_to) from cost_clocks)`;
    const [whole] = await world.sql<{ amount: string }[]>`select sum(amount)::text as amount from ledger_entries where kind = 'accelerator' and line > 0 and hour + interval '1 hour' <= (select min(complete_to) from cost_clocks)`;
    expect(same(whole!.amount, String(BigInt(hours!.hours) * 48n).replace(/(\d)$/, ".$1"))).toBe(true); // two GPUs at 2.40 an hour
    const projects = await world.owner.api.costs.spend({ ...RANGE, by: "project" });
    expect(projects.groups.map(({ label }) => label).toSorted()).toEqual(["Idle", "speech", "vision"]);
    expect(compare(sum(projects.groups.map(({ amount }) => decimal(amount))), decimal(projects.amount))).toBe(0);
    expect(compare(sum(projects.days.map(({ amount }) => decimal(amount))), decimal(projects.amount))).toBe(0);
    expect((await member.api.costs.spend({ ...RANGE, by: "team" })).groups.map(({ label }) => label)).toEqual(["vision"]);
  });

  it("changes with a price that begins in the past, by entries beside the old ones", async () => {
    const before = await world.owner.api.costs.spend(RANGE);
    const [{ count } = { count: 0 }] = await world.sql<{ count: number }[]>`select count(*)::int as count from ledger_entries`;
    await price("accelerator", "4.8", { model: "h100" });
    await settle();
    const after = await world.owner.api.costs.spend(RANGE);
    expect(after.ratingVersion).toBe(before.ratingVersion + 1);
    expect(compare(decimal(after.amount), decimal(before.amount))).toBe(1);
    // What that version changed is what the sums changed by: each accelerator-hour that was charged by the price before, twice.
    const told = (await world.owner.api.costs.repriced()).filter(({ version }) => version === after.ratingVersion);
    expect(told.map(({ project }) => project).toSorted()).toEqual(["Idle", "speech", "vision"]);
    for (const row of told) expect([row.project, same(row.after, decimalText(add(decimal(row.before), decimal(row.before))))]).toEqual([row.project, true]);
    expect(compare(sum(told.map(({ difference }) => decimal(difference))), add(decimal(after.amount), negate(decimal(before.amount))))).toBe(0);
    expect((await member.api.costs.repriced()).map(({ project }) => project)).toEqual(expect.not.arrayContaining(["Idle", "speech"]));
    const { items } = await world.owner.api.costs.runs(RANGE);
    for (const { id, amount } of items) {
      expect(compare(decimal(amount), await ledgerOf(id))).toBe(0);
      expect(same(amount, (await world.owner.api.costs.run({ id })).amount)).toBe(true);
    }
    const [{ more } = { more: 0 }] = await world.sql<{ more: number }[]>`select count(*)::int as more from ledger_entries`;
    expect(more).toBeGreaterThan(count);
    await world.sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) select distinct org_id, cluster_id, node, kind, model, hour from ledger_entries`;
    await settle();
    expect((await world.sql<{ again: number }[]>`select count(*)::int as again from ledger_entries`)[0]!.again).toBe(more); // the same facts book nothing
  });

  it("is told apart by how runs ended and by their tags, to the last digit, in the days that are asked for", async () => {
    const held = (await world.owner.api.costs.spend({ ...RANGE, by: "project" })).groups.filter(({ key }) => key !== "");
    const whole = sum(held.map(({ amount }) => decimal(amount)));
    const [{ id } = { id: "" }] = (await world.owner.api.costs.runs(RANGE)).items;
    await world.sql`insert into run_tags (run_id, key, value) values (${id}, 'data', '~')`; // a value that looks like the lack of one
    expect(await world.owner.api.costs.tags(RANGE)).toEqual(["data"]);
    const byTag = await world.owner.api.costs.spend({ ...RANGE, by: "tag", tag: "data" });
    expect(byTag.groups.map(({ label }) => label).toSorted()).toEqual(["Without this tag", "~"]);
    expect(compare(decimal(byTag.groups.find(({ label }) => label === "~")!.amount), await ledgerOf(id))).toBe(0);
    for (const view of [byTag, await world.owner.api.costs.spend({ ...RANGE, by: "outcome" })]) {
      expect(compare(decimal(view.amount), whole)).toBe(0);
      expect(compare(sum(view.groups.map(({ amount }) => decimal(amount))), whole)).toBe(0);
      expect(compare(sum(view.days.map(({ amount }) => decimal(amount))), whole)).toBe(0);
    }
    const [wrong] = await world.sql<{ count: number }[]>`
      select count(*)::int as count from cost_run_days d full join (select run_id, (hour at time zone 'utc')::date as day, sum(amount) as amount from ledger_entries where line > 0 and run_id is not null group by 1, 2) l using (run_id, day)
      where d.amount is distinct from l.amount`;
    expect(wrong!.count).toBe(0);
    expect((await member.api.costs.spend({ ...RANGE, by: "outcome" })).amount).not.toBe(byTag.amount);
    await expect(world.owner.api.costs.spend({ ...RANGE, by: "tag" })).rejects.toThrow(/Name the tag's key/);
    await expect(world.owner.api.costs.spend({ ...RANGE, by: "team", tag: "data" })).rejects.toThrow(/only then/);
  });

  it("cannot be changed by hand", async () => {
    await expect(world.asOwner("update ledger_entries set amount = 0")).rejects.toThrow("only grows");
    await expect(world.asOwner("delete from price_lines")).rejects.toThrow("only grows");
  });
});

describe("costs as files", () => {
  let token = "";
  beforeAll(async () => {
    token = (await world.owner.api.access.createMyToken({ name: "files", permissions: ["costs:read"] })).token;
  });
  const read = (format: string, set: unknown) => buildApp().request(`/api/costs/export?format=${format}&set=${encodeURIComponent(JSON.stringify(set))}`, { headers: { authorization: `Bearer ${token}` } });
  it("hold every sum exactly, and add up to what the page shows", async () => {
    const answer = await read("csv", RANGE);
    expect(answer.headers.get("content-disposition")).toMatch(/costs-.*\.csv/);
    const [head, ...lines] = (await answer.text()).trim().split("\r\n").map((line) => line.split(","));
    const at = head!.indexOf("amount");
    expect(compare(sum(lines.map((line) => decimal(line[at]!))), decimal((await world.owner.api.costs.spend(RANGE)).amount))).toBe(0);
    expect(lines.some((line) => line[head!.indexOf("person")] === "Olga Owner" && line[head!.indexOf("unit")] === "GPU-hour")).toBe(true);
    const parquet = Buffer.from(await (await read("parquet", RANGE)).arrayBuffer());
    expect(parquet.subarray(0, 4).toString()).toBe("PAR1");
  });
  it("name the field that makes no sense", async () => {
    expect(await (await read("xlsx", RANGE)).text()).toContain("Expected csv or parquet.");
    expect(await (await read("csv", { from: "2026-02-01", to: "2026-01-01" })).text()).toContain("Must not be before from");
  });
});
