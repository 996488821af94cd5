import type { Sql } from "postgres";
import type { Bus } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";
import type { ObjectStore } from "../object-store.ts";

const PAGE = 64;

interface Placed {
  seq: number;
  offset: number;
  length: number;
}

/**
 * The log of an attempt that gets no more bytes becomes one object: its compressed chunks one after another, which is itself
 * a zstd file. Rows keep where their piece lies; their bodies go only once the object is durable. May be repeated at any point.
 * @returns whether it archived something.
 */
export async function archiveLog(sql: Sql, bus: Bus, objects: ObjectStore, attemptId: string): Promise<boolean> {
  failpoint("worker.archive.begin");
  const [attempt] = await sql<{ org_id: string; run_id: string }[]>`
    select a.org_id, a.run_id from attempts a join log_heads h on h.attempt_id = a.id
    where a.id = ${attemptId} and a.drained_at is not null and h.archive_sha256 is null and h.next_seq > 0`;
  if (!attempt) return false;
  const placed: Placed[] = [];
  const { sha256, bytes, key } = await objects.put(attempt.org_id, bodies(sql, attemptId, placed));
  failpoint("worker.archive.after-object");
  const done = await sql.begin(async (tx) => {
    const [head] = await tx<{ next_seq: number }[]>`select next_seq from log_heads where attempt_id = ${attemptId} and archive_sha256 is null for update`;
    if (!head || placed.length === 0 || head.next_seq !== placed.length) return false; // archived or removed already, or a chunk came meanwhile: the next try takes it all
    await tx`insert into objects (org_id, sha256, bytes, kind, key) values (${attempt.org_id}, ${sha256}, ${bytes}, 'log', ${key}) on conflict (org_id, sha256) do update set touched_at = now()`;
    await tx`
      update log_chunks set archive_offset = fresh.at, archive_length = fresh.size, body = null
      from unnest(${placed.map((one) => one.seq)}::int[], ${placed.map((one) => one.offset)}::bigint[], ${placed.map((one) => one.length)}::int[]) as fresh (seq, at, size)
      where log_chunks.attempt_id = ${attemptId} and log_chunks.seq = fresh.seq`;
    await tx`update log_heads set archive_sha256 = ${sha256} where attempt_id = ${attemptId}`;
    failpoint("worker.archive.before-commit");
    return true;
  });
  failpoint("worker.archive.after-commit");
  if (done) bus.publish({ orgId: attempt.org_id, topic: "attempt-log", id: attempt.run_id });
  return done;
}

/** Page by page, so that a log of any size needs little memory. */
async function* bodies(sql: Sql, attemptId: string, placed: Placed[]): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (;;) {
    const rows = await sql<{ seq: number; body: Buffer }[]>`select seq, body from log_chunks where attempt_id = ${attemptId} and seq > ${placed.at(-1)?.seq ?? -1} and body is not null order by seq limit ${PAGE}`;
    for (const { seq, body } of rows) {
      placed.push({ seq, offset, length: body.length });
      offset += body.length;
      yield body;
    }
    if (rows.length < PAGE) return;
  }
}

/** Attempts whose log waits for its archive, should their job have got lost. */
export async function listUnarchived(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select a.id from log_heads h join attempts a on a.id = h.attempt_id
    where h.archive_sha256 is null and h.next_seq > 0 and a.drained_at < now() - interval '2 minutes' order by a.drained_at limit ${limit}`;
  return rows.map(({ id }) => id);
}
