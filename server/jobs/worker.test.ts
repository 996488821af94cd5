import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { place, testPlane, type TestPlane } from "../agents/testing.ts";
import { closeJobs, openJobs } from "./queue.ts";
import { startWorker } from "./worker.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await testPlane();
});
afterAll(() => plane.close());

it("does the rest of the housekeeping where one chore fails: in a store that may not list its open uploads logs are archived all the same", async () => {
  const { cluster } = await plane.makeAgent();
  const attempt = await place(plane, await plane.makeRun(), cluster.id);
  await plane.sql`update attempts set status = 'ended', ended_at = now(), drained_at = now() - interval '1 hour' where id = ${attempt.id}`;
  await plane.sql`insert into log_heads (attempt_id, next_seq, stdout_next, bytes) values (${attempt.id}, 1, 3, 3) on conflict (attempt_id) do update set next_seq = 1, stdout_next = 3, bytes = 3`;
  await plane.sql`insert into log_chunks (attempt_id, seq, stream, "offset", length, start, line, lines, at, body) values (${attempt.id}, 0, 'stdout', 0, 3, 0, 0, 0, now(), ${zstdCompressSync(Buffer.from("log"))})`;
  let refused = 0;
  const sweep = async () => {
    refused += 1;
    throw new Error("AccessDenied");
  };
  const worker = await startWorker({ ...plane, objects: { ...plane.objects, sweep } }, await openJobs(plane.database.url, "worker"));
  try {
    await expect.poll(async () => (await plane.sql`select archive_sha256 from log_heads where attempt_id = ${attempt.id} and archive_sha256 is not null`).length, { timeout: 20_000 }).toBe(1);
    expect(refused).toBeGreaterThan(0);
  } finally {
    await closeJobs();
    await worker.stop();
  }
});
