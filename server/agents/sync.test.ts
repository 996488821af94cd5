import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { armFailpoint } from "../failpoint.ts";
import { projectSecrets, serviceAccounts, users } from "../../db/schema/access.ts";
import { seal } from "../access/secrets.ts";
import { runToken } from "../experiments/run-token.ts";
import { placeOrg } from "./jobs/placement.ts";
import { loadSnapshots } from "./queries/snapshots.ts";
import { place, report, testPlane, type TestPlane } from "./testing.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await testPlane();
});
afterAll(() => plane.close());

const runRow = async (id: string) => (await plane.sql`select * from runs where id = ${id}`)[0]!;
const attemptRow = async (id: string) => (await plane.sql`select *, fence::text as fence from attempts where id = ${id}`)[0]!;
const eventKinds = async (runId: string) => (await plane.sql`select kind from run_events where run_id = ${runId} order by id`).map((row) => row.kind as string);
const exit = (over: Record<string, unknown>) => ({ at: Date.now(), code: 1, signal: null, cause: "exited" as const, detail: "", lastLines: ["Traceback", "boom"], peakMemoryMib: 10, ...over });

async function placed(over: Parameters<TestPlane["makeRun"]>[0] = {}) {
  const { agent, cluster } = await plane.makeAgent();
  const run = await plane.makeRun(over);
  const attempt = await place(plane, run, cluster.id);
  return { agent, cluster, run, attempt };
}

describe("the life of an attempt, as its agent reports it", () => {
  it("goes from assigned to succeeded, with its spec, its timeline, and every report taken once", async () => {
    const { agent, run, attempt } = await placed({ params: { lr: 0.1 }, env: { A: "b" } });
    const first = await agent.sync();
    expect(first.desired).toMatchObject([{ attemptId: attempt.id, fence: String(attempt.fence), action: "run", spec: { runId: run.id, runName: "train", attemptNumber: 1, project: "p", command: "true", params: { lr: 0.1 }, env: { A: "b" }, graceSeconds: 30, tracking: { path: "/mlflow/p/p", token: runToken(attempt.id), experimentId: run.experimentId } } }]);
    const accepted = report(attempt, { state: "accepted", seq: 1 });
    expect((await agent.sync({ known: [attempt.id], reports: [accepted] })).acked).toEqual([{ attemptId: attempt.id, seq: 1 }]);
    expect(await runRow(run.id)).toMatchObject({ status: "starting" });
    const running = report(attempt, { state: "running", seq: 2 });
    await agent.sync({ known: [attempt.id], reports: [running] });
    expect(await runRow(run.id)).toMatchObject({ status: "running", started_at: expect.any(Date) });
    const exited = report(attempt, { state: "exited", seq: 3 });
    for (let repeat = 0; repeat < 3; repeat += 1) expect((await agent.sync({ known: [attempt.id], reports: [accepted, running, exited] })).acked).toHaveLength(3);
    expect(await runRow(run.id)).toMatchObject({ status: "succeeded", ended_at: expect.any(Date) });
    expect(await attemptRow(attempt.id)).toMatchObject({ status: "ended", outcome: "succeeded", exit_code: 0, report_seq: 3, drained_at: null });
    const drained = await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "exited", seq: 4, drained: true })] });
    expect(drained.acked).toEqual([{ attemptId: attempt.id, seq: 4 }]);
    expect(drained.stale).toEqual([]);
    expect((await attemptRow(attempt.id)).drained_at).toBeInstanceOf(Date);
    expect(await eventKinds(run.id)).toEqual(["attempt.accepted", "attempt.running", "attempt.ended", "run.ended"]);
  });
  it("says whose run it is so that nobody can be named like somebody else: an agent may give its owner's account for it", async () => {
    const [[person], [service]] = [
      await plane.db.insert(users).values({ name: "Ada", email: "ada@lab.org" }).returning(),
      await plane.db.insert(serviceAccounts).values({ orgId: plane.orgId, projectId: plane.project.id, name: "ada@lab.org", createdBy: "usr_x" }).returning(),
    ];
    await plane.sql`insert into org_people (org_id, user_id) values (${plane.orgId}, ${person!.id})`;
    const { agent, cluster } = await plane.makeAgent();
    await place(plane, await plane.makeRun({}, { ownerId: person!.id }), cluster.id);
    await place(plane, await plane.makeRun({}, { ownerType: "service_account", ownerId: service!.id }), cluster.id);
    expect((await agent.sync()).desired?.map(({ spec }) => spec?.owner).toSorted()).toEqual(["ada@lab.org", "service:p/ada@lab.org"]);
  });
  it("carries the secrets that its run names, in the answer alone", async () => {
    await plane.db.insert(projectSecrets).values({ orgId: plane.orgId, projectId: plane.project.id, name: "HF_TOKEN", sealed: seal("hf_a-real-secret", `project secret ${plane.project.id} HF_TOKEN`), setBy: "Mia" });
    const { agent, run, attempt } = await placed({ secrets: ["HF_TOKEN", "GONE"] });
    expect((await agent.sync()).desired).toMatchObject([{ attemptId: attempt.id, spec: { secrets: { values: { HF_TOKEN: "hf_a-real-secret" }, missing: ["GONE"] } } }]);
    expect(JSON.stringify(await runRow(run.id))).not.toContain("hf_a-real-secret");
    expect(await plane.sql`select action, target_name, actor_id from audit_log where action = 'secret.use'`).toMatchObject([{ target_name: "HF_TOKEN", actor_id: agent.id }]);
    const plain = await placed();
    expect((await plain.agent.sync()).desired?.[0]?.spec).not.toHaveProperty("secrets");
  });
  it("needs no report in between: an exit alone starts and ends it", async () => {
    const { agent, run, attempt } = await placed();
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "exited", seq: 7 })] });
    expect(await runRow(run.id)).toMatchObject({ status: "succeeded", started_at: expect.any(Date) });
  });
  it("fails with class and evidence", async () => {
    const { agent, run, attempt } = await placed();
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "exited", seq: 1, exit: exit({ code: 3 }) })] });
    expect(await runRow(run.id)).toMatchObject({ status: "failed", failure_class: "user_code", status_reason: expect.stringContaining("3"), evidence: { exitCode: 3, lastLines: ["Traceback", "boom"] } });
  });
  it("ends whatever bytes its last lines hold, and holds up no other attempt's end", async () => {
    const { agent, cluster, run, attempt } = await placed();
    const other = await plane.makeRun();
    const beside = await place(plane, other, cluster.id);
    const odd = exit({ lastLines: ["a NUL \0 here", "half a pair \ud83d", "a whole one 😀", "\\u0000"], detail: "ended \0" });
    const answered = await agent.sync({ known: [attempt.id, beside.id], reports: [report(attempt, { state: "exited", seq: 1, exit: odd }), report(beside, { state: "exited", seq: 1 })] });
    expect(answered.acked).toHaveLength(2);
    expect(await runRow(run.id)).toMatchObject({ status: "failed", evidence: { lastLines: ["a NUL \uFFFD here", "half a pair \uFFFD", "a whole one 😀", "\\u0000"] } });
    expect((await runRow(other.id)).status).toBe("succeeded");
  });
  it("takes an agent's clock only between what the server knows", async () => {
    const { agent, run, attempt } = await placed();
    const hour = 3_600_000;
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "running", seq: 1, startedAt: Date.now() + hour })] });
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "exited", seq: 2, startedAt: Date.now() + hour, exit: exit({ code: 0, at: Date.now() - hour }) })] });
    const [row] = await plane.sql`select started_at >= assigned_at and ended_at >= started_at and ended_at <= now() as sane from attempts where id = ${attempt.id}`;
    expect(row).toEqual({ sane: true });
    expect((await runRow(run.id)).status).toBe("succeeded");
  });
  it("is tried again where the policy covers the class, later each time, until the retries are used", async () => {
    const { agent, cluster, run, attempt } = await placed({ retry: { max: 1, on: ["oom"] } });
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "exited", seq: 1, exit: exit({ code: 137, cause: "oom" }) })] });
    const queued = await runRow(run.id);
    expect(queued).toMatchObject({ status: "queued", retries_used: 1, cluster_id: null, pending: { kind: "backoff" } });
    expect(queued.not_before.getTime()).toBeGreaterThan(Date.now());
    const second = await place(plane, { ...run, attemptCount: 1 }, cluster.id);
    expect(second.fence > attempt.fence).toBe(true);
    await agent.sync({ known: [second.id], reports: [report(second, { state: "exited", seq: 1, exit: exit({ code: 137, cause: "oom" }) })] });
    expect(await runRow(run.id)).toMatchObject({ status: "failed", failure_class: "oom", status_reason: expect.stringContaining("retries are used") });
  });
  it("is tried again on another node than the one that failed it, where there is one", async () => {
    const { agent, cluster, run, attempt } = await placed({ retry: { max: 2, on: ["hardware"] } });
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "exited", seq: 1, nodes: ["n7"], exit: exit({ code: null, signal: "SIGBUS", cause: "hardware" }) })] });
    expect(await runRow(run.id)).toMatchObject({ status: "queued", excluded_nodes: [`${cluster.id}/n7`], status_reason: expect.stringMatching(/Retry 1 of 2 in 10 s, on another node than n7 where there is one\.$/) });
    const second = await place(plane, { ...run, attemptCount: 1 }, cluster.id);
    expect((await agent.sync()).desired).toMatchObject([{ attemptId: second.id, spec: { excludeNodes: ["n7"] } }]);
    await agent.sync({ known: [second.id], reports: [report(second, { state: "exited", seq: 1, nodes: ["n1", "n2"], exit: exit({ cause: "hardware" }) })] });
    expect((await runRow(run.id)).excluded_nodes).toEqual([`${cluster.id}/n7`]); // of two nobody knows which
    await plane.sql`update runs set excluded_nodes = array[${cluster.id} || '/n1', 'cl_elsewhere/n9'] where id = ${run.id}`;
    const third = await place(plane, { ...run, attemptCount: 2 }, cluster.id); // on n1 all the same: there is no other
    expect((await agent.sync()).desired?.find(({ attemptId }) => attemptId === third.id)?.spec).not.toHaveProperty("excludeNodes");
  });
  it("is cancelled when it stops as asked, and succeeds when it ended first", async () => {
    const one = await placed();
    await plane.sql`update runs set status = 'cancelling' where id = ${one.run.id}`;
    await plane.sql`update attempts set stop_requested_at = now(), stop_reason = 'cancelled', report_seq = 1, status = 'running' where id = ${one.attempt.id}`;
    expect((await one.agent.sync({ known: [one.attempt.id] })).desired).toMatchObject([{ action: "stop", reason: "cancelled", spec: null }]);
    await one.agent.sync({ known: [one.attempt.id], reports: [report(one.attempt, { state: "exited", seq: 2, exit: exit({ code: null, signal: "SIGTERM", cause: "stopped" }) })] });
    expect(await runRow(one.run.id)).toMatchObject({ status: "cancelled", failure_class: "cancelled" });
    const two = await placed();
    await plane.sql`update runs set status = 'cancelling' where id = ${two.run.id}`;
    await plane.sql`update attempts set stop_requested_at = now(), stop_reason = 'cancelled' where id = ${two.attempt.id}`;
    await two.agent.sync({ known: [two.attempt.id], reports: [report(two.attempt, { state: "exited", seq: 2 })] });
    expect(await runRow(two.run.id)).toMatchObject({ status: "succeeded" });
  });
  it("ends at once when it is asked to stop before its agent took it, and a late report of it is stale", async () => {
    const { agent, run, attempt } = await placed();
    await plane.sql`update runs set status = 'cancelling' where id = ${run.id}`;
    await plane.sql`update attempts set stop_requested_at = now(), stop_reason = 'cancelled' where id = ${attempt.id}`;
    expect((await agent.sync({ known: [] })).desired).toBeNull(); // nothing was wanted before, and nothing is
    expect(await runRow(run.id)).toMatchObject({ status: "cancelled" });
    expect((await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "running", seq: 1 })] })).stale).toEqual([attempt.id]);
  });
});

describe("fences", () => {
  it("a wrong fence, a lost attempt and another cluster's attempt are stale, and nothing is written", async () => {
    const { agent, run, attempt } = await placed();
    const other = await placed();
    await plane.sql`update attempts set status = 'lost' where id = ${other.attempt.id}`;
    const wrong = { ...report(attempt, { state: "running", seq: 5 }), fence: String(attempt.fence + 1n) };
    expect((await agent.sync({ known: [], reports: [wrong] })).stale).toEqual([attempt.id]);
    expect((await other.agent.sync({ reports: [report(other.attempt, { state: "exited", seq: 5 })] })).stale).toEqual([other.attempt.id]);
    expect((await other.agent.sync({ reports: [report(attempt, { state: "exited", seq: 5 })] })).stale).toEqual([attempt.id]);
    expect(await attemptRow(attempt.id)).toMatchObject({ status: "assigned", report_seq: 0 });
    expect(await eventKinds(run.id)).toEqual([]);
  });
});

describe("the whole picture", () => {
  it("brings an attempt out of reach back when the agent still knows it", async () => {
    const { agent, run, attempt } = await placed();
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "running", seq: 1 })] });
    await plane.sql`update attempts set status = 'unreachable', unreachable_since = now(), lease_until = now() - interval '1 hour' where id = ${attempt.id}`;
    await plane.sql`update runs set status = 'unreachable' where id = ${run.id}`;
    await agent.sync({ known: [attempt.id] });
    expect(await attemptRow(attempt.id)).toMatchObject({ status: "running", unreachable_since: null });
    expect(await runRow(run.id)).toMatchObject({ status: "running" });
    expect((await plane.sql`select lease_until > now() as leased from attempts where id = ${attempt.id}`)[0]).toEqual({ leased: true });
  });
  it("never offers an attempt again that an agent took and forgot: its process may still live", async () => {
    const { agent, run, attempt } = await placed();
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "running", seq: 1 })] });
    agent.desiredHash = "";
    expect((await agent.sync({ known: [] })).desired).toEqual([]);
    expect(await runRow(run.id)).toMatchObject({ status: "unreachable", status_reason: expect.stringContaining("no longer knows") });
  });
  it("sends a spec again until the agent has it, and not after", async () => {
    const { agent, attempt } = await placed();
    expect((await agent.sync()).desired?.[0]?.spec).not.toBeNull();
    agent.desiredHash = "";
    expect((await agent.sync({ known: [] })).desired?.[0]?.spec).not.toBeNull();
    agent.desiredHash = "";
    expect((await agent.sync({ known: [attempt.id] })).desired?.[0]?.spec).toBeNull();
    expect((await agent.sync({ known: [attempt.id] })).desired).toBeNull();
  });
});

describe("the long poll", () => {
  it("answers at once when something is wanted, long before its time is up", async () => {
    const { agent, cluster } = await plane.makeAgent();
    await agent.sync();
    const waiting = agent.sync({ waitSeconds: 25 });
    const attempt = await place(plane, await plane.makeRun(), cluster.id);
    await plane.bus.publishNow([{ orgId: plane.orgId, topic: "agent-desired", id: cluster.id }]);
    expect((await waiting).desired).toMatchObject([{ attemptId: attempt.id }]);
  });
  it("is as long as the answer before said, and no longer", async () => {
    const { agent } = await plane.makeAgent();
    const { body } = await agent.rawSync();
    expect(body.longestWait).toBe(30);
    expect((await agent.rawSync({ desiredHash: "", waitSeconds: body.longestWait })).status).toBe(200);
    expect(await agent.rawSync({ waitSeconds: body.longestWait + 1 })).toMatchObject({ status: 400, body: { field: "waitSeconds" } });
  });
  it("names drained nodes", async () => {
    const { agent, cluster } = await plane.makeAgent();
    await agent.sync();
    await plane.sql`update nodes set drained_at = now() where cluster_id = ${cluster.id}`;
    expect((await agent.sync()).drainedNodes).toEqual(["n1"]);
  });
  it("is left without a trace when the agent hangs up", async () => {
    const { agent } = await plane.makeAgent();
    await agent.sync();
    const controller = new AbortController();
    const path = "/api/agent/sync";
    const body = JSON.stringify({ version: 1, desiredHash: agent.desiredHash, known: [], reports: [], nodes: null, waitSeconds: 25 });
    const gone = fetch(plane.url + path, { method: "POST", body, headers: agent.headers(path, body), signal: controller.signal });
    controller.abort();
    await expect(gone).rejects.toThrow("aborted");
    expect((await agent.rawSync()).status).toBe(200);
  });
});

describe("inventory", () => {
  const node = (name: string, over: Record<string, unknown> = {}) => ({ name, cpus: 8, memoryMib: 1024, diskMib: 1, state: "up", stateReason: null, accelerators: [{ index: 0, uuid: `GPU-${name}`, model: "NVIDIA H100", memoryMib: 81_559, health: "ok", healthReason: null, attemptId: null }], ...over });
  it("writes only what differs, and keeps what is gone", async () => {
    const { agent, cluster } = await plane.makeAgent();
    await agent.sync({ nodes: [node("a"), node("b")] });
    const versions = () => plane.sql`select name, xmin::text, state from nodes where cluster_id = ${cluster.id} order by name`;
    const before = await versions();
    await agent.sync({ nodes: [node("a"), node("b")] });
    expect(await versions()).toEqual(before);
    await agent.sync({ nodes: [node("a", { cpus: 4 })] });
    expect((await versions()).map(({ name, state }) => [name, state])).toEqual([["a", "up"], ["b", "gone"], ["n1", "gone"]]);
    expect(await plane.sql`select present from accelerators x join nodes n on n.id = x.node_id where n.name = 'b' and n.cluster_id = ${cluster.id}`).toMatchObject([{ present: false }]);
    const kinds = (await plane.sql`select kind from cluster_events where cluster_id = ${cluster.id} and kind like 'node.%' order by id`).map((row) => row.kind);
    expect(kinds).toEqual(["node.added", "node.added", "node.added", "node.gone", "node.gone"]);
  });
});

describe("an answer that gets lost after its commit", () => {
  it("changes nothing: the repeat is acknowledged and the timeline has one entry", async () => {
    const { agent, run, attempt } = await placed();
    armFailpoint({ name: "server.sync.before-answer" });
    await expect(agent.rawSync({ known: [attempt.id], reports: [report(attempt, { state: "running", seq: 1 })] })).rejects.toThrow("fetch failed");
    armFailpoint(null);
    expect((await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "running", seq: 1 })] })).acked).toEqual([{ attemptId: attempt.id, seq: 1 }]);
    expect(await eventKinds(run.id)).toEqual(["attempt.running"]);
  });
});

describe("a cluster with a scheduler of its own", () => {
  const job = { id: "17", name: "theirs", user: "ada", account: "research", partition: "gpu", qos: "normal", state: "running" as const, reason: null, nodes: ["n1"], nodeCount: 1, cpus: 3, memoryMib: 1000, gpus: 0, submittedAt: 1, startedAt: 1_000, limitSeconds: 60 };
  const told = (jobs: object[]) => ({ kind: "slurm", partitions: [], reservations: [], qos: [], accounts: [], jobs, jobCount: jobs.length });
  it("has the jobs of others counted as held, and free again once they are no longer told", async () => {
    const { agent, cluster } = await plane.makeAgent();
    const node = { name: "n1", cpus: 8, memoryMib: 4000, diskMib: 0, state: "up", stateReason: null, accelerators: [] };
    await agent.sync({ nodes: [node], scheduler: told([job]) });
    const free = async () => (await loadSnapshots(plane.db, plane.orgId)).find(({ id }) => id === cluster.id)!.nodes[0]!;
    expect(await free()).toMatchObject({ cpus: 8, freeCpus: 5, freeMemoryMib: 3000 });
    await agent.sync({ scheduler: told([]) });
    expect(await free()).toMatchObject({ freeCpus: 8, freeMemoryMib: 4000 });
  });
  it("gives runs to nodes of the partition that they go to: its default one where they name none", async () => {
    const { agent, cluster } = await plane.makeAgent();
    const host = (name: string, partitions: string[]) => ({ name, cpus: 8, memoryMib: 4000, diskMib: 0, state: "up", stateReason: null, accelerators: [], scheduler: { state: "IDLE", partitions, features: [] } });
    const partition = (name: string, isDefault: boolean) => ({ name, isDefault, state: "UP", nodes: 1, cpus: 8, gpus: 0, maxSeconds: null, preemption: null, allowed: "" });
    await agent.sync({ nodes: [host("a1", ["gpu"]), host("b1", ["login"])], scheduler: { ...told([]), partitions: [partition("gpu", false), partition("login", true)] } });
    await plane.sql`update clusters set driver = 'slurm', capabilities = capabilities || '{"driver": "slurm", "overrides": ["partition"]}' where id = ${cluster.id}`;
    const [plain, named] = [await plane.makeRun({ cluster: cluster.slug }), await plane.makeRun({ cluster: cluster.slug, overrides: { slurm: { partition: "gpu" } } })];
    await placeOrg(plane, plane.orgId);
    const placedOn = async (runId: string) => (await plane.sql<{ names: string[] }[]>`select node_names as names from attempts where run_id = ${runId}`)[0]?.names;
    expect([await placedOn(plain.id), await placedOn(named.id)]).toEqual([["b1"], ["a1"]]);
    await agent.sync({ nodes: [host("a1", ["gpu"]), host("b1", ["gpu", "login"])] });
    const [row] = await plane.sql`select partitions from nodes where cluster_id = ${cluster.id} and name = 'b1'`;
    expect(row).toEqual({ partitions: ["gpu", "login"] });
  });
  it("keeps its word on an attempt's job", async () => {
    const { agent, attempt } = await placed();
    const scheduler = { job: "42", state: "PENDING", reason: "Priority", startsAt: null };
    await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "accepted", seq: 1, scheduler })] });
    expect(await attemptRow(attempt.id)).toMatchObject({ status: "starting", scheduler });
  });
});
