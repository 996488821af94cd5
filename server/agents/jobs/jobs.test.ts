import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../../../db/client.ts";
import { keepPartitions } from "../../jobs/housekeeping.ts";
import { closeJobs, openJobs } from "../../jobs/queue.ts";
import { startWorker } from "../../jobs/worker.ts";
import { place, report, testPlane, type TestPlane } from "../testing.ts";
import { sweepLeases } from "./leases.ts";
import { listWaitingOrgs, placeOrg } from "./placement.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await testPlane();
});
afterAll(() => plane.close());
beforeEach(async () => {
  await plane.sql`update runs set status = 'cancelled', pending = null where status not in ('succeeded', 'failed', 'cancelled')`;
  await plane.sql`update attempts set status = 'ended' where status not in ('ended', 'lost')`;
  await plane.sql`update clusters set drained_at = now()`;
});

const runRow = async (id: string) => (await plane.sql`select * from runs where id = ${id}`)[0]!;
const attemptsOf = (runId: string) => plane.sql`select * from attempts where run_id = ${runId} order by number`;
async function untilTrue(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await done())) if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
}

describe("placement", () => {
  it("places in the order of priority, then age, and says why the others wait", async () => {
    const { agent, cluster } = await plane.makeAgent({ cpus: 2 });
    const low = await plane.makeRun({ priority: 10, resources: { cpus: 2, memory: 64 } });
    const high = await plane.makeRun({ priority: 90, name: "urgent", resources: { cpus: 2, memory: 64 } });
    expect(await placeOrg(plane, plane.orgId)).toMatchObject({ placed: 1 });
    expect(await runRow(high.id)).toMatchObject({ status: "starting", cluster_id: cluster.id, attempt_count: 1, pending: null });
    expect(await runRow(low.id)).toMatchObject({ status: "queued", pending: { kind: "busy", message: expect.stringContaining(cluster.name) } });
    expect((await agent.sync()).desired).toMatchObject([{ action: "run", spec: { runId: high.id } }]);
  });
  it("writes a reason once, not on every pass", async () => {
    await plane.makeAgent({ cpus: 1 });
    await plane.makeRun({ resources: { cpus: 1, memory: 64 } });
    const waits = await plane.makeRun({ resources: { cpus: 1, memory: 64 } });
    await placeOrg(plane, plane.orgId);
    const version = async () => (await plane.sql`select xmin::text from runs where id = ${waits.id}`)[0]!.xmin as string;
    const before = await version();
    await placeOrg(plane, plane.orgId);
    expect(await version()).toBe(before);
  });
  it("says never, away, and waits out a backoff", async () => {
    const { cluster } = await plane.makeAgent({ cpus: 4 });
    await plane.sql`update clusters set revoked_at = now() where id <> ${cluster.id}`;
    const huge = await plane.makeRun({ resources: { cpus: 64, memory: 64 } });
    const later = await plane.makeRun({}, { notBefore: new Date(Date.now() + 3_600_000) });
    await placeOrg(plane, plane.orgId);
    expect(await runRow(huge.id)).toMatchObject({ pending: { kind: "never", clusters: [{ field: "resources.cpus" }] } });
    expect(await runRow(later.id)).toMatchObject({ status: "queued", attempt_count: 0 });
    await plane.sql`update clusters set drained_at = now() where id = ${cluster.id}`;
    const fits = await plane.makeRun();
    await placeOrg(plane, plane.orgId);
    expect(await runRow(fits.id)).toMatchObject({ status: "queued", pending: { kind: "away" } });
  });
  it("is done by many workers at once without placing anything twice or promising more than there is", async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 24 }), fc.integer({ min: 2, max: 16 }), async (sizes, cpus) => {
      await plane.sql`update clusters set drained_at = now()`;
      await plane.sql`update runs set status = 'cancelled' where status in ('queued', 'starting')`;
      await plane.sql`update attempts set status = 'ended' where status = 'assigned'`;
      const { cluster } = await plane.makeAgent({ cpus, accelerators: Array.from({ length: 4 }, (_, index) => ({ index, uuid: randomBytes(4).toString("hex"), model: "NVIDIA H100", memoryMib: 80_000, health: "ok" as const, healthReason: null, attemptId: null })) });
      const queued = [];
      for (const [at, size] of sizes.entries()) queued.push(await plane.makeRun({ resources: { cpus: size, memory: 64, gpus: at % 3 } }));
      const others = [connect(plane.database.url, { max: 2, rawMax: 1 }), connect(plane.database.url, { max: 2, rawMax: 1 })];
      const workers = [plane.db, ...others.map(({ db }) => db)].map((db) => ({ ...plane, db }));
      await Promise.all(workers.flatMap((worker) => [placeOrg(worker, plane.orgId), placeOrg(worker, plane.orgId)]));
      for (let pass = 0; pass < 3; pass += 1) await placeOrg(plane, plane.orgId);
      await Promise.all(others.map((one) => one.close()));
      const live = await plane.sql<{ run_id: string; cpus: number; gpus: number; indexes: number[] }[]>`select run_id, cpus, gpus, accelerator_indexes as indexes from attempts where cluster_id = ${cluster.id} and status = 'assigned'`;
      expect(new Set(live.map((row) => row.run_id)).size).toBe(live.length);
      expect(live.reduce((sum, row) => sum + row.cpus, 0)).toBeLessThanOrEqual(cpus);
      const indexes = live.flatMap((row) => row.indexes);
      expect(new Set(indexes).size).toBe(indexes.length);
      expect(indexes.length).toBe(live.reduce((sum, row) => sum + row.gpus, 0));
      const placed = await plane.sql`select id from runs where id = any(${queued.map(({ id }) => id)}::text[]) and status = 'starting'`;
      expect(placed.length).toBe(live.length);
    }), { numRuns: 12 });
  });
  it("starts what takes two to four nodes on the three that are free, and tells its agent and its timeline so", async () => {
    const { agent, cluster } = await plane.makeAgent();
    const node = (name: string, cpus: number) => ({ name, cpus, memoryMib: 16_384, diskMib: 1, state: "up" as const, stateReason: null, accelerators: [] });
    await agent.sync({ nodes: [node("n1", 8), node("n2", 8), node("n3", 8), node("small", 2)] });
    await plane.sql`update clusters set capabilities = capabilities || '{"driver": "slurm", "maxNodes": 4, "launchers": ["none", "torchrun"]}' where id = ${cluster.id}`;
    const run = await plane.makeRun({ launcher: "torchrun", resources: { cpus: 8, memory: 64, nodes: 4, minNodes: 2 } });
    await placeOrg(plane, plane.orgId);
    expect(await attemptsOf(run.id)).toMatchObject([{ nodes: 3, node_names: ["n1", "n2", "n3"] }]);
    expect((await agent.sync()).desired).toMatchObject([{ spec: { runId: run.id, nodes: 3, minNodes: 2 } }]);
    expect((await plane.sql`select message from run_events where run_id = ${run.id} and kind = 'attempt.assigned'`)[0]!.message).toBe(`Placed on ${cluster.name} (n1, n2, n3): on 3 of at most 4 nodes.`);
  });
  it("lets a run that was cancelled meanwhile be", async () => {
    await plane.makeAgent();
    const run = await plane.makeRun();
    await plane.sql`update runs set status = 'cancelled' where id = ${run.id}`;
    await placeOrg(plane, plane.orgId);
    expect(await attemptsOf(run.id)).toHaveLength(0);
  });
  it("counts a GPU that a lost attempt still holds as taken", async () => {
    const gpu = { index: 0, uuid: "GPU-x", model: "NVIDIA H100", memoryMib: 80_000, health: "ok" as const, healthReason: null, attemptId: null as string | null };
    const { agent, cluster } = await plane.makeAgent({ accelerators: [gpu] });
    const old = await place(plane, await plane.makeRun({ resources: { cpus: 1, memory: 64, gpus: 1 } }), cluster.id);
    await plane.sql`update attempts set status = 'lost' where id = ${old.id}`;
    const node = { name: "n1", cpus: 8, memoryMib: 16_384, diskMib: 1, state: "up", stateReason: null };
    await agent.sync({ nodes: [{ ...node, accelerators: [{ ...gpu, attemptId: old.id }] }] });
    const next = await plane.makeRun({ resources: { cpus: 1, memory: 64, gpus: 1 } });
    await placeOrg(plane, plane.orgId);
    expect((await runRow(next.id)).status).toBe("queued");
    await agent.sync({ nodes: [{ ...node, accelerators: [gpu] }] });
    await placeOrg(plane, plane.orgId);
    expect((await runRow(next.id)).status).toBe("starting");
  });
  it("looks at the head of a queue of ten thousand, and tells the rest that they are behind", async () => {
    await plane.makeAgent({ cpus: 1.5 });
    const template = await plane.makeRun({ resources: { cpus: 1, memory: 64 } });
    await plane.sql`insert into runs (id, org_id, project_id, experiment_id, name, spec, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes)
      select 'run_' || gen_random_uuid(), org_id, project_id, experiment_id, name, spec, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes from runs, generate_series(1, 10000) where id = ${template.id}`;
    expect(await placeOrg(plane, plane.orgId)).toMatchObject({ placed: 1, more: true });
    expect(await placeOrg(plane, plane.orgId)).toMatchObject({ placed: 0, more: false });
    const kinds = await plane.sql`select pending ->> 'kind' as kind, count(*)::int as n from runs where status = 'queued' group by 1 order by 1`;
    expect(kinds).toMatchObject([{ kind: "behind", n: 5000 }, { kind: "busy", n: 5000 }]);
    expect(await listWaitingOrgs(plane)).toEqual([plane.orgId]);
    await placeOrg(plane, plane.orgId);
    expect((await plane.sql`select count(*)::int as n from runs where status = 'queued' and pending is null`)[0]).toEqual({ n: 0 });
  });
});

describe("leases", () => {
  async function running(onLostContact: "hold" | "restart") {
    const { agent, cluster } = await plane.makeAgent();
    const run = await plane.makeRun({ onLostContact });
    const attempt = await place(plane, run, cluster.id);
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "running", seq: 1 })] });
    await plane.connector.presence.flush(); // writes what it heard, and beats
    return { agent, cluster, run, attempt };
  }
  /** As if the last word had come so many leases ago, with servers listening all the while. */
  async function silentFor(leases: number, { agent, attempt }: Awaited<ReturnType<typeof running>>) {
    const ago = leases * plane.leaseSeconds;
    await plane.sql`update agents set last_seen_at = now() - make_interval(secs => ${ago}) where id = ${agent.id}`;
    await plane.sql`update attempts set lease_until = now() - make_interval(secs => ${ago - plane.leaseSeconds}) where id = ${attempt.id}`;
    await plane.sql`update server_beats set since = now() - interval '1 day', beat_at = now()`;
  }

  it("silence makes an attempt unreachable, since its last word, and never failed; the agent's return makes it running again", async () => {
    const it = await running("hold");
    await silentFor(1.5, it);
    await sweepLeases(plane);
    expect(await runRow(it.run.id)).toMatchObject({ status: "unreachable", status_reason: expect.stringContaining("may still be running") });
    const [attempt] = await attemptsOf(it.run.id);
    expect(attempt).toMatchObject({ status: "unreachable" });
    expect(Date.now() - attempt!.unreachable_since.getTime()).toBeGreaterThan(plane.leaseSeconds * 1000);
    expect((await plane.sql`select kind from cluster_events where cluster_id = ${it.cluster.id} and kind = 'agent.silent'`)).toHaveLength(1);
    await it.agent.sync({ known: [it.attempt.id] });
    await plane.connector.presence.flush();
    expect(await runRow(it.run.id)).toMatchObject({ status: "running" });
    expect((await plane.sql`select kind from cluster_events where cluster_id = ${it.cluster.id} and kind = 'agent.back'`)).toHaveLength(1);
    expect((await plane.sql`select unreachable_since from agents where id = ${it.agent.id}`)[0]).toEqual({ unreachable_since: null });
  });
  it("an agent that comes back with news of an attempt has its lease at once: nobody takes it away again before the next heartbeat", async () => {
    for (const state of ["accepted", "running"] as const) {
      const it = await running("restart");
      if (state === "accepted") await plane.sql`update attempts set status = 'starting', started_at = null where id = ${it.attempt.id}`;
      await silentFor(1.9, it);
      await sweepLeases(plane);
      expect(await attemptsOf(it.run.id)).toMatchObject([{ status: "unreachable" }]);
      await it.agent.sync({ known: [it.attempt.id], reports: [report(it.attempt, { state, seq: 2 })] });
      await sweepLeases(plane);
      expect(await attemptsOf(it.run.id)).toMatchObject([{ status: state === "accepted" ? "starting" : "running" }]);
    }
  });
  it("a run that holds waits for ever", async () => {
    const it = await running("hold");
    await silentFor(50, it);
    for (let pass = 0; pass < 3; pass += 1) await sweepLeases(plane);
    expect(await runRow(it.run.id)).toMatchObject({ status: "unreachable", attempt_count: 1 });
  });
  it("a run that restarts does so after a further lease, as a new attempt with a greater fence; the old one is stale", async () => {
    const it = await running("restart");
    await silentFor(1.5, it);
    await sweepLeases(plane);
    expect(await runRow(it.run.id)).toMatchObject({ status: "unreachable" });
    await silentFor(2.5, it);
    await sweepLeases(plane);
    expect(await runRow(it.run.id)).toMatchObject({ status: "queued", retries_used: 0 });
    expect(await attemptsOf(it.run.id)).toMatchObject([{ status: "lost", failure_class: "platform", drained_at: expect.any(Date) }]);
    const back = await it.agent.sync({ known: [it.attempt.id], reports: [report(it.attempt, { state: "exited", seq: 9 })] });
    expect(back.stale).toEqual([it.attempt.id]);
    await plane.connector.presence.flush();
    await placeOrg(plane, plane.orgId);
    const [, second] = await attemptsOf(it.run.id);
    expect(BigInt(second!.fence) > it.attempt.fence).toBe(true);
    expect((await runRow(it.run.id)).status).toBe("starting");
  });
  it("costs nothing while no server listens, and counts anew once one does", async () => {
    const it = await running("restart");
    await silentFor(10, it);
    await plane.sql`update server_beats set beat_at = now() - interval '1 hour'`;
    await sweepLeases(plane);
    expect((await runRow(it.run.id)).status).toBe("running");
    await plane.connector.presence.flush(); // a server starts: it has listened since just now
    await sweepLeases(plane);
    expect((await runRow(it.run.id)).status).toBe("running");
  });
  it("renews leases for all agents heard, in one write, and not for those out of reach", async () => {
    const one = await running("hold");
    const two = await running("hold");
    await plane.sql`update attempts set lease_until = now() + interval '1 second' where id = any(${[one.attempt.id, two.attempt.id]}::text[])`;
    await plane.sql`update attempts set status = 'unreachable' where id = ${two.attempt.id}`;
    await one.agent.sync({ known: [one.attempt.id] });
    await two.agent.sync({ known: [] });
    await plane.connector.presence.flush();
    const far = async (id: string) => (await plane.sql`select lease_until > now() + interval '60 seconds' as far from attempts where id = ${id}`)[0]!.far as boolean;
    expect([await far(one.attempt.id), await far(two.attempt.id)]).toEqual([true, false]);
  });
});

describe("the worker", () => {
  it("places what is queued when told, archives what is drained, and keeps partitions", async () => {
    const boss = await openJobs(plane.database.url, "worker");
    const worker = await startWorker(plane, boss);
    try {
      const { agent } = await plane.makeAgent();
      const run = await plane.makeRun();
      await plane.bus.publishNow([{ orgId: plane.orgId, topic: "queue", id: plane.orgId }]);
      await untilTrue("placed", async () => (await runRow(run.id)).status === "starting");
      const [attempt] = await attemptsOf(run.id);
      const live = { id: attempt!.id as string, fence: BigInt(attempt!.fence) };
      await agent.sync({ known: [live.id], reports: [report(live, { state: "exited", seq: 1 })] });
      await plane.sql`insert into log_heads (attempt_id, next_seq, stdout_next, bytes) values (${live.id}, 1, 3, 3)`;
      await plane.sql`insert into log_chunks (attempt_id, seq, stream, "offset", length, start, line, lines, at, body) values (${live.id}, 0, 'stdout', 0, 3, 0, 0, 0, now(), ${Buffer.from("zst")})`;
      await agent.sync({ known: [live.id], reports: [report(live, { state: "exited", seq: 2, drained: true })] });
      await untilTrue("archived", async () => (await plane.sql`select 1 from log_heads where attempt_id = ${live.id} and archive_sha256 is not null`).length === 1);
      await untilTrue("partitions", async () => (await plane.sql`select 1 from pg_inherits where inhparent = 'telemetry'::regclass`).length >= 5);
      expect(await runRow(run.id)).toMatchObject({ status: "succeeded", attempt_count: 1 });
    } finally {
      await closeJobs();
      await worker.stop();
    }
  });
  it("moves what fell into the default partition to its day, and drops days beyond retention", async () => {
    await plane.sql`insert into telemetry (cluster_id, subject, subject_id, key, at, times, values) values ('c', 'node', 'n', 'cpu', now(), '{1}', '{1}')`;
    await plane.sql`select make_telemetry_day('2020-01-01')`;
    const { dropped } = await keepPartitions(plane.sql);
    expect(dropped).toEqual(["telemetry_20200101"]);
    expect(await plane.sql`select 1 from telemetry_default`).toHaveLength(0);
    expect(await plane.sql`select 1 from telemetry where cluster_id = 'c'`).toHaveLength(1);
    expect(await keepPartitions(plane.sql)).toEqual({ made: [], dropped: [] });
  });
});
