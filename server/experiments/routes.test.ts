import { createHash } from "node:crypto";
import { readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { getRequestListener } from "@hono/node-server";
import { eq } from "drizzle-orm";
import { Header } from "tar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifacts, objects } from "../../db/schema/experiments.ts";
import { newId } from "../../db/schema/columns.ts";
import { clients } from "../../db/client.ts";
import { buildApp } from "../app.ts";
import { putClientFile } from "./commands/client-files.ts";
import { ingestLogs } from "./commands/log-ingest.ts";
import { checkedArchive } from "./commands/upload-code.ts";
import { storeObject } from "./commands/objects.ts";
import { objectStore } from "./object-store.ts";
import { findObject } from "./queries/artifacts.ts";
import { rangeOf } from "./send-file.ts";
import { type TestWorld, testWorld } from "./testing.ts";

let world: TestWorld;
let app: ReturnType<typeof buildApp>;
let token: string;
let strangerToken: string;

beforeAll(async () => {
  world = await testWorld();
  app = buildApp();
  const forRuns = { name: "test", permissions: ["runs:read", "runs:submit"] as ("runs:read" | "runs:submit")[] };
  token = (await world.owner.api.access.createMyToken(forRuns)).token;
  const other = await world.makeOrg("rival");
  const stranger = await world.makeUser(other.id, "rival", "Rita", [["owner", "org", other.id]]);
  strangerToken = (await stranger.api.access.createMyToken(forRuns)).token;
});
afterAll(async () => {
  await clients().close();
  await world.close();
});

interface Entry {
  path: string;
  body?: string;
  type?: "File" | "SymbolicLink" | "Link" | "CharacterDevice" | "Directory";
  linkpath?: string;
}
function tarOf(entries: Entry[]): Buffer {
  const parts: Buffer[] = [];
  for (const { path, body = "", type = "File", linkpath } of entries) {
    const header = new Header({ path, type, size: Buffer.byteLength(body), mode: 0o644, ...(linkpath ? { linkpath } : {}) });
    header.encode();
    parts.push(header.block!, Buffer.from(body), Buffer.alloc((512 - (Buffer.byteLength(body) % 512)) % 512));
  }
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}
const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const as = (who: string) => ({ authorization: `Bearer ${who}` });
const put = (bytes: Buffer, sha256 = sha(bytes), who = token) => app.request(`/api/code/${sha256}`, { method: "PUT", body: new Uint8Array(bytes), headers: as(who) });

describe("PUT /api/code", () => {
  it("keeps an archive once, and says that it is there", async () => {
    const bytes = tarOf([{ path: "train.py", body: "print(1)" }, { path: "pkg/", type: "Directory" }, { path: "pkg/link", type: "SymbolicLink", linkpath: "../train.py" }]);
    const first = await put(bytes);
    expect([first.status, await first.json()]).toEqual([201, { sha256: sha(bytes), bytes: bytes.length }]);
    expect((await put(bytes)).status).toBe(200);
    expect(await world.owner.api.experiments.codeUploaded({ sha256: sha(bytes) })).toEqual({ uploaded: true });
    expect(await objectStore().has((await findObject(world.db, world.org.id, sha(bytes)))!)).toBe(bytes.length);
  });

  it("takes an archive anew whose bytes the store has lost", async () => {
    const bytes = tarOf([{ path: "lost.py", body: "print(2)" }]);
    await put(bytes);
    const before = (await findObject(world.db, world.org.id, sha(bytes)))!;
    await objectStore().remove(before.key!);
    expect(await world.owner.api.experiments.codeUploaded({ sha256: sha(bytes) })).toEqual({ uploaded: false });
    expect((await put(bytes)).status).toBe(200);
    expect(await objectStore().has((await findObject(world.db, world.org.id, sha(bytes)))!)).toBe(bytes.length);
    expect(await world.owner.api.experiments.codeUploaded({ sha256: sha(bytes) })).toEqual({ uploaded: true });
  });

  it.each<[string, Entry]>([
    ["climbs out of the folder", { path: "a/../../etc/passwd", body: "x" }],
    ["has an absolute path", { path: "/etc/passwd", body: "x" }],
    ["is a link to the outside", { path: "a/b", type: "SymbolicLink", linkpath: "../../secret" }],
    ["is an absolute link", { path: "link", type: "SymbolicLink", linkpath: "/etc" }],
    ["is a hard link to the outside", { path: "hard", type: "Link", linkpath: "../x" }],
    ["climbs behind a name", { path: "a/../b", body: "x" }],
    ["is a link that climbs behind a name", { path: "a/b/c", type: "SymbolicLink", linkpath: "link/../../x" }],
    ["goes through a link", { path: "inner/below", body: "x" }],
    ["is a hard link to a link, which from there leads outside", { path: "hard", type: "Link", linkpath: "deep/er/up" }],
    ["is a hard link through a link", { path: "hard", type: "Link", linkpath: "./inner/file" }],
    ["is a device", { path: "dev", type: "CharacterDevice" }],
  ])("names the entry that %s, and keeps nothing", async (_says, entry) => {
    const bytes = tarOf([{ path: "ok.txt", body: "fine" }, { path: "inner", type: "SymbolicLink", linkpath: "pkg" }, { path: "deep/er/up", type: "SymbolicLink", linkpath: "../.." }, entry]);
    const answer = await put(bytes);
    const said = (await answer.json()) as { error: string; message: string };
    expect([answer.status, said.error]).toEqual([422, "invalid"]);
    expect(said.message).toContain(entry.path);
    for await (const { key } of objectStore().list()) expect(key).not.toContain(sha(bytes));
    expect(await world.db.select().from(objects).where(eq(objects.sha256, sha(bytes)))).toEqual([]);
  });

  it("refuses what is no tar.gz, what is cut off, and what hashes to something else", async () => {
    const good = tarOf([{ path: "a", body: "b".repeat(10_000) }]);
    for (const bytes of [Buffer.from("plain text"), gzipSync(Buffer.alloc(4096, 1)), good.subarray(0, good.length - 20), Buffer.from([0x1f])]) expect((await put(bytes)).status, bytes.toString("hex", 0, 8)).toBe(422);
    expect((await put(good, "0".repeat(64))).status).toBe(422);
    expect((await put(good, "nonsense")).status).toBe(422);
  });

  it("passes the bytes on unchanged", async () => {
    const bytes = tarOf(Array.from({ length: 50 }, (_, n) => ({ path: `f${n}`, body: "x".repeat(n * 137) })));
    const out: Uint8Array[] = [];
    for await (const part of checkedArchive(Readable.from(Array.from({ length: Math.ceil(bytes.length / 100) }, (_, n) => bytes.subarray(n * 100, n * 100 + 100))))) out.push(part);
    expect(Buffer.concat(out)).toEqual(bytes);
  });

  it("needs somebody who may submit", async () => {
    const bytes = tarOf([{ path: "x", body: "y" }]);
    expect((await app.request(`/api/code/${sha(bytes)}`, { method: "PUT", body: new Uint8Array(bytes) })).status).toBe(401);
    const reader = (await world.owner.api.access.createMyToken({ name: "reader", permissions: ["runs:read"] })).token;
    expect((await put(bytes, sha(bytes), reader)).status).toBe(403);
  });
});

describe("GET /api/artifacts", () => {
  async function makeArtifact(path: string, contentType: string, body: string) {
    const run = await world.makeRun();
    const { sha256, bytes } = await storeObject(world.db, objectStore(), { orgId: world.org.id, kind: "artifact" }, [Buffer.from(body)]);
    const id = newId("artifact");
    await world.db.insert(artifacts).values({ id, orgId: world.org.id, runId: run.id, path, sha256, bytes, contentType });
    return { id, runId: run.id };
  }

  it("shows a picture in place, and runs nothing", async () => {
    const { id } = await makeArtifact("out/grafik ä.svg", "image/svg+xml", "<svg onload='alert(1)'/>");
    const answer = await app.request(`/api/artifacts/${id}`, { headers: as(token) });
    expect(await answer.text()).toBe("<svg onload='alert(1)'/>");
    expect(Object.fromEntries(answer.headers)).toMatchObject({ "content-type": "image/svg+xml", "content-security-policy": expect.stringContaining("sandbox; default-src 'none'"), "x-content-type-options": "nosniff", "content-length": "24", "content-disposition": "inline; filename=\"grafik_.svg\"; filename*=UTF-8''grafik%20%C3%A4.svg" });
    expect((await app.request(`/api/artifacts/${id}`, { headers: { ...as(token), "if-none-match": answer.headers.get("etag")! } })).status).toBe(304);
  });

  it("saves everything else as a file, and anything when asked to", async () => {
    const { id } = await makeArtifact("a.bin", "application/x-sh", "rm -rf /");
    expect((await app.request(`/api/artifacts/${id}`, { headers: as(token) })).headers.get("content-disposition")).toContain("attachment");
    const text = await makeArtifact("a.txt", "text/plain", "hello world");
    expect((await app.request(`/api/artifacts/${text.id}?download=1`, { headers: as(token) })).headers.get("content-type")).toBe("application/octet-stream");
    const part = await app.request(`/api/artifacts/${text.id}`, { headers: { ...as(token), range: "bytes=6-8" } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([206, "wor", "bytes 6-8/11"]);
    const goOn = async (etag: string) => (await app.request(`/api/artifacts/${text.id}`, { headers: { ...as(token), range: "bytes=6-", "if-range": etag } })).text();
    expect([await goOn(part.headers.get("etag")!), await goOn(`"${"0".repeat(64)}"`)]).toEqual(["world", "hello world"]); // begun with other bytes: those would not fit
    expect((await makeArtifactAndRead("empty.txt", "")).text).toBe("");
  });
  async function makeArtifactAndRead(path: string, body: string) {
    const { id } = await makeArtifact(path, "text/plain", body);
    return { text: await (await app.request(`/api/artifacts/${id}`, { headers: as(token) })).text() };
  }

  it("may be kept by browsers only under the URL that names its bytes: the same path may be logged again", async () => {
    const { id: runId } = await world.makeRun();
    const log = (body: string) => putClientFile(world.db, objectStore(), { orgId: world.org.id, owner: { kind: "run", id: runId }, path: "metrics.json" }, [Buffer.from(body)], {});
    const read = async (query: string) => {
      const answer = await app.request(`/api/artifacts/${id}${query}`, { headers: as(token) });
      return [await answer.text(), answer.headers.get("cache-control")];
    };
    const first = await log("{}");
    const [{ id } = { id: "" }] = await world.owner.api.experiments.artifacts({ id: runId });
    expect(await read("")).toEqual(["{}", "private, no-cache"]);
    expect(await read(`?sha256=${first.sha256}`)).toEqual(["{}", expect.stringContaining("immutable")]);
    await log("[1]");
    expect(await world.owner.api.experiments.artifacts({ id: runId })).toMatchObject([{ id }]);
    expect(await read(`?sha256=${first.sha256}`)).toEqual(["[1]", "private, no-cache"]);
  });

  it("holds no file open for those who ask for its headers alone, or go away before its end", async () => {
    const { id } = await makeArtifact("large.bin", "application/octet-stream", "x".repeat(8 * 1024 * 1024));
    const held = () => readdirSync("/proc/self/fd").filter((fd) => readlink(`/proc/self/fd/${fd}`).includes(world.org.id)).length;
    const server = createServer(getRequestListener(app.fetch));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/artifacts/${id}`;
    try {
      for (const range of [{}, { range: "bytes=1-" }] as Record<string, string>[]) {
        for (let at = 0; at < 5; at += 1) {
          const head = await fetch(url, { method: "HEAD", headers: { ...as(token), ...range } });
          expect(Number(head.headers.get("content-length"))).toBeGreaterThan(8_000_000);
          const begun = await fetch(url, { headers: { ...as(token), ...range } });
          await begun.body!.getReader().cancel();
        }
      }
      await expect.poll(held, { timeout: 5000 }).toBe(0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
  function readlink(path: string): string {
    try {
      return readlinkSync(path);
    } catch {
      return ""; // closed meanwhile
    }
  }

  it("does not exist for another organization", async () => {
    const { id, runId } = await makeArtifact("a.txt", "text/plain", "hello");
    const answers = await Promise.all([app.request(`/api/artifacts/${id}`, { headers: as(strangerToken) }), app.request(`/api/artifacts/${newId("artifact")}`, { headers: as(token) }), app.request("/api/artifacts/x", { headers: as(token) })]);
    expect(new Set(await Promise.all(answers.map(async (one) => `${one.status} ${await one.text()}`))).size).toBe(1);
    expect(await world.owner.api.experiments.artifacts({ id: runId })).toMatchObject([{ path: "a.txt", bytes: 5, attemptNumber: null }]);
  });

  it.each([["bytes=0-0", { start: 0, end: 0 }], ["bytes=5-", { start: 5, end: 9 }], ["bytes=-3", { start: 7, end: 9 }], ["bytes=2-99", { start: 2, end: 9 }], ["bytes=10-", "unsatisfiable"], ["bytes=0-1,3-4", null], [undefined, null], ["lines=1-2", null]])("reads the range %s of ten bytes", (header, range) => {
    expect(rangeOf(header, 10)).toEqual(range);
  });
});

describe("GET /api/attempts/:id/log", () => {
  it("gives one stream or both, byte for byte, to those who may see the run", async () => {
    const { id: clusterId } = await world.makeCluster(world.org.id, "logs");
    const attempt = await world.makeAttempt(await world.makeRun({ name: "my run" }), clusterId, { status: "running" });
    const chunk = (stream: "stdout" | "stderr", bytes: Buffer) => ({ attemptId: attempt.id, fence: String(attempt.fence), stream, offset: 0, length: bytes.length, at: Date.now(), droppedBefore: 0, bytes });
    await ingestLogs(world.sql, clusterId, [chunk("stdout", Buffer.from([0x61, 0xff, 0x0a])), chunk("stderr", Buffer.from("oops\n"))]);
    const get = (query = "", who = token) => app.request(`/api/attempts/${attempt.id}/log${query}`, { headers: as(who) });
    expect(Buffer.from(await (await get()).arrayBuffer())).toEqual(Buffer.from([0x61, 0xff, 0x0a, ...Buffer.from("oops\n")]));
    const one = await get("?stream=stderr");
    expect([await one.text(), one.headers.get("content-disposition")]).toEqual(["oops\n", "attachment; filename=\"my_run-1-stderr.log\"; filename*=UTF-8''my%20run-1-stderr.log"]);
    expect((await get("?stream=stdin")).status).toBe(422);
    expect((await get("", strangerToken)).status).toBe(404);
  });
});

describe("GET /api/runs/export", () => {
  const download = (set: object, format = "csv", who = token) => app.request(`/api/runs/export?format=${format}&set=${encodeURIComponent(JSON.stringify(set))}`, { headers: as(who) });

  it("sends every row of the table as it is filtered and sorted, over the end of a page, with the chosen columns", async () => {
    const { id: projectId } = await world.org.makeProject("exported");
    const odd = '=cmd, "quoted"';
    const first = await world.makeRun({ projectId, name: odd, status: "succeeded" });
    await world.sql`
      insert into runs (id, org_id, project_id, experiment_id, name, origin, status, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes)
      select 'run_' || gen_random_uuid(), org_id, project_id, experiment_id, 'e' || at, 'client', case when at < 501 then 'succeeded' else 'failed' end, 0, owner_type, owner_id, 0, 0, 0, 0
      from runs, generate_series(1, 501) as at where id = ${first.id}`;
    await world.sql`insert into run_params (run_id, key, value) select id, 'at', 'k' || lpad(case name when ${odd} then '0' else substr(name, 2) end, 3, '0') from runs where project_id = ${projectId}`;
    const set = { project: "exported", filter: "status = 'succeeded'", sorts: ["param:at"], columns: ["name", "status", "param:at", "metric:loss"] };
    const answer = await download(set);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/csv; charset=utf-8"]);
    const [head, ...rows] = (await answer.text()).trimEnd().split("\r\n");
    expect(head).toBe("run_id,name,status,param:at,metric:loss");
    // 501 of the 502: a page of 500 and one more. A name that a spreadsheet would run is led by an apostrophe.
    expect(rows[0]).toBe(`${first.id},"'=cmd, ""quoted""",succeeded,k000,`);
    expect(rows.slice(1).map((row) => row.split(",").slice(1).join(","))).toEqual(Array.from({ length: 500 }, (_, at) => `e${at + 1},succeeded,k${String(at + 1).padStart(3, "0")},`));
  });

  it("has what was asked for and who logged it, each column once", async () => {
    const { id: projectId } = await world.org.makeProject("asked");
    const run = await world.makeRun({ projectId, name: "wide", status: "succeeded", gpus: 4, nodes: 2 });
    const logged = await world.makeRun({ projectId, name: "logged", status: "succeeded", origin: "client", clientUser: "ada", gpus: 0, nodes: 0 });
    const answer = await download({ project: "asked", columns: ["name", "resources", "gpus", "nodes", "user", "origin"], sorts: ["-gpus"] });
    const [head, ...rows] = (await answer.text()).trimEnd().split("\r\n");
    expect(head).toBe("run_id,name,nodes,gpus_per_node,cpus_per_node,memory_mib_per_node,gpus,user,origin");
    expect(rows.map((row) => row.split(",").filter((_, at) => ![4, 5].includes(at)))).toEqual([[run.id, "wide", "2", "4", "8", "", "submitted"], [logged.id, "logged", "0", "0", "0", "ada", "client"]]);
    const sorted = async (sort: string) => (await world.owner.api.table.search({ project: "asked", sorts: [sort] })).items.map(({ name }) => name);
    for (const sort of ["nodes", "origin", "user"]) expect([sort, await sorted(sort)]).toEqual([sort, ["logged", "wide"]]);
  });

  it("has what each run cost to the last digit, with its currency, and nothing of it for a token that may not see costs", async () => {
    const { id: projectId } = await world.org.makeProject("costed");
    const { id, experimentId } = await world.makeRun({ projectId, name: "costly", status: "succeeded" });
    const free = await world.makeRun({ projectId, name: "free", status: "queued" });
    await world.sql`
      insert into cost_runs (run_id, org_id, project_id, experiment_id, owner_id, first_hour, last_hour, accelerator_hours, amount, provisional)
      values (${id}, ${world.org.id}, ${projectId}, ${experimentId}, ${world.owner.id}, now(), now(), 0, 1234567890123456.000000000000000001, 0)`;
    const set = { project: "costed", columns: ["name", "cost"], sorts: ["-cost"] };
    const mayRead = async (...permissions: ("runs:read" | "costs:read")[]) => (await world.owner.api.access.createMyToken({ name: permissions.join(), permissions, expiresInDays: 1 })).token;
    const seeing = await mayRead("runs:read", "costs:read");
    expect(await (await download(set, "csv", seeing)).text()).toBe(`run_id,name,cost,cost_currency\r\n${id},costly,1234567890123456.000000000000000001,USD\r\n${free.id},free,,\r\n`);
    const blind = await mayRead("runs:read");
    expect(await (await download(set, "csv", blind)).text()).toBe(`run_id,name\r\n${free.id},free\r\n${id},costly\r\n`);
    expect((await download({ ...set, filter: "cost > 1" }, "csv", blind)).status).toBe(422);
  });

  it("has no row for those who may not see the runs, and refuses a filter that makes no sense before the first byte", async () => {
    const foreign = await download({ columns: ["name"] }, "csv", strangerToken);
    expect([foreign.status, await foreign.text()]).toEqual([200, "run_id,name\r\n"]);
    expect((await download({ columns: ["name"], filter: "metrics.a >" })).status).toBe(422);
    expect((await download({ columns: ["name"] }, "xls")).status).toBe(422);
    expect((await app.request("/api/runs/export?format=csv&set={}")).status).toBe(401);
  });
});
