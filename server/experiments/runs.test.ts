import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { factories } from "../../db/factories.ts";
import { auditLog } from "../../db/schema/access.ts";
import { attempts, objects, runEvents, runParams, runs, runTags } from "../../db/schema/experiments.ts";
import { specOf, type TestWorld, testWorld } from "./testing.ts";

let world: TestWorld;
let member: Awaited<ReturnType<TestWorld["makeUser"]>>;
let outsider: Awaited<ReturnType<TestWorld["makeUser"]>>;

beforeAll(async () => {
  world = await testWorld();
  member = await world.makeUser(world.org.id, "acme", "Mia Member", [["member", "project", world.vision.id]]);
  const other = await world.makeOrg("rival");
  outsider = await world.makeUser(other.id, "rival", "Rita Rival", [["owner", "org", other.id]]);
});
afterAll(() => world.close());

const code = (error: unknown) => (error as { code?: string }).code;
const issuesOf = (error: unknown) => (error as { cause: { issues: { field: string; message: string }[] } }).cause.issues;
const caught = (promise: Promise<unknown>) => promise.then(() => expect.fail("was not refused"), (error: unknown) => error);

describe("lists of runs", () => {
  it("page by cursor, newest first, without gaps or repeats while runs arrive", async () => {
    const project = await world.org.makeProject("paging");
    const made = [];
    for (let n = 0; n < 7; n++) made.push((await world.makeRun({ projectId: project.id, name: `r${n}` })).id);
    const first = await world.owner.api.experiments.list({ project: "paging", limit: 3 });
    await world.makeRun({ projectId: project.id, name: "late" });
    const second = await world.owner.api.experiments.list({ project: "paging", limit: 3, cursor: first.nextCursor! });
    const third = await world.owner.api.experiments.list({ project: "paging", limit: 3, cursor: second.nextCursor! });
    expect([...first.items, ...second.items, ...third.items].map(({ id }) => id)).toEqual(made.reverse());
    expect(third.nextCursor).toBeNull();
  });

  it("name the data sets that a run read, and say how many there are", async () => {
    const run = await world.makeRun({ projectId: world.vision.id, name: "reader" });
    expect(await world.owner.api.experiments.get({ id: run.id })).toMatchObject({ inputs: [], inputCount: 0 });
    const make = factories(world.db);
    for (let n = 0; n < 52; n += 1) await make.input(run, "digits", `d${n}-${run.id}`, n === 0 ? "training" : null);
    const { inputs, inputCount } = await member.api.experiments.get({ id: run.id });
    expect([inputs.length, inputCount]).toEqual([50, 52]);
    expect(inputs[0]).toMatchObject({ name: "digits", digest: `d0-${run.id}`, context: "training" });
    expect(inputs[1]).toMatchObject({ digest: `d1-${run.id}`, context: null });
  });

  it("show only the projects that the caller reaches, and count the same", async () => {
    const hidden = await world.makeRun({ projectId: world.speech.id, name: "hidden" });
    const seen = await world.makeRun({ projectId: world.vision.id, name: "seen" });
    const ids = (await member.api.experiments.list({ limit: 200 })).items.map(({ id }) => id);
    expect(ids).toContain(seen.id);
    expect(ids).not.toContain(hidden.id);
    const counted = Object.values(await member.api.experiments.counts({})).reduce((sum, count) => sum + count, 0);
    expect(counted).toBe(ids.length);
    expect((await outsider.api.experiments.list({})).items).toEqual([]);
  });

  it("answer for a hidden run, another organization's and a missing one in the same words", async () => {
    const hidden = await world.makeRun({ projectId: world.speech.id });
    const answers = await Promise.all([caught(member.api.experiments.get({ id: hidden.id })), caught(outsider.api.experiments.get({ id: hidden.id })), caught(member.api.experiments.get({ id: "run_00000000-0000-7000-8000-000000000000" }))]);
    expect(answers.map((error) => [code(error), (error as Error).message])).toEqual(Array(3).fill(["NOT_FOUND", "It does not exist, or you may not see it."]));
  });

  it("filter by status, owner, part of the name, and key=value of parameters and tags", async () => {
    const project = await world.org.makeProject("filters");
    const run = await world.makeRun({ projectId: project.id, name: "ResNet 100%_sweep", status: "failed", ownerId: member.id });
    await world.makeRun({ projectId: project.id, name: "other" });
    await world.db.insert(runParams).values({ runId: run.id, key: "lr", value: "0.1" });
    await world.db.insert(runTags).values({ runId: run.id, key: "team", value: "blue" });
    const find = async (filter: object) => (await world.owner.api.experiments.list({ project: "filters", ...filter })).items.map(({ name }) => name);
    for (const filter of [{ status: ["failed"] }, { text: "resnet" }, { text: "100%_s" }, { text: "lr=0.1" }, { text: "team = blue" }, { text: run.id }]) expect(await find(filter), JSON.stringify(filter)).toEqual([run.name]);
    expect(await find({ text: "100x" })).toEqual([]);
    expect(await find({ owner: "me" })).toEqual(["other"]);
    const { name } = await world.makeRun({ projectId: project.id, name: "run_finetune_of_a_large_model" });
    expect(await find({ text: name })).toEqual([name]);
  });
});

describe("submit", () => {
  it("queues the run with its parameters, tags, event and audit entry, and wakes placement", async () => {
    world.changes.length = 0;
    const { id } = await member.api.experiments.submit({ spec: specOf({ name: "first", params: { lr: 0.1, deep: true }, tags: { a: "b" } }) });
    const run = await member.api.experiments.get({ id });
    expect(run).toMatchObject({ status: "queued", name: "first", params: { lr: "0.1", deep: "true" }, tags: { a: "b" }, owner: { name: "Mia Member" }, project: { slug: "vision" } });
    expect((await member.api.experiments.events({ id })).items).toMatchObject([{ kind: "run.submitted", actor: "Mia Member" }]);
    expect((await member.api.experiments.events({ id, marking: true })).items).toEqual([]);
    expect(await world.db.select().from(auditLog).where(eq(auditLog.targetId, id))).toMatchObject([{ action: "run.submit", actorId: member.id, projectId: world.vision.id }]);
    expect(world.changes).toContainEqual({ orgId: world.org.id, topic: "queue", id: world.org.id });
  });

  it("takes parameters and tags as long as they may be, and finds them", async () => {
    const long = Array.from({ length: 6000 }, (_, n) => String.fromCharCode(0x4e00 + ((n * 7919) % 20_000))).join("");
    const { id } = await member.api.experiments.submit({ spec: specOf({ params: { prompt: long }, tags: { note: long.slice(0, 5000) } }) });
    expect((await member.api.experiments.list({ text: `note=${long.slice(0, 150)}` })).items).toEqual([]);
    expect((await member.api.experiments.get({ id })).params.prompt).toBe(long);
  });

  it("returns the same run for the same key, also when both submits race", async () => {
    const spec = specOf({ name: "once", params: { a: 1 } });
    const answers = await Promise.all(Array.from({ length: 4 }, () => member.api.experiments.submit({ spec, idempotencyKey: "key-1" })));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(await world.db.select().from(runs).where(eq(runs.name, "once"))).toHaveLength(1);
    expect(await world.db.select().from(runEvents).where(eq(runEvents.runId, answers[0]!.id))).toHaveLength(1);
  });

  it("refuses a key that stands for another run: what was changed since would be left out without a word", async () => {
    const spec = specOf({ name: "first", params: { a: 1 } });
    const { id } = await member.api.experiments.submit({ spec, idempotencyKey: "key-2" });
    const error = await caught(member.api.experiments.submit({ spec: { ...spec, params: { a: 2 } }, idempotencyKey: "key-2" }));
    expect(issuesOf(error)).toEqual([{ field: "idempotencyKey", message: `The run first (${id}) was submitted under this key, and asked for something else. Nothing was submitted now.` }]);
    await world.makeCluster(world.org.id, "moved-to");
    await member.api.queue.move({ ids: [id], cluster: "moved-to" });
    expect((await member.api.experiments.submit({ spec, idempotencyKey: "key-2" })).id).toBe(id);
  });

  it("names the project when it is out of reach, like one that does not exist", async () => {
    for (const project of ["speech", "nowhere"]) {
      expect(issuesOf(await caught(member.api.experiments.submit({ spec: specOf({ project }) })))).toEqual([{ field: "project", message: "There is no such project, or you may not submit to it." }]);
    }
  });

  it("refuses an archive that was not uploaded, or whose size differs", async () => {
    const sha256 = "a".repeat(64);
    const spec = specOf({ code: { kind: "archive", sha256, bytes: 10 } });
    expect(issuesOf(await caught(member.api.experiments.submit({ spec })))[0]!.field).toBe("code.sha256");
    await world.db.insert(objects).values({ orgId: world.org.id, sha256, bytes: 11, kind: "code" });
    expect(issuesOf(await caught(member.api.experiments.submit({ spec })))[0]!.field).toBe("code.bytes");
    expect((await member.api.experiments.submit({ spec: specOf({ code: { kind: "archive", sha256, bytes: 11 } }) })).id).toMatch(/^run_/);
  });

  it("refuses by name what no allowed cluster can honour, and a cluster that does not exist", async () => {
    await world.makeCluster(world.org.id, "box");
    const refused = async (input: Parameters<typeof specOf>[0]) => issuesOf(await caught(member.api.experiments.submit({ spec: specOf(input) })))[0]!.field;
    expect(await refused({ cluster: "bx" })).toBe("cluster");
    expect(await refused({ resources: { nodes: 4 } })).toBe("resources.nodes");
    expect(await refused({ launcher: "torchrun" })).toBe("launcher");
    expect(await refused({ constraints: { drivers: ["slurm"] } })).toBe("constraints.drivers");
    expect(await refused({ constraints: { regions: ["moon"] } })).toBe("constraints.regions");
    await world.makeCluster(world.org.id, "later", { connected: false });
    expect(await refused({ resources: { nodes: 4 } })).toBe("resources.nodes"); // a cluster that was never connected promises nothing
    expect((await member.api.experiments.submit({ spec: specOf({ cluster: "later", resources: { nodes: 4 } }) })).plan.verdict).toBe("later"); // it has not said yet what it can
  });
});

describe("a plan", () => {
  it("says now, later with what stands ahead, or never with the field", async () => {
    const org = await world.makeOrg("plans");
    await org.makeProject("vision");
    const user = await world.makeUser(org.id, "plans", "Pia Planner", [["owner", "org", org.id]]);
    expect(await user.api.experiments.plan({ spec: specOf() })).toMatchObject({ verdict: "later", message: "No cluster is connected yet. It starts once one is." });
    await world.makeCluster(org.id, "gpus", { cpus: 4, gpus: 2 });
    expect(await user.api.experiments.plan({ spec: specOf({ resources: { gpus: 2, gpuModel: "H100" } }) })).toMatchObject({ verdict: "now", cluster: { name: "gpus" }, ahead: 0 });
    expect(await user.api.experiments.plan({ spec: specOf({ resources: { gpus: 3 } }) })).toMatchObject({ verdict: "never", clusters: [{ field: "resources.gpus" }] });
    await user.api.experiments.submit({ spec: specOf({ name: "ahead", resources: { cpus: 4 } }) });
    expect(await user.api.experiments.plan({ spec: specOf({ resources: { cpus: 4 } }) })).toMatchObject({ verdict: "later", ahead: 1 });
    expect(await user.api.experiments.plan({ spec: specOf({ resources: { cpus: 4 }, priority: 60 }) })).toMatchObject({ verdict: "now", ahead: 0 });
  });
});

describe("cancel, retry and giving up", () => {
  let clusterId: string;
  beforeEach(async () => {
    clusterId ??= (await world.makeCluster(world.org.id, "acts")).id;
  });

  it("cancels a queued run at once and lets it be retried", async () => {
    const run = await world.makeRun({ ownerId: member.id });
    expect(issuesOf(await member.api.experiments.cancel({ id: run.id, reason: "wrong\0lr" }).catch((error: unknown) => error))).toEqual([{ field: "reason", message: expect.stringContaining("NUL") }]);
    expect(await member.api.experiments.cancel({ id: run.id, reason: "wrong lr" })).toEqual({ status: "cancelled" });
    const after = await member.api.experiments.get({ id: run.id });
    expect(after).toMatchObject({ status: "cancelled", failureClass: "cancelled", statusReason: "Cancelled by Mia Member: wrong lr.", can: { cancel: { ok: false }, retry: { ok: true } } });
    expect(after.endedAt).toBeInstanceOf(Date);
    await member.api.experiments.retry({ id: run.id });
    expect(await member.api.experiments.get({ id: run.id })).toMatchObject({ status: "queued", endedAt: null, failureClass: null });
  });

  it("asks the agent of a live run to stop, and says so until the process is gone", async () => {
    world.changes.length = 0;
    const run = await world.makeRun({ ownerId: member.id, status: "running", clusterId });
    const attempt = await world.makeAttempt(run, clusterId, { status: "running" });
    expect(await member.api.experiments.cancel({ id: run.id })).toEqual({ status: "cancelling" });
    const [stopped] = await world.db.select().from(attempts).where(eq(attempts.id, attempt.id));
    expect(stopped).toMatchObject({ status: "running", stopReason: "cancelled", stopRequestedAt: expect.any(Date) });
    expect(world.changes).toContainEqual({ orgId: world.org.id, topic: "agent-desired", id: clusterId });
    expect(code(await caught(member.api.experiments.cancel({ id: run.id })))).toBe("CONFLICT");
  });

  it("needs runs:cancel-any for somebody else's run, and says so on the button", async () => {
    const run = await world.makeRun({ status: "running" });
    expect((await member.api.experiments.get({ id: run.id })).can.cancel).toEqual({ ok: false, reason: expect.stringContaining("runs:cancel-any") });
    expect(code(await caught(member.api.experiments.cancel({ id: run.id })))).toBe("FORBIDDEN");
    const viewer = await world.makeUser(world.org.id, "acme", "Vic Viewer", [["viewer", "org", world.org.id]]);
    expect(code(await caught(viewer.api.experiments.cancel({ id: run.id })))).toBe("FORBIDDEN");
    const hidden = await world.makeRun({ projectId: world.speech.id });
    expect(code(await caught(member.api.experiments.cancel({ id: hidden.id })))).toBe("NOT_FOUND");
  });

  it("gives up only what is out of reach, then fails or queues again as the spec says", async () => {
    const running = await world.makeRun({ status: "running", clusterId });
    await world.makeAttempt(running, clusterId, { status: "running" });
    expect(code(await caught(world.owner.api.experiments.declareLost({ id: running.id })))).toBe("CONFLICT");
    for (const [onLostContact, status] of [["hold", "failed"], ["restart", "queued"]] as const) {
      const run = await world.makeRun({ status: "unreachable", clusterId, spec: specOf({ onLostContact }) });
      const attempt = await world.makeAttempt(run, clusterId, { status: "unreachable", unreachableSince: new Date() });
      expect((await world.owner.api.experiments.get({ id: run.id })).can.declareLost).toEqual({ ok: true });
      await world.owner.api.experiments.declareLost({ id: run.id });
      expect((await world.owner.api.experiments.get({ id: run.id })).status).toBe(status);
      expect((await world.db.select().from(attempts).where(eq(attempts.id, attempt.id)))[0]).toMatchObject({ status: "lost" });
    }
  });
});

describe("the overview", () => {
  it("shows what runs and waits in the viewer's projects, and what happened there", async () => {
    const project = await world.org.makeProject("overview");
    const viewer = await world.makeUser(world.org.id, "acme", "Ove", [["viewer", "project", project.id]]);
    const running = await world.makeRun({ projectId: project.id, status: "running", name: "busy" });
    await world.makeRun({ projectId: project.id, status: "queued", name: "waits", pending: { kind: "busy", message: "acts is busy." } });
    await world.makeRun({ projectId: project.id, status: "failed", name: "broke", endedAt: new Date() });
    await world.db.insert(runEvents).values({ orgId: world.org.id, runId: running.id, kind: "run.back", actor: "agent", message: "Back in contact." });
    const seen = await viewer.api.experiments.overview({});
    expect(seen).toMatchObject({ running: [{ name: "busy" }], waiting: [{ name: "waits", pending: { message: "acts is busy." } }], failedToday: [{ name: "broke" }], finishedToday: 1, counts: { running: 1, queued: 1, failed: 1, succeeded: 0 } });
    expect(seen.activity.filter(({ href }) => href?.includes("/runs/"))).toMatchObject([{ actor: "agent", message: "busy: Back in contact.", href: `/acme/runs/${running.id}` }]);
    expect(await viewer.api.experiments.groups({})).toMatchObject([{ runs: 1, active: 0 }, { runs: 1, active: 1 }, { runs: 1, active: 1 }]);
  });
});
