import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clients } from "../../db/client.ts";
import { compare, decimal, sum } from "../../domain/costs/decimal.ts";
import { periodOf } from "../../domain/costs/ledger.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { type PeriodFacts, periodChecks, spanOf } from "../../domain/costs/period.ts";
import { buildApp } from "../app.ts";
import { testWorld, type TestWorld } from "../experiments/testing.ts";
import { followCapacity } from "./commands/capacity.ts";
import { postDirtyHours } from "./commands/posting.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";

let world: TestWorld;
let second: TestWorld["owner"];
let cluster: Awaited<ReturnType<TestWorld["makeCluster"]>>;
const NOW = Date.now();
/** The month before this one. */
const LAST = periodOf(spanOf(periodOf(NOW)).from - 1);
const T0 = spanOf(LAST).to - 10 * HOUR_MS;
const same = (a: string, b: string) => compare(decimal(a), decimal(b)) === 0;

async function book(): Promise<void> {
  while ((await postDirtyHours(world, Date.now())).hours > 0);
}
async function ran(projectId: string, from: number, milliseconds: number): Promise<void> {
  const run = await world.makeRun({ projectId });
  const attempt = await world.makeAttempt(run, cluster.id, { status: "running" });
  await ingestUsage(world.sql, { orgId: world.org.id, clusterId: cluster.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from: 0, events: [{ kind: "open", at: from, holds: [{ node: "node-1", accelerators: [], gpus: 0, cpus: 2, memoryMib: 1024 }] }, { kind: "close", at: from + milliseconds, lifeMs: milliseconds, evidence: "measured" }], aliveAt: null }] }, NOW);
}
const price = (unitPrice: string) => world.owner.api.costs.addPrice({ kind: "cpu", unitPrice, validFrom: "2020-01-01T00:00:00Z" });

beforeAll(async () => {
  world = await testWorld();
  second = await world.makeUser(world.org.id, world.org.slug, "Bea Billing", [["billing", "org", world.org.id]]);
  cluster = await world.makeCluster(world.org.id, "berlin", { cpus: 8 });
  await world.db.transaction((tx) => followCapacity(tx, { orgId: world.org.id, clusterId: cluster.id }));
  await world.sql`update capacity_intervals set from_at = ${new Date(T0)} where cluster_id = ${cluster.id}`;
  await world.sql`update cost_clocks set complete_to = ${new Date(spanOf(LAST).to)} where cluster_id = ${cluster.id}`;
  await price("1");
  await ran(world.vision.id, T0, HOUR_MS + 7);
  await ran(world.speech.id, T0, HOUR_MS / 3);
  await book();
});
afterAll(async () => {
  await clients().close();
  await world.close();
});

describe("the close of a month", () => {
  it("waits for every check, and says which", async () => {
    const facts: PeriodFacts = { completeTo: spanOf("2026-03").to, dirtyHours: 0, provisional: decimal("0"), openReviews: 0, negativeIdle: 0, openBefore: null };
    const after = spanOf("2026-03").to;
    const failed = (more: Partial<PeriodFacts>, now = after) => periodChecks("2026-03", { ...facts, ...more }, now).filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed({})).toEqual([]);
    expect(failed({}, after - 1)).toEqual(["The month is over"]);
    expect(failed({ dirtyHours: 1 })).toEqual(["Every hour is rated"]);
    expect(failed({ completeTo: after - 1 })).toEqual(["Every hour is rated"]);
    expect(failed({ provisional: decimal("-0.01") })).toEqual(["Nothing is provisional"]);
    expect(failed({ openReviews: 2, negativeIdle: 1, openBefore: "2026-02" })).toEqual(["No claims contradict each other", "Nobody held more than there was", "The months before are closed"]);
  });

  it("needs two people, and says so to one", async () => {
    const { api } = world.owner;
    await world.sql`insert into usage_reviews (id, org_id, cluster_id, message, opened_at) values ('urv_1', ${world.org.id}, ${cluster.id}, 'two claims', ${new Date(T0)})`;
    await expect(api.costs.requestClose({ period: LAST })).rejects.toThrow("1 contradiction of usage waits for somebody to look at");
    await world.sql`update usage_reviews set resolved_at = now()`;
    await expect(api.costs.closePeriod({ period: LAST })).rejects.toThrow("Ask for the close");
    await api.costs.requestClose({ period: LAST });
    await expect(api.costs.requestClose({ period: LAST })).rejects.toThrow("asked for already");
    await expect(api.costs.closePeriod({ period: LAST })).rejects.toThrow("Somebody else must close it");
    expect(await api.costs.period({ period: LAST })).toMatchObject({ state: "requested", isOwnRequest: true });
    await api.costs.withdrawClose({ period: LAST });
    await second.api.costs.requestClose({ period: LAST });
    await api.costs.closePeriod({ period: LAST });
    await expect(api.costs.withdrawClose({ period: LAST })).rejects.toThrow("it is closed");
    expect((await api.costs.periods()).find(({ period }) => period === LAST)).toMatchObject({ state: "closed", requestedBy: "Bea Billing", closedBy: "Olga Owner" });
    await expect(world.sql`update cost_periods set closed_by = requested_by`).rejects.toThrow("cost_periods_second_person");
    const member = await world.makeUser(world.org.id, world.org.slug, "Vic", [["member", "project", world.vision.id]]);
    await expect(member.api.costs.requestClose({ period: LAST })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const own = await member.api.costs.period({ period: LAST });
    expect([own.lines.map(({ project }) => project), own.checks]).toEqual([["vision"], []]);
  });

  it("keeps its total whatever comes later, which is booked as a correction in an open month", async () => {
    const { api } = world.owner;
    const [before] = await world.sql<{ total: string }[]>`select total::text from cost_periods where period = ${LAST}`;
    const closed = await api.costs.period({ period: LAST });
    expect(same(before!.total, closed.amount)).toBe(true);
    await price("3");
    await ran(world.vision.id, T0 + 2 * HOUR_MS, HOUR_MS);
    await book();
    expect(same((await api.costs.period({ period: LAST })).amount, before!.total)).toBe(true);
    const open = await api.costs.period({ period: periodOf(NOW) });
    expect(compare(decimal(open.corrections), decimal("0"))).toBe(1);
    const [ledger] = await world.sql<{ sum: string }[]>`select sum(amount)::text from ledger_entries where line > 0`;
    const all = sum((await api.costs.periods()).map(({ amount }) => decimal(amount)));
    expect(compare(all, decimal(ledger!.sum))).toBe(0);
    expect(await world.sql`select 1 from ledger_entries where period = ${LAST} and posted_at > (select closed_at from cost_periods where period = ${LAST})`).toHaveLength(0);
  });

  it("does not come between a posting and its booking: one waits for the other", async () => {
    await world.sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) select distinct org_id, cluster_id, node, kind, model, hour from ledger_entries on conflict do nothing`;
    let isBooked = false;
    await world.sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(7070010, hashtext(${world.org.id}))`; // as the close does
      void postDirtyHours(world, Date.now()).then(() => (isBooked = true));
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(isBooked).toBe(false);
    });
    await expect.poll(() => isBooked).toBe(true);
    await book();
  });

  it("is given as a statement whose lines in cents add up to its rounded total", async () => {
    const { token } = await world.owner.api.access.createMyToken({ name: "files", permissions: ["costs:read"] });
    const answer = await buildApp().request(`/api/costs/statement?period=${LAST}&format=csv`, { headers: { authorization: `Bearer ${token}` } });
    const [head, ...lines] = (await answer.text()).trim().split("\r\n");
    expect(head).toBe("period,state,team,project,charge,amount,exact_amount,of_which_corrections,currency");
    const { roundedTotal, lines: shown } = await world.owner.api.costs.period({ period: LAST });
    expect(lines).toHaveLength(shown.length);
    expect(compare(sum(lines.map((line) => decimal(line.split(",")[5]!))), decimal(roundedTotal))).toBe(0);
    const refused = await buildApp().request("/api/costs/statement?period=2026-13&format=csv", { headers: { authorization: `Bearer ${token}` } });
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining("Write the month as 2026-11.")]);
  });
});
