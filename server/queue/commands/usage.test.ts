import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { projects, teams } from "../../../db/schema/access.ts";
import { newId } from "../../../db/schema/columns.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import { durationHistory, teamUsage } from "../../../db/schema/queue.ts";
import { DEFAULT_POLICY } from "../../../domain/queue/policy.ts";
import { h100s, testPlane, type TestPlane } from "../../agents/testing.ts";
import { loadShares } from "../queries/policy.ts";
import { chargeUsage } from "./usage.ts";

let plane: TestPlane;
let other: { id: string; teamId: string };
beforeAll(async () => {
  plane = await testPlane();
  const teamId = newId("team");
  await plane.db.insert(teams).values({ id: teamId, orgId: plane.orgId, slug: "speech", name: "Speech" });
  other = { id: newId("project"), teamId };
  await plane.db.insert(projects).values({ ...other, orgId: plane.orgId, slug: "asr", name: "ASR" });
});
afterAll(() => plane.close());
beforeEach(async () => {
  await plane.sql`update attempts set status = 'ended', usage_open = false where status not in ('ended', 'lost')`;
  for (const table of [teamUsage, durationHistory]) await plane.db.delete(table);
});

const runRow = async (id: string) => (await plane.db.select().from(runs).where(eq(runs.id, id)))[0]!;

describe("shares", () => {
  it("charge each second of an attempt once to its team and run, decayed by its age", async () => {
    const { cluster } = await plane.makeAgent({ accelerators: h100s(4) });
    const now = Date.now();
    const hours = (count: number) => new Date(now - count * 3_600_000);
    const run = await plane.makeRun({ resources: { gpus: 2 } }, { status: "succeeded" });
    const going = await plane.makeRun({ resources: { gpus: 1 } }, { status: "running", projectId: other.id });
    await plane.db.insert(attempts).values([
      { orgId: plane.orgId, runId: run.id, clusterId: cluster.id, number: 1, status: "ended", leaseUntil: new Date(), cpus: 1, memoryMib: 64, gpus: 2, nodes: 1, startedAt: hours(170), endedAt: hours(168) },
      { orgId: plane.orgId, runId: going.id, clusterId: cluster.id, number: 1, status: "running", leaseUntil: new Date(), cpus: 1, memoryMib: 64, gpus: 1, nodes: 1, startedAt: hours(1) },
    ]);
    for (let at = 0; at < 3; at += 1) for (const which of ["ended", "running"] as const) await plane.db.transaction((tx) => chargeUsage(tx, plane.orgId, DEFAULT_POLICY, which));
    const shares = await loadShares(plane.db, plane.orgId, DEFAULT_POLICY);
    expect(shares.get(plane.project.teamId)!.used / 3600).toBeCloseTo(2, 1); // four hours, a half-life ago
    expect(shares.get(other.teamId)!.used / 3600).toBeCloseTo(1, 1);
    expect((await runRow(run.id)).attainedSeconds / 3600).toBeCloseTo(4, 3);
    expect((await runRow(going.id)).attainedSeconds / 3600).toBeCloseTo(1, 1);
  });
  it("charge a slice or share of a GPU as its part of one, and know how long its run took all the same", async () => {
    const { cluster } = await plane.makeAgent({ accelerators: h100s(1) });
    const run = await plane.makeRun({ resources: { gpus: 2, gpuModel: "shared" } }, { status: "succeeded" });
    const at = Date.now() - 3_600_000;
    await plane.db.insert(attempts).values({ orgId: plane.orgId, runId: run.id, clusterId: cluster.id, number: 1, status: "ended", leaseUntil: new Date(), cpus: 1, memoryMib: 64, gpus: 2, acceleratorMilli: 500, nodes: 1, startedAt: new Date(at), endedAt: new Date(at + 3_600_000) });
    await plane.db.transaction((tx) => chargeUsage(tx, plane.orgId, DEFAULT_POLICY, "ended"));
    expect((await loadShares(plane.db, plane.orgId, DEFAULT_POLICY)).get(plane.project.teamId)!.used / 3600).toBeCloseTo(0.5, 2);
    expect(await runRow(run.id)).toMatchObject({ attainedSeconds: 7200, sparedSeconds: 5400 });
    expect((await plane.db.select().from(durationHistory))[0]).toMatchObject({ samples: 2, p50Seconds: (3600 + 7200) / 2 }); // the run above took two hours
  });
});

describe("use that goes on", () => {
  it("is counted of all that run in turns, however many they are: whoever started last is not left out", async () => {
    const { cluster } = await plane.makeAgent();
    const run = await plane.makeRun({}, { status: "running" });
    await plane.sql`insert into attempts (id, org_id, run_id, cluster_id, number, lease_until, status, started_at, node_names, cpus, memory_mib, gpus, nodes)
      select 'att_' || gen_random_uuid(), ${plane.orgId}, ${run.id}, ${cluster.id}, n, now() + interval '1 hour', 'running', now() - interval '1 minute', '{n1}', 1, 64, 0, 1 from generate_series(1, 2500) as n`;
    for (let passes = 0; passes < 2; passes += 1) await plane.db.transaction((tx) => chargeUsage(tx, plane.orgId, DEFAULT_POLICY, "running"));
    expect((await plane.sql`select count(*)::int as left_out from attempts where run_id = ${run.id} and charged_until is null`)[0]).toEqual({ left_out: 0 });
  });
});
