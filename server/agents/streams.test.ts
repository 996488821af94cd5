import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AGENT_PATHS } from "../../agent/protocol/messages.ts";
import { archiveLog } from "../experiments/commands/archive.ts";
import { storeObject } from "../experiments/commands/objects.ts";
import type { ObjectRef } from "../experiments/object-store.ts";
import { armFailpoint } from "../failpoint.ts";
import { place, send, sha, testPlane, type TestAgent, type TestPlane } from "./testing.ts";

let plane: TestPlane;
let agent: TestAgent;
let attempt: Awaited<ReturnType<typeof place>>;
let clusterId: string;
beforeAll(async () => {
  plane = await testPlane();
  ({ agent, cluster: { id: clusterId } } = await plane.makeAgent());
});
beforeEach(async () => {
  attempt = await place(plane, await plane.makeRun(), clusterId);
});
afterAll(() => plane.close());

interface Chunk {
  attemptId?: string;
  fence?: string;
  stream?: "stdout" | "stderr";
  offset: number;
  bytes: Buffer;
  droppedBefore?: number;
}
function frame(chunks: Chunk[]): Buffer {
  const header = Buffer.from(JSON.stringify({ chunks: chunks.map(({ bytes, ...chunk }) => ({ attemptId: attempt.id, fence: String(attempt.fence), stream: "stdout", at: Date.now(), droppedBefore: 0, ...chunk, length: bytes.length })) }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return Buffer.concat([length, header, ...chunks.map(({ bytes }) => bytes)]);
}
const logs = (chunks: Chunk[]) => agent.post(AGENT_PATHS.logs, frame(chunks));
const stored = async (id = attempt.id) => plane.sql<{ seq: number; stream: string; offset: number; start: number; line: number; lines: number; length: number; dropped_before: number; body: Buffer }[]>`
  select seq, stream, "offset"::float8 as "offset", start::float8, line::float8, lines, length, dropped_before::float8, body from log_chunks where attempt_id = ${id} order by seq`;
const textOf = async (stream: string) => Buffer.concat((await stored()).filter((row) => row.stream === stream).map((row) => zstdDecompressSync(row.body))).toString();

describe("logs", () => {
  it("whatever the chunking, the repeats and the order of requests: every byte once, in place, lines counted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 400, unit: fc.constantFrom("a", "b", "\n", "é", "\u0000") }),
        fc.array(fc.tuple(fc.nat(399), fc.integer({ min: 1, max: 120 })), { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (text, cuts, perRequest) => {
          attempt = await place(plane, await plane.makeRun(), clusterId);
          const whole = Buffer.from(text);
          const pieces = cuts.flatMap(([from, size]) => (from < whole.length ? [{ offset: from, bytes: whole.subarray(from, from + size) }] : []));
          for (let at = 0; at < pieces.length; at += perRequest) {
            const answered = await logs(pieces.slice(at, at + perRequest));
            expect(answered.status).toBe(200);
          }
          for (;;) {
            const next = Number((await plane.sql`select coalesce(max(stdout_next), 0)::float8 as next from log_heads where attempt_id = ${attempt.id}`)[0]!.next);
            expect(await textOf("stdout")).toBe(whole.subarray(0, next).toString("utf8")); // a prefix, never a hole
            if (next === whole.length) break;
            await logs([{ offset: Math.max(0, next - 3), bytes: whole.subarray(Math.max(0, next - 3), next + 50) }]);
          }
          let start = 0;
          let line = 0;
          for (const row of await stored()) {
            expect(row).toMatchObject({ start, line, offset: start });
            start += row.length;
            line += row.lines;
          }
          expect(line).toBe(text.split("\n").length - 1);
        },
      ),
      { numRuns: 25 },
    );
  });
  it("keeps both streams in the order they came, several attempts in one request", async () => {
    const other = await place(plane, await plane.makeRun(), clusterId);
    const answered = await logs([
      { offset: 0, bytes: Buffer.from("out 1\n") },
      { offset: 0, bytes: Buffer.from("err 1\n"), stream: "stderr" },
      { offset: 0, bytes: Buffer.from("theirs\n"), attemptId: other.id, fence: String(other.fence) },
      { offset: 6, bytes: Buffer.from("out 2\n") },
    ]);
    expect(answered.body.offsets).toEqual([
      { attemptId: attempt.id, stream: "stdout", next: 12 },
      { attemptId: attempt.id, stream: "stderr", next: 6 },
      { attemptId: other.id, stream: "stdout", next: 7 },
    ]);
    expect((await stored()).map(({ stream, line }) => [stream, line])).toEqual([["stdout", 0], ["stderr", 1], ["stdout", 2]]);
    expect(await stored(other.id)).toHaveLength(1);
  });
  it("refuses a gap and says where to go on; takes a jump of exactly what was dropped", async () => {
    expect((await logs([{ offset: 10, bytes: Buffer.from("x") }])).body.offsets).toMatchObject([{ next: 0 }]);
    expect((await logs([{ offset: 10, bytes: Buffer.from("x"), droppedBefore: 9 }])).body.offsets).toMatchObject([{ next: 0 }]);
    expect((await logs([{ offset: 10, bytes: Buffer.from("x"), droppedBefore: 10 }])).body.offsets).toMatchObject([{ next: 11 }]);
    expect(await stored()).toMatchObject([{ dropped_before: 10, start: 0, offset: 10 }]);
  });
  it("refuses a dead fence, another cluster's attempt and one given up, and writes nothing", async () => {
    const wrong = await logs([{ offset: 0, bytes: Buffer.from("x"), fence: "1" }]);
    expect(wrong.body).toMatchObject({ stale: [attempt.id], offsets: [] });
    const elsewhere = await plane.makeAgent();
    const stranger = await elsewhere.agent.post(AGENT_PATHS.logs, frame([{ offset: 0, bytes: Buffer.from("x") }]));
    expect(stranger.body.stale).toEqual([attempt.id]);
    await plane.sql`update attempts set status = 'lost' where id = ${attempt.id}`;
    expect((await logs([{ offset: 0, bytes: Buffer.from("x") }])).body.stale).toEqual([attempt.id]);
    expect(await stored()).toEqual([]);
  });
  it("refuses bodies that do not add up, are cut short, or too large", async () => {
    const good = frame([{ offset: 0, bytes: Buffer.from("abc") }]);
    expect(await agent.post(AGENT_PATHS.logs, good.subarray(0, good.length - 1))).toMatchObject({ status: 400, body: { error: "bad_request", field: "chunks" } });
    expect(await agent.post(AGENT_PATHS.logs, Buffer.concat([good, Buffer.from("x")]))).toMatchObject({ status: 400, body: { field: "chunks" } });
    expect(await agent.post(AGENT_PATHS.logs, Buffer.from([255, 255, 255, 255, 1]))).toMatchObject({ status: 400, body: { field: "body" } });
    expect(await agent.post(AGENT_PATHS.logs, Buffer.alloc(5 * 1024 * 1024))).toMatchObject({ status: 413 });
    expect(await logs([{ offset: 0, bytes: Buffer.from("x"), stream: "stdin" as "stdout" }])).toMatchObject({ status: 400, body: { field: "chunks.0.stream" } });
  });
  it("loses and doubles nothing when an answer gets lost after its commit", async () => {
    armFailpoint({ name: "server.logs.after-commit" });
    await expect(logs([{ offset: 0, bytes: Buffer.from("once\n") }])).rejects.toThrow("fetch failed");
    armFailpoint(null);
    expect((await logs([{ offset: 0, bytes: Buffer.from("once\n") }])).body.offsets).toMatchObject([{ next: 5 }]);
    expect(await textOf("stdout")).toBe("once\n");
  });
  it("becomes one object once drained, byte for byte, and takes nothing more", async () => {
    for (let at = 0; at < 70; at += 1) await logs([{ offset: at * 8, bytes: Buffer.from(`line ${String(at).padStart(2, "0")}\n`) }]);
    expect(await archiveLog(plane.sql, plane.bus, plane.objects, attempt.id)).toBe(false); // not drained yet
    await plane.sql`update attempts set drained_at = now() where id = ${attempt.id}`;
    const before = await textOf("stdout");
    expect(await archiveLog(plane.sql, plane.bus, plane.objects, attempt.id)).toBe(true);
    expect(await archiveLog(plane.sql, plane.bus, plane.objects, attempt.id)).toBe(false);
    const [head] = await plane.sql`select o.sha256, o.key from log_heads h join objects o on o.org_id = ${plane.orgId} and o.sha256 = h.archive_sha256 where h.attempt_id = ${attempt.id}`;
    const parts: Buffer[] = [];
    for await (const part of plane.objects.get(head as unknown as ObjectRef)) parts.push(part as Buffer);
    const object = Buffer.concat(parts);
    const rows = await plane.sql<{ at: number; size: number; body: null }[]>`select archive_offset::float8 as at, archive_length as size, body from log_chunks where attempt_id = ${attempt.id} order by seq`;
    expect(rows.every(({ body }) => body === null)).toBe(true);
    expect(rows.map(({ at, size }) => zstdDecompressSync(object.subarray(at, at + size)).toString()).join("")).toBe(before);
    expect((await logs([{ offset: 560, bytes: Buffer.from("late") }])).body.stale).toEqual([attempt.id]);
  });
});

describe("metrics", () => {
  const batch = (over: Record<string, unknown> = {}) => ({ attemptId: attempt.id, fence: String(attempt.fence), from: 0, to: 100, series: [{ key: "loss", steps: [1, 2, 3], times: [10, 20, 30], values: [3, 2, 1] }], ...over });
  const post = (...batches: Record<string, unknown>[]) => agent.post(AGENT_PATHS.metrics, { batches });
  const rows = () => plane.sql`select key, steps::text as steps, values::text as values from metric_batches where run_id = ${attempt.runId} order by id`;
  const summary = async (key: string) => (await plane.sql`select count::int, min, max, last, last_step::int, min_step::int, max_step::int from metric_summaries where run_id = ${attempt.runId} and key = ${key}`)[0];

  it("takes a batch once, however often it comes, and goes on where the last one ended", async () => {
    for (let repeat = 0; repeat < 3; repeat += 1) expect((await post(batch())).body.offsets).toEqual([{ attemptId: attempt.id, next: 100 }]);
    expect(await rows()).toHaveLength(1);
    expect(await summary("loss")).toEqual({ count: 3, min: 1, max: 3, last: 1, last_step: 3, min_step: 1, max_step: 3 });
    expect((await post(batch({ from: 50, to: 150 }))).body.offsets).toEqual([{ attemptId: attempt.id, next: 100 }]); // a reparse that overlaps
    expect((await post(batch({ from: 100, to: 120, series: [{ key: "loss", steps: [2], times: [40], values: [9] }] }))).body.offsets).toEqual([{ attemptId: attempt.id, next: 120 }]);
    expect(await summary("loss")).toEqual({ count: 4, min: 1, max: 9, last: 1, last_step: 3, min_step: 1, max_step: 3 });
  });
  it("keeps float64, NaN, the infinities and minus zero as they came", async () => {
    const values = [0.1, -0, 5e-324, 1.7976931348623157e308, "NaN", "Infinity", "-Infinity"];
    await agent.post(AGENT_PATHS.metrics, Buffer.from(JSON.stringify({ batches: [batch({ series: [{ key: "odd", steps: values.map((_, at) => at), times: values.map(() => 1), values }] })] }).replace("[0.1,0,", "[0.1,-0,")));
    expect(await rows()).toMatchObject([{ values: "{0.1,-0,5e-324,1.7976931348623157e+308,NaN,Infinity,-Infinity}" }]);
    expect(await summary("odd")).toMatchObject({ count: 7, min: -0, max: 1.7976931348623157e308, last: -Infinity });
  });
  it("takes steps up to 2^53 and refuses greater ones by name", async () => {
    const big = Number.MAX_SAFE_INTEGER;
    expect((await post(batch({ series: [{ key: "k", steps: [big], times: [1], values: [1] }] }))).status).toBe(200);
    expect(await rows()).toMatchObject([{ steps: "{9007199254740991}" }]);
    const beyond = JSON.stringify({ batches: [batch({ from: 100, to: 200, series: [{ key: "k", steps: [1], times: [1], values: [1] }] })] }).replace('"steps":[1]', '"steps":[9007199254740993]');
    expect(await agent.post(AGENT_PATHS.metrics, Buffer.from(beyond))).toMatchObject({ status: 400, body: { error: "bad_request", field: "batches.0.series.0.steps.0" } });
  });
  it("refuses arrays of different lengths, a range that runs backwards, and too many points, by name", async () => {
    expect(await post(batch({ series: [{ key: "k", steps: [1], times: [1], values: [1, 2] }] }))).toMatchObject({ status: 400, body: { field: "batches.0.series.0.values" } });
    expect(await post(batch({ from: 9, to: 5 }))).toMatchObject({ status: 400, body: { field: "batches.0.to" } });
    const many = Array.from({ length: 10_001 }, (_, at) => at);
    expect(await post(batch({ series: [{ key: "k", steps: many, times: many, values: many }] }))).toMatchObject({ status: 413, body: { field: "batches.0.series" } });
    expect(await post(batch({ series: [{ key: "a\u0000b", steps: [1], times: [1], values: [1] }] }))).toMatchObject({ status: 400, body: { field: "batches.0.series.0.key" } });
    expect(await post(batch({ series: [{ key: "", steps: [1], times: [1], values: [1] }] }))).toMatchObject({ status: 400, body: { field: "batches.0.series.0.key" } });
  });
  it("refuses a dead fence and leaves the batches beside it alone", async () => {
    const other = await place(plane, await plane.makeRun(), clusterId);
    const answered = await post(batch({ fence: "1" }), batch({ attemptId: other.id, fence: String(other.fence) }));
    expect(answered.body).toMatchObject({ stale: [attempt.id], offsets: [{ attemptId: other.id, next: 100 }] });
    expect(await rows()).toEqual([]);
  });
  it("takes several batches of one attempt in one request, in order", async () => {
    await post(batch(), batch({ from: 100, to: 200, series: [{ key: "loss", steps: [4], times: [40], values: [0.5] }, { key: 'quote"s, {braces}\\', steps: [4], times: [1], values: [1] }] }));
    expect(await summary("loss")).toMatchObject({ count: 4, last: 0.5, last_step: 4 });
    expect(await summary('quote"s, {braces}\\')).toMatchObject({ count: 1 });
  });
});

describe("jobs from outside", () => {
  it("are taken from the cluster's own agent, who hears from when on to tell; a message that is not the protocol's is refused", async () => {
    const asked = await agent.post(AGENT_PATHS.outside, { source: "slurm", from: null, to: null, jobs: [] });
    expect(asked).toMatchObject({ status: 200, body: { from: expect.any(Number) as number } });
    const job = { job: "7", name: "md", user: "eve", account: "physics", nodes: ["n1"], startedAt: Date.now() - 5_000, endedAt: null, isAlive: true, cpus: 1, memoryMib: 0, gpus: 0, shares: 0 };
    const { from } = (asked as { body: { from: number } }).body;
    await plane.sql`update outside_clocks set since = now() - interval '1 hour' where cluster_id = ${clusterId}`;
    expect(await agent.post(AGENT_PATHS.outside, { source: "slurm", from, to: Date.now(), jobs: [job] })).toMatchObject({ status: 200 });
    expect(await plane.sql`select job, account, evidence from outside_jobs where cluster_id = ${clusterId}`).toMatchObject([{ job: "7", account: "physics", evidence: "provisional" }]);
    expect(await agent.post(AGENT_PATHS.outside, { source: "slurm", from, to: null, jobs: [{ ...job, nodes: [] }] })).toMatchObject({ status: 400 });
  });
});

describe("telemetry", () => {
  const latest = (subject: string, id: string) => plane.sql`select key, value, extract(epoch from at)::float8 * 1000 as at from telemetry_latest where cluster_id = ${clusterId} and subject = ${subject} and subject_id = ${id}`;
  it("stores samples and the newest of each series; leaves other clusters' attempts out", async () => {
    const foreign = await plane.makeAgent();
    const theirs = await place(plane, await plane.makeRun(), foreign.cluster.id);
    const now = Date.now();
    const sample = (subject: string, id: string) => ({ subject, id, key: "cpu", times: [now - 2000, now - 1000], values: [1, 2.5] });
    const answered = await agent.post(AGENT_PATHS.telemetry, { samples: [sample("node", "n1"), sample("attempt", attempt.id), sample("attempt", theirs.id)], events: [{ at: now, node: "n1", kind: "xid", message: "Xid 79", accelerator: 0 }] });
    expect(answered).toMatchObject({ status: 200, body: { ok: true } });
    expect(await latest("node", "n1")).toMatchObject([{ key: "cpu", value: 2.5, at: now - 1000 }]);
    expect(await latest("attempt", attempt.id)).toHaveLength(1);
    expect(await latest("attempt", theirs.id)).toHaveLength(0);
    expect(await plane.sql`select kind, subject from cluster_events where cluster_id = ${clusterId} and kind = 'gpu.xid'`).toMatchObject([{ kind: "gpu.xid", subject: "n1/0" }]);
  });
  it("stores a batch that comes again once, even when a replay reaches another server", async () => {
    const other = await plane.serve();
    const now = Date.now();
    const batch = (number: number) => ({ batch: number, samples: [{ subject: "node", id: "twice", key: "cpu", times: [now + number], values: [number] }], events: [{ at: now, node: "twice", kind: "disk_full", message: `Batch ${number}`, accelerator: null }] });
    const post = (url: string, message: unknown) => send(url + AGENT_PATHS.telemetry, JSON.stringify(message), agent.headers(AGENT_PATHS.telemetry, JSON.stringify(message)));
    const body = JSON.stringify(batch(1));
    const signed = agent.headers(AGENT_PATHS.telemetry, body);
    for (const url of [plane.url, other.url]) expect(await send(url + AGENT_PATHS.telemetry, body, signed)).toMatchObject({ status: 200, body: { ok: true } });
    expect((await Promise.all([plane.url, other.url, plane.url].map((url) => post(url, batch(2))))).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await post(plane.url, batch(1))).toMatchObject({ status: 200 }); // late, and known
    const stored = await plane.sql`select times, values from telemetry where cluster_id = ${clusterId} and subject_id = 'twice' order by at`;
    expect(stored.map((row) => [row.times.map(Number), row.values])).toEqual([[[now + 1], [1]], [[now + 2], [2]]]);
    expect((await plane.sql`select message from cluster_events where cluster_id = ${clusterId} and subject = 'twice' order by message`).map((row) => row.message)).toEqual(["Batch 1", "Batch 2"]);
    await agent.join(); // an agent that starts anew counts anew
    await post(plane.url, { ...batch(1), events: [] });
    expect(await plane.sql`select 1 from telemetry where cluster_id = ${clusterId} and subject_id = 'twice'`).toHaveLength(3);
  });
  it("moves samples of a clock an hour ahead back to now", async () => {
    const ahead = Date.now() + 3_600_000;
    await agent.post(AGENT_PATHS.telemetry, { samples: [{ subject: "node", id: "fast", key: "cpu", times: [ahead], values: [1] }], events: [] });
    expect((await latest("node", "fast"))[0]!.at).toBeLessThanOrEqual(Date.now());
  });
});

describe("objects and artifacts", () => {
  const put = (bytes: Buffer, over: { as?: string } = {}) => {
    const path = AGENT_PATHS.object(over.as ?? sha(bytes));
    const headers = agent.headers(path, over.as === undefined ? bytes : "", { method: "PUT" });
    return send(plane.url + path, bytes, headers, "PUT");
  };
  const manifest = (files: { path: string; sha256?: string; bytes?: number }[], over: Record<string, unknown> = {}) =>
    agent.post(AGENT_PATHS.artifacts, { attemptId: attempt.id, fence: String(attempt.fence), files: files.map((file) => ({ sha256: sha("hello"), bytes: 5, ...file })), ...over });

  it("takes bytes by their hash and lists them, checkpoints marked, repeats harmless", async () => {
    expect((await put(Buffer.from("hello"))).status).toBe(200);
    expect((await put(Buffer.from("hello"))).status).toBe(200);
    for (let repeat = 0; repeat < 2; repeat += 1) expect((await manifest([{ path: "out/report.html" }, { path: "checkpoints/last.bin" }, { path: "model.safetensors" }])).status).toBe(200);
    expect(await plane.sql`select path, content_type, is_checkpoint from artifacts where attempt_id = ${attempt.id} order by path`).toEqual([
      { path: "checkpoints/last.bin", content_type: "application/octet-stream", is_checkpoint: true },
      { path: "model.safetensors", content_type: "application/octet-stream", is_checkpoint: true },
      { path: "out/report.html", content_type: "text/html", is_checkpoint: false },
    ]);
  });
  it("keeps nothing of bytes that do not hash to their name", async () => {
    const claimed = sha("something else");
    const path = AGENT_PATHS.object(claimed);
    const headers = agent.headers(path, "something else", { method: "PUT" }); // signed for the claimed hash
    expect(await send(plane.url + path, Buffer.from("not that"), headers, "PUT")).toMatchObject({ status: 400, body: { error: "bad_request", field: "sha256" } });
    for await (const { key } of plane.objects.list()) expect(key).not.toContain(claimed);
  });
  it.each(["../../etc/passwd", "/etc/passwd", "a/../b", "a//b", "C:\\x", "a\\b", "./a", "a\u0000b", "a/"])("refuses the path %j by name", async (path) => {
    await put(Buffer.from("hello"));
    expect(await manifest([{ path: "ok.txt" }, { path }])).toMatchObject({ status: 400, body: { error: "bad_request", field: "files.1.path" } });
    expect(await plane.sql`select 1 from artifacts where attempt_id = ${attempt.id}`).toHaveLength(0);
  });
  it("refuses files whose bytes are not there, are of another size, or come twice", async () => {
    await put(Buffer.from("hello"));
    expect(await manifest([{ path: "a", sha256: sha("never sent") }])).toMatchObject({ status: 400, body: { field: "files.0.sha256" } });
    expect(await manifest([{ path: "a", bytes: 6 }])).toMatchObject({ status: 400, body: { field: "files.0.bytes" } });
    expect(await manifest([{ path: "a" }, { path: "a" }])).toMatchObject({ status: 400, body: { field: "files.1.path" } });
    expect(await manifest([{ path: "a" }], { fence: "1" })).toMatchObject({ status: 409, body: { error: "stale_fence" } });
  });
  it("gives an agent the code of its live attempts and nothing else", async () => {
    const code = Buffer.from("a tar.gz");
    await storeObject(plane.db, plane.objects, { orgId: plane.orgId, kind: "code" }, [code]);
    const get = (by: TestAgent, hash: string) => {
      const path = AGENT_PATHS.object(hash);
      return send(plane.url + path, undefined, by.headers(path, "", { method: "GET" }), "GET");
    };
    expect((await get(agent, sha(code))).status).toBe(404);
    await place(plane, await plane.makeRun({ code: { kind: "archive", sha256: sha(code), bytes: code.length } }), clusterId);
    expect(await get(agent, sha(code))).toEqual({ status: 200, body: "a tar.gz" });
    expect(await get((await plane.makeAgent()).agent, sha(code))).toMatchObject({ status: 404, body: { error: "not_found" } });
    expect(await get(agent, "nonsense")).toMatchObject({ status: 400, body: { field: "sha256" } });
  });
});
