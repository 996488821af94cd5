import { afterAll, beforeAll, expect, it } from "vitest";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { spanOf } from "../../domain/costs/period.ts";
import { followCapacity } from "./commands/capacity.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
beforeAll(async () => {
  world = await meteredWorld();
  await world.book();
});
afterAll(() => world.close());

it("the close of a month waits where more was held than there was, until somebody has said what holds of it, and again where that becomes more", async () => {
  const { sql, org, start } = world;
  const gone = await world.makeCluster(org.id, "gone", { cpus: 8 });
  await world.db.transaction((tx) => followCapacity(tx, { orgId: org.id, clusterId: gone.id }));
  await sql`update capacity_intervals set from_at = ${new Date(start)}, until_at = ${new Date(start + HOUR_MS)} where cluster_id = ${gone.id}`;
  await sql`update cost_clocks set complete_to = ${new Date(spanOf(world.last).to)} where cluster_id = ${gone.id}`;
  const run = await world.makeRun({ projectId: world.vision.id });
  const attempt = await world.makeAttempt(run, gone.id, { status: "running" });
  const told = (from: number, events: unknown[]) => ingestUsage(sql, { orgId: org.id, clusterId: gone.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from, events: events as never, aliveAt: start + 3 * HOUR_MS }] }, Date.now());
  await told(0, [{ kind: "open", at: start, holds: [{ node: "node-1", accelerators: [], gpus: 0, cpus: 2, memoryMib: 0 }] }]);
  await world.book();
  const facts = async () => (await world.owner.api.costs.period({ period: world.last })).checks.find(({ name }) => name === "Nobody held more than there was");
  expect(await facts()).toMatchObject({ ok: false, at: "discrepancies", problem: "In 2 asset-hours more was held than the nodes had, and nobody has said yet what holds." });
  const open = async () => (await world.owner.api.costs.reviews({ state: "open" })).rows;
  const [asked, ...more] = await open();
  expect([asked!.message, more]).toEqual([expect.stringMatching(/^Of the cores of node-1, more was held than there was, from .* UTC on/), []]);
  const member = await world.makeUser(org.id, org.slug, "Mia", [["member", "project", world.vision.id]]);
  expect((await member.api.costs.reviews({ state: "open" })).rows).toEqual([]);
  await world.owner.api.costs.resolveReviews({ ids: [asked!.id], note: "The node was unplugged while it worked." });
  expect(await facts()).toMatchObject({ ok: true });
  await world.price("2"); // what is rated anew comes to the same
  await world.book();
  expect([await facts(), await open()]).toMatchObject([{ ok: true }, []]);
  await told(1, [{ kind: "close", at: start + 4 * HOUR_MS, lifeMs: 4 * HOUR_MS, evidence: "measured" }]);
  await world.book();
  expect(await facts()).toMatchObject({ ok: false, problem: expect.stringContaining("In 1 asset-hour ") });
  await world.owner.api.costs.resolveReviews({ ids: (await open()).map(({ id }) => id), note: "So it was for an hour longer." });
  expect(await facts()).toMatchObject({ ok: true });
  await world.price("1");
  await world.book();
});
