import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { projects, teams } from "../../db/schema/access.ts";
import { newId } from "../../db/schema/columns.ts";
import { attempts, runs } from "../../db/schema/experiments.ts";
import { durationHistory, queuePolicies, quotas, startEstimates, teamUsage } from "../../db/schema/queue.ts";
import { DEFAULT_POLICY } from "../../domain/queue/policy.ts";
import { placeOrg } from "../agents/jobs/placement.ts";
import { planFor } from "../experiments/queries/plan.ts";
import { h100s, report, testPlane, type TestPlane } from "../agents/testing.ts";
import { estimateStarts } from "./jobs/estimates.ts";

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
  await plane.sql`update runs set status = 'cancelled', pending = null where status not in ('succeeded', 'failed', 'cancelled')`;
  await plane.sql`update attempts set status = 'ended', usage_open = false where status not in ('ended', 'lost')`;
  await plane.sql`update clusters set revoked_at = now()`;
  for (const table of [quotas, queuePolicies, teamUsage, startEstimates, durationHistory]) await plane.db.delete(table);
});

const runRow = async (id: string) => (await plane.db.select().from(runs).where(eq(runs.id, id)))[0]!;
const attemptOf = async (id: string) => (await plane.db.select().from(attempts).where(eq(attempts.runId, id)).orderBy(attempts.number)).at(-1)!;
async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await done())) if (Date.now() > deadline) throw new Error("not in time");
}
const place = () => placeOrg(plane, plane.orgId);

describe("a run that somebody changes while a pass looks at the queue", () => {
  /** Runs `change` after the pass has read the queue and before it writes anything. */
  async function during(change: () => Promise<unknown>): Promise<void> {
    let pass: Promise<unknown> | undefined;
    await plane.sql.begin(async (tx) => {
      await tx`lock table quotas in access exclusive mode`; // read after the queue
      pass = place();
      await until(async () => (await plane.sql`select 1 from pg_locks where relation = 'quotas'::regclass and database = (select oid from pg_database where datname = current_database()) and not granted`).length > 0);
      await change();
    });
    await pass;
  }

  it("is left for the next pass where it was moved, and then goes where it was moved to", async () => {
    const [near, far] = [await plane.makeAgent({ cpus: 64 }), await plane.makeAgent({ cpus: 8 })];
    const run = await plane.makeRun({ cluster: near.cluster.slug });
    await during(() => plane.sql`update runs set spec = spec || jsonb_build_object('cluster', ${far.cluster.slug}::text) where id = ${run.id}`);
    expect(await runRow(run.id)).toMatchObject({ status: "queued" });
    await place();
    expect(await attemptOf(run.id)).toMatchObject({ clusterId: far.cluster.id });
  });
  it("is left as it is while somebody has it in hand: the pass waits for nobody, so that two who change many never wait for each other", async () => {
    await plane.makeAgent({ cpus: 2 });
    const [one, two] = [await plane.makeRun({ resources: { cpus: 64 } }), await plane.makeRun({ resources: { cpus: 64 } })];
    await plane.sql.begin(async (tx) => {
      await tx`select 1 from runs where id = ${one.id} for update`;
      await place();
      expect((await runRow(two.id)).pending).toMatchObject({ kind: "never" });
    });
    expect((await runRow(one.id)).pending).toBeNull();
    await place();
    expect((await runRow(one.id)).pending).toMatchObject({ kind: "never" });
  }, 10_000);
  it("is told to be held where it was held, and not what the pass found: no other pass looks at it", async () => {
    await plane.makeAgent({ cpus: 2 });
    const run = await plane.makeRun({ resources: { cpus: 64 } });
    const held = JSON.stringify({ kind: "held", message: "Held by Ada." });
    await during(() => plane.sql`update runs set held_at = now(), held_by = 'Ada', pending = ${held}::text::jsonb where id = ${run.id}`);
    expect((await runRow(run.id)).pending).toMatchObject({ kind: "held" });
  });
});

describe("a queue that is longer than what one pass looks at", () => {
  const window = { head: 3, beyond: 2 };
  const placeSome = () => placeOrg({ ...plane, window }, plane.orgId);
  /** Runs for a cluster that takes no work, handed in first: as many as fill the window. */
  async function stuck(): Promise<{ id: string }[]> {
    const away = await plane.makeCluster();
    const all = [];
    for (let at = 0; at < window.head; at += 1) all.push(await plane.makeRun({ cluster: away.slug }, { queuedAt: new Date(Date.now() - 3_600_000 + at) }));
    return all;
  }

  it("does not keep a run from an idle cluster because what goes first can start nowhere, however far behind it is", async () => {
    const ahead = await stuck();
    const { cluster } = await plane.makeAgent({ cpus: 8 });
    const large = [];
    for (let at = 0; at < 5; at += 1) large.push(await plane.makeRun({ resources: { cpus: 64 } }, { queuedAt: new Date(Date.now() - 1_800_000 + at) }));
    const fits = await plane.makeRun({ resources: { cpus: 8 } });
    const low = await plane.makeRun({ priority: 10, resources: { cpus: 8 } });
    for (let at = 0; at < 3; at += 1) await placeSome(); // five of the same priority, then the one that fits
    expect(await runRow(fits.id)).toMatchObject({ status: "starting", clusterId: cluster.id });
    await plane.sql`update attempts set status = 'ended' where run_id = ${fits.id}`;
    for (let at = 0; at < 2; at += 1) await placeSome();
    expect(await runRow(low.id)).toMatchObject({ status: "starting", clusterId: cluster.id });
    await plane.sql`update attempts set status = 'ended' where run_id = ${low.id}`;
    const late = await plane.makeRun({ resources: { cpus: 1 } });
    for (let at = 0; at < 5; at += 1) await placeSome(); // begins again behind the window
    expect((await runRow(late.id)).status).toBe("starting");
    for (const run of ahead) expect((await runRow(run.id)).status).toBe("queued");
    for (const run of large) expect((await runRow(run.id)).pending).toMatchObject({ kind: "away" });
  });
  it("gives what goes first its room as soon as its cluster is back, and stops nothing for what is behind", async () => {
    const { agent } = await plane.makeAgent({ cpus: 4 });
    const low = await plane.makeRun({ priority: 0, preemptible: true, resources: { cpus: 4 } });
    await place();
    const first = await attemptOf(low.id);
    await agent.sync({ known: [first.id], reports: [report(first, { state: "running", seq: 1 })] });
    const away = await plane.makeAgent({ cpus: 4 });
    await plane.sql`update clusters set drained_at = now() where id = ${away.cluster.id}`;
    const ahead = [];
    for (let at = 0; at < window.head; at += 1) ahead.push(await plane.makeRun({ cluster: away.cluster.slug, resources: { cpus: 4 } }, { queuedAt: new Date(Date.now() - 3_600_000 + at) }));
    const behind = await plane.makeRun({ resources: { cpus: 4 } });
    for (let at = 0; at < 3; at += 1) await placeSome();
    expect((await attemptOf(low.id)).stopRequestedAt).toBeNull();
    expect(await runRow(behind.id)).toMatchObject({ status: "queued", pending: { kind: "behind", message: "More than 5000 runs go first." } });
    await plane.sql`update clusters set drained_at = null where id = ${away.cluster.id}`;
    await placeSome();
    expect((await runRow(ahead[0]!.id)).status).toBe("starting");
    expect((await runRow(behind.id)).status).toBe("queued");
  });
});

describe("a run that goes before what runs", () => {
  it("has preemptible work saved and stopped for it, takes its room, and uses up none of its retries", async () => {
    const { agent } = await plane.makeAgent({ accelerators: h100s(2) });
    const low = await plane.makeRun({ name: "low", priority: 10, preemptible: true, resources: { gpus: 2 } });
    await place();
    const first = await attemptOf(low.id);
    const queuedAt = (await runRow(low.id)).queuedAt;
    await agent.sync({ known: [first.id], reports: [report(first, { state: "running", seq: 1 })] });
    const urgent = await plane.makeRun({ name: "urgent", priority: 90, resources: { gpus: 1 } });
    await place();
    expect(await attemptOf(low.id)).toMatchObject({ stopReason: "preempted", stopRequestedAt: expect.any(Date) });
    expect((await runRow(urgent.id)).pending).toMatchObject({ kind: "busy", message: "1 run is asked to save a checkpoint and give way to it." });
    await place(); // looks again while it stops: nothing more is asked
    expect((await runRow(urgent.id)).pending?.message).toContain("Room is being made");
    expect((await agent.sync({ known: [first.id] })).desired).toMatchObject([{ attemptId: first.id, action: "stop", reason: "preempted" }]);
    await agent.sync({ known: [first.id], reports: [report(first, { state: "exited", seq: 2, exit: { at: Date.now(), code: null, signal: "SIGTERM", cause: "stopped", detail: "", lastLines: [], peakMemoryMib: null } })] });
    expect(await runRow(low.id)).toMatchObject({ status: "queued", retriesUsed: 0, queuedAt });
    await place();
    expect((await runRow(urgent.id)).status).toBe("starting");
    expect((await runRow(low.id)).status).toBe("queued");
    const told = await plane.sql`select kind, message from run_events where run_id = ${low.id} order by id`;
    expect(told.map((one) => one.message)).toContain("Asked to save a checkpoint and stop. A run of priority 90 needs the room.");
  });
  it("stops nothing while the policy says no", async () => {
    await plane.makeAgent({ accelerators: h100s(1) });
    await plane.db.insert(queuePolicies).values({ orgId: plane.orgId, policy: { ...DEFAULT_POLICY, preemption: false } });
    const low = await plane.makeRun({ priority: 10, preemptible: true, resources: { gpus: 1 } });
    await place();
    await plane.makeRun({ priority: 90, resources: { gpus: 1 } });
    await place();
    expect((await attemptOf(low.id)).stopRequestedAt).toBeNull();
  });
});

describe("quotas and shares", () => {
  it("hold a team to its limit over all clusters", async () => {
    await plane.makeAgent({ accelerators: h100s(2) });
    await plane.makeAgent({ accelerators: h100s(3) });
    await plane.db.insert(quotas).values({ orgId: plane.orgId, scope: "team", scopeId: plane.project.teamId, model: "H100", guaranteed: 0, borrow: true, limit: 3 });
    const mine = [];
    for (let at = 0; at < 4; at += 1) mine.push(await plane.makeRun({ resources: { gpus: 1 } }));
    const theirs = await plane.makeRun({ resources: { gpus: 1 } }, { projectId: other.id });
    await place();
    const statuses = await Promise.all(mine.map(async ({ id }) => (await runRow(id)).status));
    expect(statuses.toSorted()).toEqual(["queued", "starting", "starting", "starting"]);
    expect((await runRow(theirs.id)).status).toBe("starting");
    const waits = (await Promise.all(mine.map(({ id }) => runRow(id)))).find(({ status }) => status === "queued")!;
    expect(waits.pending).toEqual({ kind: "quota", message: "The team T may hold 3 H100 and holds 3; this needs 1 more." });
  });
  it("let the team that used less go first", async () => {
    await plane.makeAgent({ accelerators: h100s(1) });
    await plane.db.insert(teamUsage).values({ orgId: plane.orgId, teamId: plane.project.teamId, used: 1e6 });
    const first = await plane.makeRun({ resources: { gpus: 1 } });
    const fair = await plane.makeRun({ resources: { gpus: 1 } }, { projectId: other.id });
    await place();
    expect([(await runRow(first.id)).status, (await runRow(fair.id)).status]).toEqual(["queued", "starting"]);
  });
});

describe("a run that is held, or was failed by a node", () => {
  it("is not placed until released; and goes to another node", async () => {
    const { cluster: bad } = await plane.makeAgent();
    const { cluster: good } = await plane.makeAgent();
    const held = await plane.makeRun({}, { heldAt: new Date(), heldBy: "Olga" });
    const shy = await plane.makeRun({}, { excludedNodes: [`${bad.id}/n1`] });
    await place();
    expect((await runRow(held.id)).status).toBe("queued");
    expect(await runRow(shy.id)).toMatchObject({ status: "starting", clusterId: good.id });
    await plane.sql`update runs set held_at = null where id = ${held.id}`;
    await place();
    expect((await runRow(held.id)).status).toBe("starting");
  });
});

describe("estimates", () => {
  it("rest on limits and on how long runs of the experiment took, and are checked against what came", async () => {
    const { agent } = await plane.makeAgent({ accelerators: h100s(1) });
    await plane.db.insert(durationHistory).values({ experimentId: plane.experiment.id, orgId: plane.orgId, samples: 20, p50Seconds: 600, p90Seconds: 1200 });
    const going = await plane.makeRun({ name: "going", resources: { gpus: 1 } });
    await place();
    const attempt = await attemptOf(going.id);
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "running", seq: 1 })] });
    const [next, last] = [await plane.makeRun({ resources: { gpus: 1 } }), await plane.makeRun({ resources: { gpus: 1 } })];
    await estimateStarts(plane, [plane.orgId]);
    const told = new Map((await plane.db.select().from(startEstimates)).map((row) => [row.runId, row]));
    const inSeconds = (id: string) => (told.get(id)!.start.getTime() - Date.now()) / 1000;
    expect(inSeconds(next.id)).toBeGreaterThan(540);
    expect(inSeconds(next.id)).toBeLessThan(660);
    expect(inSeconds(last.id)).toBeGreaterThan(1100);
    expect(told.get(next.id)!.basis).toBe("Another run should end by then, as runs of its experiment did.");
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "exited", seq: 2 })] });
    await place();
    const [checked] = await plane.db.select().from(startEstimates).where(eq(startEstimates.runId, next.id));
    expect(checked).toMatchObject({ actualStart: expect.any(Date), firstStart: told.get(next.id)!.firstStart });
  });
});

it("a run goes where an hour costs least among the clusters where it fits, as its plan says; what one of them costs decides nothing while another has no price", async () => {
  const [near, cheap] = [await plane.makeAgent({ cpus: 8 }), await plane.makeAgent({ cpus: 8 })];
  const price = (clusterId: string, unitPrice: string) => plane.sql`insert into price_lines (id, org_id, version, kind, cluster_id, unit_price, valid_from, created_by) values (${newId("priceLine")}, ${plane.orgId}, 1, 'cpu', ${clusterId}, ${unitPrice}, '2020-01-01', 'Ada')`;
  await plane.sql`insert into cost_settings (org_id, rating_version) values (${plane.orgId}, 1)`;
  const goesTo = async () => {
    const run = await plane.makeRun({ resources: { cpus: 1 } });
    const { plan } = await planFor(plane.db, plane.orgId, run.spec!, Date.now(), { project: null, ownerId: "usr_x", grant: { orgId: plane.orgId, permission: "runs:read", org: true, teams: new Set(), projects: new Set() } });
    await place();
    const { clusterId } = await attemptOf(run.id);
    await plane.sql`update runs set status = 'cancelled' where id = ${run.id}`;
    await plane.sql`update attempts set status = 'ended' where run_id = ${run.id}`;
    return [clusterId, plan.cluster?.id];
  };
  await price(cheap.cluster.id, "0.25");
  expect(await goesTo()).toEqual([near.cluster.id, near.cluster.id]);
  await price(near.cluster.id, "0.5");
  expect(await goesTo()).toEqual([cheap.cluster.id, cheap.cluster.id]);
});

it("an elastic cluster's nodes get runs while they are switched off, and cost from when they are started for one", async () => {
  const { agent, cluster } = await plane.makeAgent();
  const tell = (state: string) => agent.sync({ nodes: [{ name: "cloud-1", cpus: 8, memoryMib: 16_384, diskMib: 1, state: "up", stateReason: null, accelerators: h100s(2), scheduler: { state, partitions: ["gpu"], features: [] } }] });
  const capacity = async () => (await plane.sql<{ node: string }[]>`select node from capacity_intervals where cluster_id = ${cluster.id} and until_at is null and kind = 'accelerator'`).map(({ node }) => node);
  await tell("IDLE+CLOUD+POWERED_DOWN");
  expect(await plane.sql`select state, state_reason from nodes where cluster_id = ${cluster.id} and name = 'cloud-1'`).toMatchObject([{ state: "off", state_reason: "Its scheduler switched it off, and starts it for a job." }]);
  expect(await capacity()).toEqual([]);
  const run = await plane.makeRun({ cluster: cluster.slug, resources: { cpus: 1, memory: 64, gpus: 2 } });
  expect(await place()).toMatchObject({ placed: 1 });
  expect(await attemptOf(run.id)).toMatchObject({ nodeNames: ["cloud-1"] });
  await tell("ALLOCATED+CLOUD+NOT_RESPONDING+POWERING_UP");
  expect(await capacity()).toEqual(["cloud-1"]);
  await tell("IDLE+CLOUD+POWERED_DOWN");
  expect(await capacity()).toEqual([]);
});
