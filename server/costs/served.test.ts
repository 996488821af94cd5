import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { nameFacets, recordServed, type ServedMeter, type ServedTold } from "./commands/served.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";
import { plain } from "./embed-testing.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
let day: string;
beforeAll(async () => {
  world = await meteredWorld();
  day = new Date(world.start).toISOString().slice(0, 10);
  await world.owner.api.costs.addPrice({ kind: "request", unitPrice: "0.2", validFrom: "2020-01-01T00:00:00Z" });
  await world.owner.api.costs.addPrice({ kind: "token", unitPrice: "1", validFrom: "2020-01-01T00:00:00Z" });
  await world.owner.api.costs.addPrice({ kind: "token", model: "output", unitPrice: "4", validFrom: "2020-01-01T00:00:00Z" });
});
afterAll(() => world.close());

const meter = (more: Partial<ServedMeter> = {}): ServedMeter => ({ orgId: world.org.id, clusterId: world.cluster.id, projectId: world.vision.id, ownerId: world.owner.id, endpointId: "chat", releaseId: "chat-v2", pipelineId: null, counter: "replica-1", ...more });
const told = (more: Partial<ServedTold> = {}): ServedTold => ({ key: "m1", from: world.start, until: world.start + 60_000, counts: [{ kind: "request", model: "", count: 1_234n }, { kind: "token", model: "llama input", count: 2_000_001n }, { kind: "token", model: "llama output", count: 1n }], ...more });
async function booked(): Promise<string[]> {
  await world.book();
  const rows = await world.sql<{ word: string }[]>`select concat_ws(' ', kind, nullif(model, ''), endpoint_id, release_id, trim_scale(sum(quantity)), trim_scale(sum(amount))) as word from ledger_entries where kind in ('request', 'token') and line > 0 group by kind, model, endpoint_id, release_id having sum(quantity) <> 0 order by 1`;
  return rows.map(({ word }) => word);
}

describe("what an endpoint served", () => {
  it("is charged exactly, once, however often and by how many it is told", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => recordServed(world.sql, meter(), told())));
    expect(answers.toSorted()).toEqual([false, false, false, false, true]);
    expect(await booked()).toEqual(["request chat chat-v2 1.234 0.2468", "token llama input chat chat-v2 2.000001 2.000001", "token llama output chat chat-v2 0.000001 0.000004"]);
    expect(await recordServed(world.sql, meter({ counter: "replica-2" }), told({ counts: [{ kind: "request", model: "", count: 766n }] }))).toBe(true);
    expect((await booked())[0]).toBe("request chat chat-v2 2 0.4");
  });

  it("is refused where the same key, time or counter says something else, and where a stretch is of two hours", async () => {
    await expect(recordServed(world.sql, meter(), told({ counts: [{ kind: "request", model: "", count: 1n }] }))).rejects.toMatchObject({ code: "conflict" });
    await expect(recordServed(world.sql, meter(), told({ key: "m2", from: world.start + 30_000, until: world.start + 90_000 }))).rejects.toMatchObject({ code: "conflict" });
    await expect(recordServed(world.sql, meter({ releaseId: "chat-v3" }), told({ key: "m3" }))).rejects.toMatchObject({ code: "conflict" });
    await expect(recordServed(world.sql, meter(), told({ key: "m4", from: world.start + HOUR_MS - 1, until: world.start + HOUR_MS + 1 }))).rejects.toMatchObject({ code: "invalid" });
    await expect(recordServed(world.sql, meter(), told({ key: "m5", counts: [{ kind: "token", model: "", count: 0n }] }))).rejects.toMatchObject({ code: "invalid" });
    await expect(world.sql`insert into served_counts (id, org_id, meter_id, key, kind, model, count, from_at, until_at) select 'svc_x', org_id, meter_id, 'other', kind, model, count, from_at, until_at from served_counts limit 1`).rejects.toThrow(/served_counts_apart/);
  });

  it("follows a price that begins in the past, and is told apart by endpoint and release", async () => {
    await world.owner.api.costs.addPrice({ kind: "request", unitPrice: "0.5", validFrom: "2020-01-02T00:00:00Z" });
    expect((await booked())[0]).toBe("request chat chat-v2 2 1");
    const by = async (facet: "endpoint" | "release" | "sweep") => (await world.owner.api.costs.spend({ from: day, to: day, by: facet })).groups.map(({ label, amount }) => `${label} ${plain(amount)}`);
    expect([await by("endpoint"), await by("release"), await by("sweep")]).toEqual([["chat 3.000005"], ["chat-v2 3.000005"], []]);
    expect((await world.owner.api.costs.spend({ from: day, to: day, by: "kind" })).groups.map(({ label }) => label)).toEqual(expect.arrayContaining(["Requests", "Tokens llama input"]));
  });
});

describe("an attempt that is for a sweep or a pipeline", () => {
  it("has its charges told apart by them, which are a choice only once there are some", async () => {
    expect(await world.owner.api.costs.facets()).toEqual(["endpoint", "release"]);
    const run = await world.makeRun({ projectId: world.vision.id });
    const attempt = await world.makeAttempt(run, world.cluster.id, { status: "running" });
    await world.sql.begin((tx) => nameFacets(tx, attempt.id, { sweep: "lr-search", pipeline: "nightly" }));
    const events = [{ kind: "open" as const, at: world.start, holds: [{ node: "node-1", accelerators: [], gpus: 0, cpus: 2, memoryMib: 0 }] }, { kind: "close" as const, at: world.start + HOUR_MS, lifeMs: HOUR_MS, evidence: "measured" as const }];
    await ingestUsage(world.sql, { orgId: world.org.id, clusterId: world.cluster.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from: 0, events, aliveAt: null }] }, Date.now());
    await world.book();
    for (const by of ["sweep", "pipeline"] as const) expect((await world.owner.api.costs.spend({ from: day, to: day, by })).groups).toMatchObject([{ key: by === "sweep" ? "lr-search" : "nightly", amount: expect.stringMatching(/^2\.0*$/) as string }]);
    expect(await world.owner.api.costs.facets()).toEqual(["sweep", "endpoint", "release", "pipeline"]);
  });
});
