import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { putFile } from "../../agent/code/objects.ts";
import { Refused, Unreachable } from "../../agent/identity/refusals.ts";
import { AGENT_PATHS, PART_TOTAL_HEADER, type Refusal } from "../../agent/protocol/messages.ts";
import { objectParts } from "../../db/schema/agents.ts";
import { objects } from "../../db/schema/experiments.ts";
import { send, sha, testPlane, type TestAgent, type TestPlane } from "./testing.ts";

const PART = 1000;
let plane: TestPlane;
let agent: TestAgent;
let clusterId: string;
const folder = mkdtempSync(join(tmpdir(), "drover-parts-"));
beforeAll(async () => {
  plane = await testPlane();
  ({ agent, cluster: { id: clusterId } } = await plane.makeAgent());
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await plane.close();
});

/** The agent's own uploader on a line that breaks when it is told to. `sent`: bytes that left in parts. */
function uploader() {
  const line = { sent: 0, breakAfterParts: Number.POSITIVE_INFINITY, parts: 0 };
  const client = {
    send: async (request: Parameters<Parameters<typeof putFile>[0]["send"]>[0]) => {
      const method = request.method ?? "POST";
      if (method === "PUT" && (line.parts += 1) > line.breakAfterParts) throw new Unreachable("the line broke");
      const body = request.stream ? await buffer(request.stream()) : Buffer.alloc(0);
      const answer = await fetch(plane.url + request.path, { method, ...(request.stream ? { body } : {}), headers: { ...agent.headers(request.path, body, { method }), ...request.headers } });
      if (!answer.ok) throw new Refused((await answer.json()) as Refusal, answer.status);
      if (method === "PUT") line.sent += body.length;
      return answer;
    },
  };
  return { line, put: (file: string) => putFile(client, file, new AbortController().signal, PART) };
}
function fileOf(bytes: Buffer): string {
  const file = join(folder, randomBytes(6).toString("hex"));
  writeFileSync(file, bytes);
  return file;
}
async function keysNow(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of plane.objects.list()) keys.push(key);
  return keys;
}
const rowOf = async (sha256: string) => (await plane.db.select().from(objects).where(eq(objects.sha256, sha256)))[0];
const partsOf = (sha256: string) => plane.db.select().from(objectParts).where(eq(objectParts.sha256, sha256));
const part = (sha256: string, offset: number, bytes: Buffer, total: number) => {
  const path = `${AGENT_PATHS.parts(sha256)}/${offset}`;
  return send(plane.url + path, bytes, { ...agent.headers(path, bytes, { method: "PUT" }), [PART_TOTAL_HEADER]: String(total) }, "PUT");
};

it("a large file goes up in parts and is one object in the end, of which no part is left", async () => {
  const bytes = randomBytes(4 * PART + 123);
  const before = await keysNow();
  const { put, line } = uploader();
  expect(await put(fileOf(bytes))).toEqual({ sha256: sha(bytes), bytes: bytes.length });
  expect(line.parts).toBe(5);
  const row = await rowOf(sha(bytes));
  expect(row).toMatchObject({ bytes: bytes.length, kind: "artifact" });
  expect(await buffer(plane.objects.get(row!))).toEqual(bytes);
  expect(await partsOf(sha(bytes))).toEqual([]);
  expect((await keysNow()).filter((key) => !before.includes(key))).toEqual([row!.key]);
});

it("a line that breaks costs what was on its way: the next try goes on from there, another process's too", async () => {
  const bytes = randomBytes(6 * PART);
  const file = fileOf(bytes);
  const first = uploader();
  first.line.breakAfterParts = 4;
  await expect(first.put(file)).rejects.toThrow("the line broke");
  expect(await rowOf(sha(bytes))).toBeUndefined();
  const second = uploader();
  await second.put(file);
  expect(second.line.sent).toBe(2 * PART);
  expect(await buffer(plane.objects.get((await rowOf(sha(bytes)))!))).toEqual(bytes);
  const third = uploader();
  await third.put(file); // it is there: nothing is sent
  expect(third.line.sent).toBe(0);
});

it("parts that do not make what was announced are thrown away, and refused by name", async () => {
  const [one, two] = [randomBytes(PART), randomBytes(PART)];
  const claimed = sha("something else");
  expect((await part(claimed, 0, one, 2 * PART)).status).toBe(200);
  expect(await part(claimed, PART, two, 2 * PART)).toMatchObject({ status: 400, body: { error: "bad_request", field: "sha256" } });
  expect(await partsOf(claimed)).toEqual([]);
  expect(await rowOf(claimed)).toBeUndefined();
});

it("a part at another place than where the upload goes on is refused with that place, and one that is too long is not taken", async () => {
  const whole = randomBytes(3 * PART);
  const id = sha(whole);
  expect((await part(id, 0, whole.subarray(0, PART), whole.length)).body).toMatchObject({ next: PART, done: false });
  for (const offset of [0, 2 * PART]) expect(await part(id, offset, whole.subarray(offset, offset + PART), whole.length)).toMatchObject({ status: 503, body: { error: "unavailable", field: "offset" } });
  expect((await part(id, PART, randomBytes(PART * 3), whole.length)).status).toBe(413);
  expect(await part(id, PART, whole.subarray(PART, 2 * PART), 11 * 1024 ** 3)).toMatchObject({ status: 413, body: { field: PART_TOTAL_HEADER } });
  for (const bad of ["x", "-1", "1.5"]) {
    const path = `${AGENT_PATHS.parts(id)}/${bad}`;
    expect((await send(plane.url + path, Buffer.from("a"), { ...agent.headers(path, Buffer.from("a"), { method: "PUT" }), [PART_TOTAL_HEADER]: "1" }, "PUT")).status).toBe(400);
  }
});

it("an upload that began too long ago begins anew, since its bytes may be collected", async () => {
  const bytes = randomBytes(3 * PART);
  const first = uploader();
  first.line.breakAfterParts = 2;
  const file = fileOf(bytes);
  await expect(first.put(file)).rejects.toThrow();
  await plane.sql`update object_parts set at = now() - interval '21 hours' where sha256 = ${sha(bytes)}`;
  const second = uploader();
  await second.put(file);
  expect(second.line.sent).toBe(3 * PART);
});

it("another cluster's agent goes on with nothing of it", async () => {
  const bytes = randomBytes(2 * PART);
  await part(sha(bytes), 0, bytes.subarray(0, PART), bytes.length);
  const other = await plane.makeAgent();
  const path = AGENT_PATHS.parts(sha(bytes));
  expect((await send(plane.url + path, undefined, other.agent.headers(path, "", { method: "GET" }), "GET")).body).toMatchObject({ next: 0, done: false });
  expect(clusterId).not.toBe(other.cluster.id);
});
