import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clients } from "../../db/client.ts";
import { newId } from "../../db/schema/columns.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import type { AgentServices } from "../agents/services.ts";
import { testWorld, type TestWorld } from "../experiments/testing.ts";
import { bus } from "../bus.ts";
import { followCapacity } from "./commands/capacity.ts";
import { completeHours, postDirtyHours } from "./commands/posting.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";
import { plain } from "./embed-testing.ts";
import { costsKeeper } from "./jobs/keep-costs.ts";

let world: TestWorld;
/** A whole hour, six hours ago. */
const T0 = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 6 * HOUR_MS;
const price = (unitPrice: string) => world.owner.api.costs.addPrice({ kind: "cpu", unitPrice, validFrom: "2020-01-01T00:00:00Z" });
beforeAll(async () => {
  world = await testWorld();
  await price("1");
});
afterAll(async () => {
  await clients().close();
  await world.close();
});

async function book(): Promise<void> {
  while ((await postDirtyHours(world, Date.now())).hours > 0);
}

const completeTo = (clusterId: string, at: number) => world.sql`update cost_clocks set complete_to = ${new Date(at)} where cluster_id = ${clusterId}`;

/** A node of eight cores that was there for an hour and a half, of which a run held two for three hours. */
async function brokenNode(slug: string) {
  const cluster = await world.makeCluster(world.org.id, slug, { cpus: 8 });
  await world.db.transaction((tx) => followCapacity(tx, { orgId: world.org.id, clusterId: cluster.id }));
  await world.sql`update capacity_intervals set from_at = ${new Date(T0)}, until_at = ${new Date(T0 + 1.5 * HOUR_MS)} where cluster_id = ${cluster.id}`;
  await completeTo(cluster.id, T0);
  const run = await world.makeRun({ projectId: world.vision.id });
  const attempt = await world.makeAttempt(run, cluster.id, { status: "running" });
  return {
    id: cluster.id,
    runId: run.id,
    journal: () => ingestUsage(world.sql, { orgId: world.org.id, clusterId: cluster.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from: 0, events: [{ kind: "open", at: T0, holds: [{ node: "node-1", accelerators: [], gpus: 0, cpus: 2, memoryMib: 0 }] }, { kind: "close", at: T0 + 3 * HOUR_MS, lifeMs: 3 * HOUR_MS, evidence: "measured" }], aliveAt: null }] }, Date.now()),
    ledger: async () => {
      const rows = await world.sql<{ at: number; holder: string; amount: string }[]>`
        select (extract(epoch from hour - ${new Date(T0)}) / 3600)::int as at, case when attempt_id is null then 'idle' else 'run' end as holder, trim_scale(sum(amount))::text as amount
        from ledger_entries where cluster_id = ${cluster.id} and kind = 'cpu' and line > 0 group by 1, 2 having sum(quantity) <> 0 order by 1, 2`;
      return rows.map(({ at, holder, amount }) => `${at} ${holder} ${amount}`);
    },
  };
}

describe("what was held of a node that was not there", () => {
  it("is less than nothing of idle, whether its journal comes before the hour is over or after, and follows a price that begins in the past", async () => {
    const [early, late] = [await brokenNode("early"), await brokenNode("late")];
    await early.journal();
    await book();
    await completeHours(world.sql);
    await book();
    await late.journal();
    await book();
    const hours = ["0 idle 6", "0 run 2", "1 idle 2", "1 run 2", "2 idle -2", "2 run 2"];
    expect(await early.ledger()).toEqual(hours);
    expect(await late.ledger()).toEqual(hours);
    await price("3");
    await book();
    expect(await early.ledger()).toEqual(["0 idle 18", "0 run 6", "1 idle 6", "1 run 6", "2 idle -6", "2 run 6"]);
  });
});

describe("a cluster that is paid for otherwise from now on", () => {
  it("is of its new class from the hour on in which that began, for what was booked of it already too, and a run's page says the same", async () => {
    await price("10");
    for (const [capacityClass, unitPrice] of [["owned", "1"], ["spot", "0.5"]] as const) await world.owner.api.costs.addPrice({ kind: "cpu", capacityClass, unitPrice, validFrom: "2020-01-01T00:00:00Z" });
    const { id, runId, journal, ledger } = await brokenNode("turned");
    await world.sql`update capacity_intervals set until_at = null where cluster_id = ${id}`;
    await journal();
    await completeTo(id, T0 + HOUR_MS);
    await book();
    await world.sql`update capacity_intervals set until_at = ${new Date(T0 + 1.5 * HOUR_MS)} where cluster_id = ${id}`;
    await world.sql`insert into capacity_intervals (id, org_id, cluster_id, node, kind, model, milli, capacity_class, from_at, until_at) select replace(id, 'cap', 'cbp'), org_id, cluster_id, node, kind, model, milli, 'spot', until_at, ${new Date(T0 + 2 * HOUR_MS)} from capacity_intervals where cluster_id = ${id}`;
    await world.sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) select org_id, cluster_id, node, kind, model, ${new Date(T0)}::timestamptz + at * interval '1 hour' from capacity_intervals, generate_series(0, 2) as at where cluster_id = ${id} on conflict do nothing`;
    await completeTo(id, T0 + 3 * HOUR_MS);
    await book();
    expect(await ledger()).toEqual(["0 idle 6", "0 run 2", "1 idle 3", "1 run 1", "2 idle -1", "2 run 1"]);
    const classes = await world.sql<{ word: string }[]>`select capacity_class || ' ' || trim_scale(sum(amount)) as word from cost_daily where cluster_id = ${id} and kind = 'cpu' and amount <> 0 group by capacity_class order by 1`;
    expect(classes.map(({ word }) => word)).toEqual(["owned 8", "spot 4"]);
    expect(plain((await world.owner.api.costs.run({ id: runId })).amount)).toBe("4");
  });
});

describe("a ledger that cannot be written", () => {
  it("holds up no other organization's, and is written once what was wrong is put right", async () => {
    const [rival, ours] = [await world.makeOrg("rival"), await brokenNode("ours")];
    const boss = await world.makeUser(rival.id, rival.slug, "Ria Rival", [["owner", "org", rival.id]]);
    const far = await world.makeCluster(rival.id, "far");
    await world.sql`insert into cost_clocks (cluster_id, org_id, complete_to) values (${far.id}, ${rival.id}, ${new Date(T0 + HOUR_MS)})`;
    for (let at = 0; at < 60; at += 1) await world.sql`insert into capacity_intervals (id, org_id, cluster_id, node, kind, model, milli, capacity_class, from_at, until_at) values (${newId("capacityInterval")}, ${rival.id}, ${far.id}, ${`n${at}`}, 'memory', '', 2000000000, 'owned', ${new Date(T0)}, ${new Date(T0 + HOUR_MS)})`;
    await boss.api.costs.addPrice({ kind: "memory", unitPrice: "999999999999", validFrom: "2020-01-01T00:00:00Z" }); // an hour of it is more than a sum can hold
    await ours.journal();
    const turn = costsKeeper({ sql: world.sql, db: world.db, bus: bus(), now: () => Date.now() } as AgentServices);
    await turn();
    expect((await ours.ledger()).length).toBeGreaterThan(0);
    const waiting = () => world.sql`select 1 from dirty_hours where org_id = ${rival.id}`;
    expect((await waiting()).length).toBeGreaterThan(0);
    await boss.api.costs.addPrice({ kind: "memory", unitPrice: "1", validFrom: "2020-01-01T00:00:00Z" });
    await turn();
    expect(await waiting()).toHaveLength(0);
  });
});

describe("an hour that is over by the time it was taken to be rated", () => {
  it("is rated with what nobody held, or again", async () => {
    const { id, ledger } = await brokenNode("slow");
    const mark = () => world.sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) values (${world.org.id}, ${id}, 'node-1', 'cpu', '', ${new Date(T0)}) on conflict (cluster_id, node, kind, model, hour) do update set marked_at = now()`;
    await world.asOwner("alter table cost_clocks rename to slow_clocks; create view cost_clocks as select c.* from slow_clocks c, lateral (select pg_sleep(0.3) offset 0) wait; grant select on cost_clocks to drover_app");
    await mark();
    const booked = book();
    await new Promise((resolve) => setTimeout(resolve, 150)); // it has begun to look, and locked nothing yet
    await world.asOwner(`update slow_clocks set complete_to = '${new Date(T0 + HOUR_MS).toISOString()}' where cluster_id = '${id}'`);
    await mark();
    await booked;
    await book();
    expect(await ledger()).toEqual(["0 idle 8"]);
  });
});
