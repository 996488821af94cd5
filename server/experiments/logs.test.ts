import fc from "fast-check";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attempts } from "../../db/schema/experiments.ts";
import { LINE_CUT_NOTE, MAX_LINE_SHOWN } from "../../domain/experiments/log-text.ts";
import { linesOf } from "../../domain/experiments/log-lines.ts";
import type { LogMatch, LogPage } from "../../domain/experiments/run-view.ts";
import { SearchLog } from "../../domain/experiments/run-inputs.ts";
import { bus } from "../bus.ts";
import { archiveLog } from "./commands/archive.ts";
import { ingestLogs } from "./commands/log-ingest.ts";
import { objectStore } from "./object-store.ts";
import { searchLog } from "./queries/log-search.ts";
import { logBytes } from "./queries/log-stream.ts";
import { type TestWorld, testWorld } from "./testing.ts";

type Stream = "stdout" | "stderr";
type Piece = { stream: Stream; bytes: Buffer; droppedBefore?: number };
let world: TestWorld;
let clusterId: string;

beforeAll(async () => {
  world = await testWorld();
  clusterId = (await world.makeCluster(world.org.id, "box")).id;
});
afterAll(() => world.close());

/** An attempt whose log came in these pieces. */
async function writeLog(pieces: Piece[], how: { archived?: boolean; open?: boolean } = {}) {
  const run = await world.makeRun({ status: "running", clusterId });
  const attempt = await world.makeAttempt(run, clusterId, { status: "running" });
  const offsets = { stdout: 0, stderr: 0 };
  for (let at = 0; at < pieces.length; at += 500) {
    const chunks = pieces.slice(at, at + 500).map(({ stream, bytes, droppedBefore = 0 }) => {
      const offset = offsets[stream] + droppedBefore;
      offsets[stream] = offset + bytes.length;
      return { attemptId: attempt.id, fence: String(attempt.fence), stream, offset, length: bytes.length, at: Date.now(), droppedBefore, bytes };
    });
    const { stale } = await ingestLogs(world.sql, clusterId, chunks);
    expect(stale).toEqual([]);
  }
  if (!how.open) await world.db.update(attempts).set({ status: "ended", drainedAt: new Date() }).where(eq(attempts.id, attempt.id));
  if (how.archived) expect(await archiveLog(world.sql, bus(), objectStore(), attempt.id)).toBe(true);
  return attempt;
}

async function allPages(attemptId: string, ask: { maxBytes: number; stream?: Stream; backwards?: boolean }): Promise<LogPage[]> {
  const { backwards, ...rest } = ask;
  const { logPage } = world.owner.api.experiments;
  const pages = [await logPage({ attemptId, ...rest, ...(backwards ? { tail: true } : { after: -1 }) })];
  for (;;) {
    const edge = backwards ? pages[0]! : pages.at(-1)!;
    if (!(backwards ? edge.hasBefore : edge.hasAfter)) return pages;
    const next = await logPage({ attemptId, ...rest, ...(backwards ? { before: edge.firstSeq! } : { after: edge.lastSeq! }) });
    if (backwards) pages.unshift(next);
    else pages.push(next);
  }
}

const textOf = (pages: LogPage[], stream: Stream) => pages.flatMap(({ segments }) => segments).filter((one) => one.stream === stream).map(({ text }) => text).join("");
const bytesOf = (pieces: Piece[], stream: Stream) => Buffer.concat(pieces.filter((piece) => piece.stream === stream).map(({ bytes }) => bytes));
const decode = (bytes: Buffer) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** Bytes of all kinds: lines, characters of two to four bytes, and what is no UTF-8 at all; cut anywhere. */
const token = fc.oneof(
  fc.constantFrom("\n", "\r\n", "é", "日本", "🚀", "\ufeff", "loss=0.5", "ERROR boom", "Warning: hot", " ").map((text) => Buffer.from(text)),
  fc.constantFrom([0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x9a], [0xed, 0xa0, 0x80], [0x80], [0xc0, 0xaf], [0x00]).map((bytes) => Buffer.from(bytes)),
);
const stream = fc.constantFrom<Stream>("stdout", "stderr");
const pieces: fc.Arbitrary<Piece[]> = fc
  .array(fc.record({ stream, bytes: fc.array(token, { minLength: 1, maxLength: 12 }).map((parts) => Buffer.concat(parts)), cuts: fc.array(fc.nat(40), { maxLength: 4 }) }), { minLength: 1, maxLength: 25 })
  .map((writes) =>
    writes.flatMap(({ stream, bytes, cuts }) => {
      const edges = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
      return edges.slice(1).map((edge, at) => ({ stream, bytes: bytes.subarray(edges[at], edge) }));
    }),
  );

describe("pages of a log", () => {
  it("together are the log, however it was cut, whichever way one reads, live or archived", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), async (log, archived) => {
        const closed: Piece[] = [...log, { stream: "stdout", bytes: Buffer.from("\n") }, { stream: "stderr", bytes: Buffer.from("\n") }];
        const { id } = await writeLog(closed, { archived });
        const forwards = await allPages(id, { maxBytes: 1024 });
        expect((await allPages(id, { maxBytes: 1024 * 1024, backwards: true })).flatMap(({ segments }) => segments)).toEqual(forwards.flatMap(({ segments }) => segments));
        for (const stream of ["stdout", "stderr"] as const) {
          expect(textOf(forwards, stream)).toBe(decode(bytesOf(closed, stream)));
          expect(textOf(await allPages(id, { maxBytes: 1024, stream, backwards: true }), stream)).toBe(decode(bytesOf(closed, stream)));
        }
        expect(forwards.at(-1)).toMatchObject({ complete: true, totalBytes: closed.reduce((sum, { bytes }) => sum + bytes.length, 0), totalLines: closed.reduce((sum, { bytes }) => sum + bytes.filter((byte) => byte === 10).length, 0) });
      }),
      { numRuns: 25 },
    );
  });

  it("keep to their size, and cut nothing between two of them", async () => {
    const log = Array.from({ length: 300 }, (_, n): Piece => ({ stream: n % 3 ? "stdout" : "stderr", bytes: Buffer.from(`line ${n} ${"é".repeat(100)}\n`) }));
    const { id } = await writeLog(log);
    for (const backwards of [false, true]) {
      const pages = await allPages(id, { maxBytes: 4096, backwards });
      expect(pages.length).toBeGreaterThan(10);
      for (const page of pages) expect(Buffer.byteLength(page.segments.map(({ text }) => text).join(""))).toBeLessThanOrEqual(4096);
      expect(pages.flatMap(({ segments }) => segments.map(({ seq }) => seq))).toEqual(log.map((_, seq) => seq));
    }
  });

  it("are found by line, in a log of many chunks, without what lies before", async () => {
    const log = Array.from({ length: 400 }, (_, n): Piece => ({ stream: "stdout", bytes: Buffer.from(Array.from({ length: 10 }, (_, k) => `line ${n * 10 + k}\n`).join("")) }));
    const { id } = await writeLog(log, { archived: true });
    for (const line of [0, 1, 9, 10, 1234, 3999]) {
      const page = await world.owner.api.experiments.logPage({ attemptId: id, aroundLine: line, maxBytes: 4096 });
      expect(linesOf(page.segments).find(({ number }) => number === line + 1)?.text).toBe(`line ${line}`);
      expect(page.segments.length).toBeLessThan(60);
    }
  });

  it("cut a line of 10 MB, say so, and go on after it", async () => {
    const half = Buffer.alloc(256 * 1024, "x");
    const log: Piece[] = [...Array.from({ length: 40 }, (): Piece => ({ stream: "stdout", bytes: half })), { stream: "stdout", bytes: Buffer.from("end\nnext line\n") }];
    const { id } = await writeLog(log, { archived: true });
    const pages = await allPages(id, { maxBytes: 1024 * 1024 });
    for (const page of pages) {
      const text = page.segments.map((segment) => segment.text).join("");
      expect(text.length).toBeLessThan(MAX_LINE_SHOWN + 200);
      expect(text.split(LINE_CUT_NOTE)).toHaveLength(page.segments.some(({ text }) => text.includes("next line")) && page.segments.length === 1 ? 1 : 2);
    }
    expect(textOf(pages, "stdout").endsWith("\nnext line\n")).toBe(true);
    const found = await searchLog(world.db, { orgId: world.org.id, permission: "runs:read", org: true, teams: new Set(), projects: new Set() }, SearchLog.parse({ attemptId: id, text: "next line" }), 1024 * 1024);
    expect(found.scannedBytes).toBeLessThanOrEqual(1024 * 1024);
    expect(found.nextCursor).not.toBeNull();
  });

  it("show where bytes were lost, and begin afresh behind the gap", async () => {
    const { id } = await writeLog([{ stream: "stdout", bytes: Buffer.from([0x61, 0xe2, 0x82]) }, { stream: "stdout", bytes: Buffer.from("b\n"), droppedBefore: 50 }]);
    const page = await world.owner.api.experiments.logPage({ attemptId: id });
    expect(page.segments.map(({ text, droppedBefore }) => [text, droppedBefore])).toEqual([["a", 0], ["\ufffdb\n", 50]]);
  });

  it("of a live log end where it ends now, and go on from there", async () => {
    const { id } = await writeLog([{ stream: "stdout", bytes: Buffer.from("one\n") }], { open: true });
    const { logPage } = world.owner.api.experiments;
    const first = await logPage({ attemptId: id, after: -1 });
    expect(first).toMatchObject({ lastSeq: 0, hasAfter: false, complete: false });
    expect(await logPage({ attemptId: id, after: 0 })).toMatchObject({ segments: [], firstSeq: null, lastSeq: null, hasBefore: true, hasAfter: false });
  });

  it("are not found by who may not see the run", async () => {
    const { id } = await writeLog([{ stream: "stdout", bytes: Buffer.from("secret\n") }]);
    const stranger = await world.makeUser(world.org.id, "acme", "Sam", [["member", "project", world.speech.id]]);
    for (const ask of [stranger.api.experiments.logPage({ attemptId: id }), stranger.api.experiments.logSearch({ attemptId: id, text: "secret" })]) await expect(ask).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("the raw log", () => {
  it("is byte for byte what was written, one stream or both in the order read", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), async (log, archived) => {
        const attempt = await writeLog(log, { archived });
        const read = async (stream?: Stream) => {
          const parts: Uint8Array[] = [];
          for await (const part of logBytes(world.db, attempt, stream)) parts.push(part);
          return Buffer.concat(parts);
        };
        expect(await read()).toEqual(Buffer.concat(log.map(({ bytes }) => bytes)));
        expect(await read("stderr")).toEqual(bytesOf(log, "stderr"));
      }),
      { numRuns: 10 },
    );
  });
});

describe("search in a log", () => {
  const grant = () => ({ orgId: world.org.id, permission: "runs:read" as const, org: true, teams: new Set<string>(), projects: new Set<string>() });
  async function search(ask: object, stepBytes: number): Promise<LogMatch[]> {
    const matches: LogMatch[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await searchLog(world.db, grant(), SearchLog.parse({ ...ask, ...(cursor ? { cursor } : {}) }), stepBytes);
      matches.push(...page.matches);
      if (page.nextCursor === null) return matches;
      cursor = page.nextCursor;
    }
  }

  it("finds every line that has the text, once, whatever the steps", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.constantFrom("loss", "é", "🚀", "ERROR", "0.5 "), fc.constantFrom(1, 20, 1_000_000), async (log, text, stepBytes) => {
        const { id } = await writeLog(log);
        const plain = (line: string) => line.replace(/\r$/, "");
        const naive = (["stdout", "stderr"] as const).flatMap((stream) => decode(bytesOf(log, stream)).split("\n").map(plain).filter((line) => line.includes(text)).map((line) => `${stream} ${line}`));
        const found = await search({ attemptId: id, text }, stepBytes);
        // What a chunk's end leaves incomplete is not text yet.
        const loose = (lines: string[]) => lines.map((line) => line.replace(/\ufffd+$/, "")).sort();
        expect(loose(found.map((match) => `${match.stream} ${match.text}`))).toEqual(loose(naive));
        const shown = linesOf((await allPages(id, { maxBytes: 1024 * 1024 })).flatMap(({ segments }) => segments));
        for (const match of found) expect(shown.some((line) => line.number === match.line + 1 && line.stream === match.stream && plain(line.text).replace(/\ufffd+$/, "") === match.text.replace(/\ufffd+$/, ""))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("takes a pattern, a level or both, and lower case for any case", async () => {
    const lines = ["step 1 loss=0.91", "WARNING: slow disk", "ValueError: bad shape", "step 2 LOSS=0.5", "all fine"];
    const { id } = await writeLog([{ stream: "stdout", bytes: Buffer.from(`${lines.join("\n")}\n`) }]);
    const find = async (ask: object) => (await search({ attemptId: id, text: "", ...ask }, 1e6)).map(({ line }) => line);
    expect(await find({ text: "loss=" })).toEqual([0, 3]);
    expect(await find({ text: "LOSS=" })).toEqual([3]);
    expect(await find({ text: "^step \\d+ .*=0\\.9", regex: true })).toEqual([0]);
    expect(await find({ level: "error" })).toEqual([2]);
    expect(await find({ level: "warn", text: "disk" })).toEqual([1]);
    expect(await find({ text: "loss", stream: "stderr" })).toEqual([]);
    await expect(search({ attemptId: id, text: "(a", regex: true }, 1e6)).rejects.toMatchObject({ code: "invalid", issues: [{ field: "text" }] });
    await expect(search({ attemptId: id, text: "" }, 1e6)).rejects.toMatchObject({ code: "invalid" });
  });

  it("takes a rank: only the lines that this process wrote, whatever others say about it", async () => {
    const lines = ["starting", "[rank 1] loss 0.9", "[rank 11] loss 0.8", "[rank 2] heard of [rank 1] loss", "[rank 1] done"];
    const { id } = await writeLog([{ stream: "stdout", bytes: Buffer.from(`${lines.join("\n")}\n`) }, { stream: "stderr", bytes: Buffer.from("[rank 1] a warning\n") }]);
    const find = async (ask: object) => (await search({ attemptId: id, text: "", rank: 1, ...ask }, 1e6)).map(({ line }) => line);
    expect(await find({})).toEqual([1, 4, 5]);
    expect(await find({ text: "loss" })).toEqual([1]);
    expect(await find({ level: "warn" })).toEqual([5]);
    expect(await find({ rank: 3 })).toEqual([]);
  });

  it("returns at most 200 matches a call and loses none of a chunk with more", async () => {
    const { id } = await writeLog([{ stream: "stdout", bytes: Buffer.from("hit\n".repeat(1000)) }]);
    const first = await searchLog(world.db, grant(), SearchLog.parse({ attemptId: id, text: "hit" }));
    expect(first).toMatchObject({ matches: { length: 200 }, nextCursor: "0.200" });
    expect((await search({ attemptId: id, text: "hit" }, 1e6)).map(({ line }) => line)).toEqual(Array.from({ length: 1000 }, (_, line) => line));
  });

  it("is linear for patterns that make others explode", async () => {
    const { id } = await writeLog([{ stream: "stdout", bytes: Buffer.from(`${"a".repeat(50_000)}!\n`) }]);
    expect(await search({ attemptId: id, text: "(a+)+$", regex: true }, 1e6)).toEqual([]);
  });
});
