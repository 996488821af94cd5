import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { factories } from "../../db/factories.ts";
import { auditLog, roleBindings } from "../../db/schema/access.ts";
import { runParams, runTags } from "../../db/schema/experiments.ts";
import { narrowTo } from "../../domain/experiments/filter/edit.ts";
import { TABLE_GROUPS } from "../../domain/experiments/table-inputs.ts";
import { type TestWorld, testWorld } from "./testing.ts";

let world: TestWorld;
let member: Awaited<ReturnType<TestWorld["makeUser"]>>;
let viewer: typeof member;
const code = (error: unknown) => (error as { code?: string }).code;
const caught = (promise: Promise<unknown>) => promise.then(() => expect.fail("was not refused"), (error: unknown) => error);

beforeAll(async () => {
  world = await testWorld();
  member = await world.makeUser(world.org.id, "acme", "Mia Member", [["member", "project", world.vision.id]]);
  viewer = await world.makeUser(world.org.id, "acme", "Vic Viewer", [["viewer", "org", world.org.id]]);
});
afterAll(() => world.close());

/** A run in a project of its own test, with a loss, a parameter and a tag. */
async function made(projectId: string, name: string, loss: number | null, lr: string | null, values: Parameters<TestWorld["makeRun"]>[0] = {}) {
  const run = await world.makeRun({ projectId, name, status: "succeeded", ...values });
  if (loss !== null) await factories(world.db).metrics(run.id, null, "loss", [{ step: 0, at: 1, value: loss + 1 }, { step: 1, at: 2, value: loss }]);
  if (lr !== null) await world.db.insert(runParams).values({ runId: run.id, key: "lr", value: lr });
  return run;
}

describe("the table of runs", () => {
  it("pages through any order by any column, with the values of the chosen columns", async () => {
    const project = await world.org.makeProject("order");
    for (const [at, loss] of [3, 1, null, 2, 5, 4].entries()) await made(project.id, `r${at}`, loss, String(at % 2));
    const columns = [{ kind: "metric" as const, key: "loss" }, { kind: "metric" as const, key: "loss", of: "max" as const }, { kind: "param" as const, key: "lr" }];
    const found = [];
    let cursor: string | undefined;
    do {
      const page = await world.owner.api.table.search({ project: "order", sorts: ["param:lr", "-metric:loss"], columns, limit: 2, ...(cursor ? { cursor } : {}) });
      found.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(found.map(({ name, cells }) => [name, ...cells])).toEqual([["r4", 5, 6, 0], ["r0", 3, 4, 0], ["r2", null, null, 0], ["r5", 4, 5, 1], ["r3", 2, 3, 1], ["r1", 1, 2, 1]]);
    expect((await world.owner.api.table.search({ project: "order", sorts: ["metric:loss"], limit: 200 })).items.map(({ name }) => name)).toEqual(["r1", "r3", "r0", "r5", "r4", "r2"]);
    expect((await world.owner.api.table.search({ project: "order", limit: 200 })).items.map(({ name }) => name)).toEqual(["r5", "r4", "r3", "r2", "r1", "r0"]);
  });

  it("takes the grammar beside the page's own chips, and counts and groups the same runs", async () => {
    const project = await world.org.makeProject("grammar");
    for (const [at, lr] of ["0.1", "0.1", "0.2"].entries()) await made(project.id, `g${at}`, at, lr, { status: at === 2 ? "failed" : "succeeded" });
    const set = { project: "grammar", filter: "params.lr < 0.15 or (status = 'failed' and metrics.loss >= 2)" };
    expect((await world.owner.api.table.search(set)).items.map(({ name }) => name)).toEqual(["g2", "g1", "g0"]);
    expect((await world.owner.api.table.search({ ...set, status: ["succeeded"] })).items.map(({ name }) => name)).toEqual(["g1", "g0"]);
    expect(await world.owner.api.table.count(set)).toEqual({ count: 3, more: false });
    expect(await world.owner.api.table.groups({ ...set, by: "param:lr", metrics: ["loss"] })).toEqual([
      { value: "0.1", runs: 2, active: 0, metrics: [{ n: 2, mean: 0.5, min: 0, max: 1 }], cost: null },
      { value: "0.2", runs: 1, active: 0, metrics: [{ n: 1, mean: 2, min: 2, max: 2 }], cost: null },
    ]);
    expect(await world.owner.api.table.groups({ project: "grammar", by: "status" })).toEqual([{ value: "succeeded", runs: 2, active: 0, metrics: [], cost: null }, { value: "failed", runs: 1, active: 0, metrics: [], cost: null }]);
    expect(await world.owner.api.table.keys({ project: "grammar" })).toEqual({ metrics: ["loss"], params: ["lr"], tags: [], runs: 3 });
  });

  it("opens every kind of group by a filter that finds its very runs", async () => {
    const project = await world.org.makeProject("groups");
    const cluster = await factories(world.db).cluster(world.org);
    for (const [at, lr] of ["0.1", "it's 50%_\\", "0.1", null].entries()) await made(project.id, `o${at}`, null, lr, { status: at === 2 ? "failed" : "succeeded", clusterId: at === 1 ? cluster.id : null });
    for (const by of [...TABLE_GROUPS, "param:lr", "tag:none"]) {
      for (const group of await world.owner.api.table.groups({ project: "groups", by })) {
        expect(await world.owner.api.table.count({ project: "groups", filter: narrowTo("run_name like 'o%'", by, group.value) }), `${by} ${group.value}`).toEqual({ count: group.runs, more: false });
      }
    }
  });

  it("names the place where a filter makes no sense", async () => {
    const pattern = (await caught(world.owner.api.table.search({ filter: "status = 'failed' and run_name like 'a\\\\'" }))) as Error;
    expect(pattern.message).toMatch(/cannot end in a single .* \(at character 23 of the filter\)/);
    const error = (await caught(world.owner.api.table.search({ filter: "metrics.loss < 'x'" }))) as Error & { cause: { issues: { field: string }[] } };
    expect(error.message).toMatch(/at character 1 of the filter/);
    expect(error.cause.issues).toMatchObject([{ field: "filter" }]);
  });

  it("counts what arrived since, and gives the same rows again", async () => {
    const project = await world.org.makeProject("newer");
    const old = await made(project.id, "old", 1, null);
    await made(project.id, "new", 1, null);
    await made(project.id, "other", 1, null, { status: "failed" });
    expect(await world.owner.api.table.newer({ project: "newer", since: old.id })).toBe(2);
    expect(await world.owner.api.table.newer({ project: "newer", since: old.id, filter: "status = 'failed'" })).toBe(1);
    expect((await world.owner.api.table.rows({ ids: [old.id], columns: [] })).map(({ name }) => name)).toEqual(["old"]);
  });

  it("says with the first page which run is the newest, also where the order puts it on a later one", async () => {
    const project = await world.org.makeProject("newest");
    const best = await made(project.id, "best", 1, null);
    await made(project.id, "middle", 2, null);
    const newest = await made(project.id, "newest", 3, null);
    const sorted = { project: "newest", sorts: ["metric:loss"], limit: 1 };
    const first = await world.owner.api.table.search(sorted);
    expect([first.items.map(({ id }) => id), first.newest]).toEqual([[best.id], newest.id]);
    expect(await world.owner.api.table.newer({ project: "newest", since: first.newest! })).toBe(0);
    expect((await world.owner.api.table.search({ ...sorted, cursor: first.nextCursor! })).newest).toBeNull();
    expect((await world.owner.api.table.search({ ...sorted, filter: "metrics.loss < 2.5" })).newest).not.toBe(newest.id);
    expect((await world.owner.api.table.search({ ...sorted, sorts: [], filter: "metrics.loss > 9" })).newest).toBeNull();
  });

  it("shows nothing of projects out of reach, not even by id", async () => {
    const hidden = await made(world.speech.id, "hidden", 1, "9");
    expect((await member.api.table.search({ filter: "params.lr = '9'" })).items).toEqual([]);
    expect(await member.api.table.count({ filter: "params.lr = '9'" })).toEqual({ count: 0, more: false });
    expect(await member.api.table.rows({ ids: [hidden.id], columns: [] })).toEqual([]);
    expect((await member.api.table.groups({ by: "param:lr" })).some(({ value }) => value === "9")).toBe(false);
  });
});

describe("bulk acts", () => {
  it("set and remove tags of all runs or of none, audit each, and say what was there before", async () => {
    const project = await world.org.makeProject("tags");
    const [a, b] = [await made(project.id, "a", null, null), await made(project.id, "b", null, null)];
    await world.db.insert(runTags).values({ runId: a.id, key: "stage", value: "old" });
    const before = await world.owner.api.table.tag({ ids: [a.id, b.id], set: { stage: "best" }, remove: ["none"] });
    expect(before).toEqual([{ id: a.id, before: { stage: "old", none: null } }, { id: b.id, before: { stage: null, none: null } }]);
    expect(await world.db.select().from(runTags).where(eq(runTags.key, "stage"))).toMatchObject([{ value: "best" }, { value: "best" }]);
    expect(await world.db.$count(auditLog, and(eq(auditLog.action, "run.tag"), eq(auditLog.projectId, project.id)))).toBe(2);
    await world.owner.api.table.tag({ ids: [a.id], remove: ["stage"] });
    expect(await world.db.select().from(runTags).where(eq(runTags.key, "stage"))).toMatchObject([{ runId: b.id }]);
  });

  it("archive what has ended, and bring it back", async () => {
    const project = await world.org.makeProject("archive");
    const [a, live] = [await made(project.id, "a", null, null), await made(project.id, "live", null, null, { status: "running" })];
    expect(code(await caught(world.owner.api.table.archive({ ids: [a.id, live.id], archived: true })))).toBe("CONFLICT");
    expect(await world.owner.api.table.archive({ ids: [a.id], archived: true })).toEqual({ changed: [a.id] });
    const names = async (archived: boolean) => (await world.owner.api.table.search({ project: "archive", archived })).items.map(({ name }) => name);
    expect([await names(false), await names(true)]).toEqual([["live"], ["a"]]);
    await world.owner.api.table.archive({ ids: [a.id], archived: false });
    expect(await names(false)).toEqual(["live", "a"]);
  });

  it("are refused to those who may only look, and answer for a hidden run as for a missing one", async () => {
    const run = await made(world.vision.id, "x", null, null);
    expect(code(await caught(viewer.api.table.tag({ ids: [run.id], set: { a: "b" } })))).toBe("FORBIDDEN");
    const hidden = await made(world.speech.id, "y", null, null);
    for (const id of [hidden.id, "run_00000000-0000-7000-8000-000000000000"]) expect(code(await caught(member.api.table.archive({ ids: [run.id, id], archived: true })))).toBe("NOT_FOUND");
  });
});

describe("saved views", () => {
  it("are one person's, or everybody's in a project once shared", async () => {
    const mine = await member.api.views.save({ page: "runs", name: "Best", state: "sorts=-metric%3Aloss", projectId: world.vision.id });
    const shared = await member.api.views.save({ page: "runs", name: "Shared", state: "", projectId: world.vision.id, sharing: "project" });
    const seen = async (who: typeof member) => (await who.api.views.list({ page: "runs" })).map(({ id }) => id);
    expect((await seen(member)).sort()).toEqual([mine.id, shared.id].sort());
    expect(await seen(viewer)).toEqual([shared.id]);
    expect(code(await caught(viewer.api.views.get({ id: mine.id })))).toBe("NOT_FOUND");
    expect(await viewer.api.views.get({ id: shared.id })).toMatchObject({ name: "Shared", mine: false, owner: "Mia Member" });
    for (const act of [viewer.api.views.update({ id: shared.id, name: "x" }), viewer.api.views.delete({ id: shared.id })]) expect(code(await caught(act))).toBe("NOT_FOUND");
    await member.api.views.update({ id: shared.id, name: "Renamed" });
    expect(await viewer.api.views.get({ id: shared.id })).toMatchObject({ name: "Renamed" });
    await member.api.views.delete({ id: shared.id });
    expect(await seen(viewer)).toEqual([]);
  });

  it("are shared only by those who may write there, and only in a project", async () => {
    expect(code(await caught(viewer.api.views.save({ page: "runs", name: "x", state: "", sharing: "project", projectId: world.vision.id })))).toBe("FORBIDDEN");
    expect((await viewer.api.views.save({ page: "runs", name: "own", state: "" })).id).toMatch(/^view_/);
    expect(code(await caught(member.api.views.save({ page: "runs", name: "x", state: "", sharing: "project" })))).toBe("UNPROCESSABLE_CONTENT");
    expect(code(await caught(member.api.views.save({ page: "runs", name: "x", state: "", projectId: world.speech.id })))).toBe("NOT_FOUND");
  });
});

describe("a shared view", () => {
  const share = (who: typeof member, name: string) => who.api.views.save({ page: "runs", name, state: "", projectId: world.vision.id, sharing: "project" });

  it("is not changed or taken away by its owner any more once they may only look, or not even that", async () => {
    const bindings = (role: "member" | "viewer" | null) => world.db.transaction(async (tx) => {
      await tx.delete(roleBindings).where(eq(roleBindings.principalId, fallen.id));
      await tx.insert(roleBindings).values({ orgId: world.org.id, principalType: "user", principalId: fallen.id, role: role ?? "member", scopeType: "project", scopeId: (role ? world.vision : world.speech).id });
    });
    const fallen = await world.makeUser(world.org.id, "acme", "Fay Fallen", [["member", "project", world.vision.id]]);
    const { id } = await share(fallen, "Theirs");
    for (const [role, refusal] of [["viewer", "FORBIDDEN"], [null, "NOT_FOUND"]] as const) {
      await bindings(role);
      for (const act of [fallen.api.views.update({ id, name: "Ha" }), fallen.api.views.update({ id, state: "text=ha" }), fallen.api.views.delete({ id })]) expect([role, code(await caught(act))]).toEqual([role, refusal]);
      expect(await viewer.api.views.get({ id })).toMatchObject({ name: "Theirs", state: "" });
    }
    await bindings("viewer");
    expect(await fallen.api.views.get({ id })).toMatchObject({ mine: false, removable: false });
    await bindings("member");
    expect(await fallen.api.views.get({ id })).toMatchObject({ mine: true, removable: true });
  });

  it("can be deleted by who manages the project, when its owner is gone for example", async () => {
    const { id } = await share(member, "Orphan");
    expect(await world.owner.api.views.get({ id })).toMatchObject({ mine: false, removable: true });
    expect(code(await caught(world.owner.api.views.update({ id, name: "x" })))).toBe("NOT_FOUND");
    await world.owner.api.views.delete({ id });
    expect(code(await caught(member.api.views.get({ id })))).toBe("NOT_FOUND");
    const own = await member.api.views.save({ page: "runs", name: "Mine", state: "" });
    expect(code(await caught(world.owner.api.views.delete({ id: own.id })))).toBe("NOT_FOUND");
    await member.api.views.delete({ id: own.id });
  });
});

describe("reports", () => {
  it("keep every version, and do not write over somebody else's", async () => {
    const { id } = await member.api.reports.create({ projectId: world.vision.id, title: "Findings", body: "first" });
    expect(await member.api.reports.update({ id, title: "Findings", body: "second", from: 1 })).toEqual({ version: 2 });
    const late = (await caught(world.owner.api.reports.update({ id, title: "Findings", body: "late", from: 1 }))) as Error;
    expect([code(late), late.message]).toEqual(["CONFLICT", expect.stringMatching(/Mia Member saved version 2/)]);
    expect(await member.api.reports.get({ id })).toMatchObject({ body: "second", version: 2, newest: 2, can: { write: { ok: true } } });
    expect(await member.api.reports.get({ id, version: 1 })).toMatchObject({ body: "first", version: 1, newest: 2 });
    expect((await member.api.reports.versions({ id })).items.map(({ version }) => version)).toEqual([2, 1]);
    expect(await member.api.reports.update({ id, title: "Findings", body: "second", from: 2 })).toEqual({ version: 2 });
  });

  it("are read and commented on in their project; only one's own comment can be deleted", async () => {
    const { id } = await member.api.reports.create({ projectId: world.vision.id, title: "Talk" });
    expect(await viewer.api.reports.get({ id })).toMatchObject({ can: { write: { ok: false } } });
    expect(code(await caught(viewer.api.reports.comment({ id, body: "no" })))).toBe("FORBIDDEN");
    await member.api.reports.comment({ id, body: "one" });
    const second = await world.owner.api.reports.comment({ id, body: "two" });
    expect(code(await caught(member.api.reports.deleteComment({ id: second.id })))).toBe("NOT_FOUND");
    expect((await member.api.reports.comments({ id })).items.map(({ body, mine }) => [body, mine])).toEqual([["one", true], ["two", false]]);
    await world.owner.api.reports.deleteComment({ id: second.id });
    expect((await member.api.reports.comments({ id })).items).toHaveLength(1);
    await member.api.reports.archive({ id, archived: true });
    expect(await member.api.reports.list({ text: "Talk" })).toEqual({ items: [], nextCursor: null, total: 0 });
    expect(await member.api.reports.list({ text: "Talk", archived: true })).toMatchObject({ items: [{ id, comments: 1 }], total: 1 });
  });
});
