import { mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eq } from "drizzle-orm";
import { newId } from "../../db/schema/columns.ts";
import { runCheckpointFiles, runCheckpoints } from "../../db/schema/checkpoints.ts";
import { artifacts, logChunks, logHeads, objects, runEvents, type runs, runTags } from "../../db/schema/experiments.ts";
import { loggedModelFiles, loggedModels, modelVersions, registeredModels } from "../../db/schema/models.ts";
import { artifactUri } from "../../domain/experiments/mlflow-words.ts";
import { RetentionRules } from "../../domain/experiments/retention.ts";
import { listUnarchived } from "./commands/archive.ts";
import { storeObject } from "./commands/objects.ts";
import { collectObjects } from "./jobs/collect-objects.ts";
import { applyRetention } from "./jobs/retention.ts";
import { folderStore } from "./objects/folder.ts";
import { specOf, testWorld, type TestWorld } from "./testing.ts";
import { bus } from "../bus.ts";

let world: TestWorld;
const root = mkdtempSync(join(tmpdir(), "drover-retention-"));
const store = folderStore(root);
beforeAll(async () => {
  world = await testWorld();
});
afterAll(async () => {
  await world.close();
  rmSync(root, { recursive: true, force: true });
});

const DAY = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY);
let counter = 0;
const put = async (orgId = world.org.id, kind: "artifact" | "code" | "log" = "artifact") => storeObject(world.db, store, { orgId, kind }, [Buffer.from(`bytes ${counter++}`)]);
const age = () => world.sql`update objects set touched_at = now() - interval '2 days'`;
const hashes = async () => new Set((await world.db.select({ sha256: objects.sha256 }).from(objects)).map(({ sha256 }) => sha256));

/** A run that ended that many days ago and left one file. */
async function withFile(endedDays: number | null, values: Omit<Partial<typeof runs.$inferInsert>, "spec"> = {}) {
  const run = await world.makeRun({ status: endedDays === null ? "running" : "succeeded", endedAt: endedDays === null ? null : ago(endedDays), ...values });
  const { sha256, bytes } = await put(run.orgId);
  await world.db.insert(artifacts).values({ orgId: run.orgId, runId: run.id, path: "model.bin", sha256, bytes, contentType: "application/octet-stream" });
  return { run, sha256 };
}
const filesOf = async (runId: string) => (await world.db.select({ path: artifacts.path }).from(artifacts).where(eq(artifacts.runId, runId))).length;
const setRules = (rules: Partial<RetentionRules>) => world.owner.api.storage.setRules(RetentionRules.parse({ checkpoints: null, ...rules }));

async function versionOf(runId: string | null, loggedModelId: string | null = null, location = "somewhere") {
  const [model] = await world.db.insert(registeredModels).values({ orgId: world.org.id, projectId: world.vision.id, name: `model ${counter++}`, createdBy: "Olga" }).returning();
  await world.db.insert(modelVersions).values({ modelId: model!.id, version: 1, orgId: world.org.id, source: location, location, runId, loggedModelId, createdBy: "Olga" });
}
async function loggedModel(values: Partial<typeof loggedModels.$inferInsert>) {
  const run = await world.makeRun();
  const id = `m-${String(counter++).padStart(32, "0")}`;
  await world.db.insert(loggedModels).values({ id, orgId: world.org.id, projectId: world.vision.id, experimentId: run.experimentId, name: "net", creator: "Olga", ...values });
  const { sha256, bytes } = await put();
  await world.db.insert(loggedModelFiles).values({ orgId: world.org.id, modelId: id, path: "weights", sha256, bytes, contentType: "application/octet-stream" });
  return { id, sha256 };
}

describe("the retention rules", () => {
  it("remove the files of runs that ended long ago, but not of those that are kept, released, younger or still going", async () => {
    const old = await withFile(40);
    const [young, going, tagged, released, source] = [await withFile(20), await withFile(null), await withFile(40), await withFile(40), await withFile(40)];
    await world.db.insert(runTags).values({ runId: tagged.run.id, key: "keep", value: "" });
    await versionOf(released.run.id);
    await versionOf(null, (await loggedModel({ sourceRunId: source.run.id })).id);
    const elsewhere = await world.makeOrg(`other-${counter++}`);
    const foreign = await withFile(40, { orgId: elsewhere.id, projectId: (await elsewhere.makeProject("p")).id });

    await setRules({ files: 30 });
    expect((await world.owner.api.storage.preview({ checkpoints: null, archived: null, files: 30 })).files).toMatchObject({ owners: 1, files: 1 });
    expect(await applyRetention(world.db, bus())).toBe(1);
    expect(await Promise.all([old, young, going, tagged, released, source, foreign].map(({ run }) => filesOf(run.id)))).toEqual([0, 1, 1, 1, 1, 1, 1]);
    const told = await world.db.select({ kind: runEvents.kind, actor: runEvents.actor, message: runEvents.message }).from(runEvents).where(eq(runEvents.runId, old.run.id));
    expect(told).toEqual([{ kind: "files.removed", actor: "system", message: expect.stringMatching(/^1 file \(\d+ B\) removed: by the organization's rule, files stay 30 days after a run's end\.$/) }]);
    expect(await applyRetention(world.db, bus())).toBe(0);
    expect(await world.owner.api.storage.removal({ id: old.run.id })).toMatchObject({ message: told[0]!.message });
    expect(await world.owner.api.storage.removal({ id: young.run.id })).toBeNull();
  });

  it("leave the files of a run alone that lie under a version, whether or not that says which run made it", async () => {
    const [named, other] = [await withFile(40), await withFile(40)];
    await versionOf(null, null, `${artifactUri(named.run.experimentId, named.run.id)}/model`);
    await versionOf(null, null, "s3://elsewhere/model");
    await setRules({ files: 30 });
    expect(await applyRetention(world.db, bus())).toBe(1);
    expect([await filesOf(named.run.id), await filesOf(other.run.id)]).toEqual([1, 0]);
  });

  it("are applied to every other organization where those of one cannot be read", async () => {
    const [first, last] = [await world.makeOrg(`unread-${counter++}`), await world.makeOrg(`read-${counter++}`)];
    for (const [org, rules] of [[first, { files: "soon" }], [last, { checkpoints: null, files: 30 }]] as const) await world.sql`insert into retention_rules (org_id, rules) values (${org.id}, ${world.sql.json(rules)})`;
    const { run } = await withFile(40, { orgId: last.id, projectId: (await last.makeProject("p")).id });
    await applyRetention(world.db, bus());
    await world.sql`delete from retention_rules where org_id = ${first.id}`;
    expect(await filesOf(run.id)).toBe(0);
  });

  it("remove the files of archived runs and deleted models, counted from when they were archived", async () => {
    const [gone, fresh] = [await withFile(400, { deletedAt: ago(8) }), await withFile(400, { deletedAt: ago(6) })];
    const [deleted, released, live] = [await loggedModel({ deletedAt: ago(8) }), await loggedModel({ deletedAt: ago(8) }), await loggedModel({})];
    await versionOf(null, released.id);
    await setRules({ archived: 7 });
    expect(await applyRetention(world.db, bus())).toBe(2);
    expect([await filesOf(gone.run.id), await filesOf(fresh.run.id)]).toEqual([0, 1]);
    const left = (await world.db.select({ id: loggedModelFiles.modelId }).from(loggedModelFiles)).map(({ id }) => id);
    expect(left).toEqual(expect.arrayContaining([released.id, live.id]));
    expect(left).not.toContain(deleted.id);
  });

  it("remove checkpoints kept outside of a cluster thirty days after the end unless told otherwise", async () => {
    const save = async (endedAt: Date | null) => {
      const run = await world.makeRun({ status: endedAt ? "failed" : "queued", endedAt });
      const { sha256, bytes } = await put();
      await world.db.insert(runCheckpoints).values({ runId: run.id, orgId: run.orgId, attemptId: newId("attempt"), attemptNumber: 1, files: 1, bytes });
      await world.db.insert(runCheckpointFiles).values({ runId: run.id, orgId: run.orgId, path: "step", sha256, bytes });
      return run.id;
    };
    const [old, young, waiting] = [await save(ago(31)), await save(ago(29)), await save(null)];
    await world.sql`delete from retention_rules`;
    expect(await world.owner.api.storage.rules()).toEqual({ checkpoints: 30, archived: null, files: null, logs: null });
    expect(await applyRetention(world.db, bus())).toBe(1);
    const left = (await world.db.select({ id: runCheckpoints.runId }).from(runCheckpoints)).map(({ id }) => id);
    expect(left).toEqual(expect.arrayContaining([young, waiting]));
    expect(left).not.toContain(old);
  });

  it("remove the logs of runs that ended long ago, with their archives: the run says what there was and why it is gone", async () => {
    const cluster = await world.makeCluster(world.org.id, `c${counter++}`);
    const withLog = async (endedDays: number, { isDrained = true, isTagged = false } = {}) => {
      const run = await world.makeRun({ status: "failed", endedAt: ago(endedDays) });
      if (isTagged) await world.db.insert(runTags).values({ runId: run.id, key: "keep", value: "" });
      const attempt = await world.makeAttempt(run, cluster.id, { status: "ended", outcome: "failed", endedAt: ago(endedDays), drainedAt: isDrained ? ago(endedDays) : null });
      const archive = isDrained ? await put(world.org.id, "log") : null;
      await world.db.insert(logChunks).values({ attemptId: attempt.id, seq: 0, stream: "stdout", offset: 0, length: 4, start: 0, line: 0, lines: 1, at: ago(endedDays), ...(archive ? { archiveOffset: 0, archiveLength: archive.bytes } : { body: zstdCompressSync(Buffer.from("out\n")) }) });
      await world.db.update(logHeads).set({ nextSeq: 1, stdoutNext: 4, bytes: 4, lines: 1, archiveSha256: archive?.sha256 ?? null }).where(eq(logHeads.attemptId, attempt.id));
      return { run, attempt, archive };
    };
    const [old, young, tagged, onItsWay] = [await withLog(100), await withLog(80), await withLog(100, { isTagged: true }), await withLog(100, { isDrained: false })];
    await setRules({ files: 1 });
    await applyRetention(world.db, bus());
    expect((await world.owner.api.experiments.get({ id: old.run.id })).attempts[0]!.log).toMatchObject({ bytes: 4, removed: false });

    const rules = { checkpoints: null, archived: null, files: null, logs: 90 };
    expect((await world.owner.api.storage.preview(rules)).logs).toEqual({ owners: 1, files: 1, bytes: old.archive!.bytes });
    await setRules({ logs: 90 });
    expect(await applyRetention(world.db, bus())).toBe(1);
    expect(await applyRetention(world.db, bus())).toBe(0);
    const logOf = async ({ run }: { run: { id: string } }) => (await world.owner.api.experiments.get({ id: run.id })).attempts[0]!.log;
    expect(await logOf(old)).toMatchObject({ bytes: 4, lines: 1, removed: true, archived: false });
    expect(await Promise.all([young, tagged, onItsWay].map(async (one) => (await logOf(one)).removed))).toEqual([false, false, false]);
    expect(await world.owner.api.storage.removal({ id: old.run.id, what: "logs" })).toMatchObject({ message: expect.stringMatching(/^1 log \(\d+ B\) removed: by the organization's rule, logs stay 90 days after a run's end\.$/) });
    expect(await world.owner.api.storage.removal({ id: old.run.id })).toBeNull();
    expect(await world.owner.api.experiments.logPage({ attemptId: old.attempt.id })).toMatchObject({ segments: [], totalLines: 1, hasBefore: false, hasAfter: false });
    expect((await world.db.select({ id: logChunks.attemptId }).from(logChunks)).map(({ id }) => id).toSorted()).toEqual([young, tagged, onItsWay].map(({ attempt }) => attempt.id).toSorted());
    expect(await listUnarchived(world.sql, 100)).not.toContain(old.attempt.id);
    await age();
    await collectObjects(world.db, store);
    expect(await hashes()).not.toContain(old.archive!.sha256);
    expect(await hashes()).toContain(young.archive!.sha256);
  });

  it("of two people who change different ones at once are both kept", async () => {
    await setRules({});
    await Promise.all([world.owner.api.storage.setRules({ files: 300 }), world.owner.api.storage.setRules({ logs: 90 })]);
    expect(await world.owner.api.storage.rules()).toEqual({ checkpoints: null, archived: null, files: 300, logs: 90 });
  });

  it("are audited with what they were, and refuse what is no number of days", async () => {
    await setRules({ files: 30 });
    await setRules({ files: 60 });
    await setRules({ files: 60 });
    const [entry] = await world.sql<{ before: unknown; after: unknown }[]>`select before, after from audit_log where action = 'org.retention' order by id desc limit 1`;
    expect(entry).toMatchObject({ before: { files: 30 }, after: { files: 60 } });
    await expect(world.owner.api.storage.setRules({ files: 0 })).rejects.toThrow(/At least one day/);
  });
});

describe("bytes in the store", () => {
  it("go when nothing refers to them for a day; whatever is referred to stays", async () => {
    const [file, model, log, code, checkpoint, unused] = [await withFile(1), await loggedModel({}), await put(world.org.id, "log"), await put(world.org.id, "code"), await put(), await put()];
    const run = await world.makeRun({ spec: specOf({ code: { kind: "archive", sha256: code.sha256, bytes: code.bytes } }) });
    const attempt = await world.makeAttempt(run, (await world.makeCluster(world.org.id, `c${counter++}`)).id);
    await world.db.update(logHeads).set({ archiveSha256: log.sha256 }).where(eq(logHeads.attemptId, attempt.id));
    await world.db.insert(runCheckpoints).values({ runId: run.id, orgId: run.orgId, attemptId: attempt.id, attemptNumber: 1, files: 1, bytes: checkpoint.bytes });
    await world.db.insert(runCheckpointFiles).values({ runId: run.id, orgId: run.orgId, path: "step", sha256: checkpoint.sha256, bytes: checkpoint.bytes });
    await age();
    const fresh = await put();
    expect((await world.owner.api.storage.use()).unused.objects).toBeGreaterThan(0);

    await collectObjects(world.db, store);
    const left = await hashes();
    for (const kept of [file, model, log, code, checkpoint, fresh]) expect(left).toContain(kept.sha256);
    expect(left).not.toContain(unused.sha256);
    const keys = new Set<string>();
    for await (const { key } of store.list()) keys.add(key);
    const rows = await world.db.select({ key: objects.key }).from(objects);
    expect(keys).toEqual(new Set(rows.map(({ key }) => key)));
    expect((await world.owner.api.storage.use()).unused).toEqual({ objects: 0, bytes: 0 });
  });

  it("stay while somebody is about to refer to them", async () => {
    const code = await put(world.org.id, "code");
    await age();
    let submitted = () => {};
    const referring = world.db.transaction(async (tx) => {
      await tx.select().from(objects).where(eq(objects.sha256, code.sha256)).for("key share");
      await new Promise<void>((resolve) => (submitted = resolve));
    });
    await expect.poll(async () => (await world.sql`select 1 from pg_locks where relation = 'objects'::regclass and database = (select oid from pg_database where datname = current_database()) and mode = 'RowShareLock' and granted`).length).toBeGreaterThan(0);
    await collectObjects(world.db, store);
    expect(await hashes()).toContain(code.sha256);
    submitted();
    await referring;
    await collectObjects(world.db, store);
    expect(await hashes()).not.toContain(code.sha256);
  });

  it("that a killed process left without a row go too, once they are a day old; another Drover's do not", async () => {
    const kept = await put();
    const orphan = await store.put(world.org.id, [Buffer.from("nobody's")]);
    const young = await store.put(world.org.id, [Buffer.from("about to be somebody's")]);
    const stranger = await store.put("org_01920000-0000-7000-8000-00000000beef", [Buffer.from("of another Drover in the same store")]);
    for (const { key } of [orphan, stranger]) utimesSync(join(root, key), ago(2), ago(2));
    expect(await collectObjects(world.db, store)).toMatchObject({ rowless: 1 });
    expect([await store.has(orphan), await store.has(young), await store.has(stranger)]).toEqual([null, young.bytes, stranger.bytes]);
    const [row] = await world.db.select({ sha256: objects.sha256, key: objects.key }).from(objects).where(eq(objects.sha256, kept.sha256));
    expect(await store.has(row!)).toBe(kept.bytes);
  });

  it("are not taken for a run whose archive went: the submit says which field", async () => {
    const code = await put(world.org.id, "code");
    await world.db.delete(objects).where(eq(objects.sha256, code.sha256));
    await expect(world.owner.api.experiments.submit({ spec: specOf({ code: { kind: "archive", sha256: code.sha256, bytes: code.bytes } }) })).rejects.toThrow(/code\.sha256: This archive was not uploaded/);
  });
});
