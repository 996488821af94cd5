import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { attempts } from "../../db/schema/experiments.ts";
import { bus } from "../bus.ts";
import { archiveLog } from "./commands/archive.ts";
import { ingestLogs } from "./commands/log-ingest.ts";
import { objectStore } from "./object-store.ts";
import { type LogSearchPage, SEARCH_STEP_BYTES } from "./queries/log-search.ts";
import { logBytes } from "./queries/log-stream.ts";
import { type TestWorld, testWorld } from "./testing.ts";

const MIB = 1024 * 1024;
const CHUNKS = 1024;
const LINE = 128;
const LINES = MIB / LINE;
const PAGE = 256 * 1024;

/** Lines of one width, each with its own number. */
const textOf = (chunk: number): string => Array.from({ length: LINES }, (_, at) => `${`line ${chunk * LINES + at} step loss=0.5 `.padEnd(LINE - 1, ".")}\n`).join("");

let world: TestWorld;
let attemptId: string;
beforeAll(async () => {
  world = await testWorld();
  const cluster = await world.makeCluster(world.org.id, "box");
  const run = await world.makeRun({ status: "running", clusterId: cluster.id });
  const { id, fence } = await world.makeAttempt(run, cluster.id, { status: "running" });
  for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
    const bytes = Buffer.from(textOf(chunk));
    await ingestLogs(world.sql, cluster.id, [{ attemptId: id, fence: String(fence), stream: "stdout", offset: chunk * MIB, length: bytes.length, at: Date.now(), droppedBefore: 0, bytes }]);
  }
  await world.db.update(attempts).set({ status: "ended", drainedAt: new Date() }).where(eq(attempts.id, id));
  attemptId = id;
}, 240_000);
afterAll(() => world.close());

/** What was read of the archive, in bytes. */
function readBytes(): () => number {
  const get = vi.spyOn(objectStore(), "get");
  return () => get.mock.calls.reduce((sum, [, range]) => sum + (range ? range.end - range.start + 1 : Infinity), 0);
}

describe("a log of one gigabyte", () => {
  it.each([{ where: "in the database", archived: false }, { where: "archived", archived: true }])("is opened $where at its end, and at any line, with what is shown and no more", async ({ archived }) => {
    if (archived) expect(await archiveLog(world.sql, bus(), objectStore(), attemptId)).toBe(true);
    const read = readBytes();
    const ends = [{ tail: true, shows: CHUNKS * LINES - 1 }, { after: -1, shows: 0 }, ...[1, 5_000_000, CHUNKS * LINES - 2].map((line) => ({ aroundLine: line, shows: line }))];
    for (const { shows, ...where } of ends) {
      const page = await world.owner.api.experiments.logPage({ attemptId, maxBytes: PAGE, ...where });
      expect(page).toMatchObject({ totalBytes: CHUNKS * MIB, totalLines: CHUNKS * LINES });
      const text = page.segments.map((segment) => segment.text).join("");
      expect(text).toContain(`line ${shows} `);
      expect(text.length).toBeLessThanOrEqual(2 * MIB); // pieces are as the agent sent them: one before the line, one with it
    }
    expect(read()).toBeLessThan(archived ? 8 * MIB : 1);
  }, 120_000);

  it("is searched to its last line in steps of bounded size", async () => {
    const last = CHUNKS * LINES - 1;
    const found: number[] = [];
    let cursor: string | null = null;
    let steps = 0;
    do {
      const page: LogSearchPage = await world.owner.api.experiments.logSearch({ attemptId, text: `line ${last} `, ...(cursor === null ? {} : { cursor }) });
      expect(page.scannedBytes).toBeLessThanOrEqual(SEARCH_STEP_BYTES);
      found.push(...page.matches.map(({ line }) => line));
      cursor = page.nextCursor;
      steps += 1;
    } while (cursor !== null);
    expect(found).toEqual([last]);
    expect(steps).toBeGreaterThanOrEqual((CHUNKS * MIB) / SEARCH_STEP_BYTES);
  }, 120_000);

  it("is downloaded whole, a piece at a time", async () => {
    let bytes = 0;
    let largest = 0;
    for await (const piece of logBytes(world.db, { id: attemptId })) {
      bytes += piece.length;
      largest = Math.max(largest, piece.length);
    }
    expect([bytes, largest]).toEqual([CHUNKS * MIB, MIB]);
  }, 120_000);
});
