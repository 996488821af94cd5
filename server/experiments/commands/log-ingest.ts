import { constants, zstdCompressSync } from "node:zlib";
import type { Sql, TransactionSql } from "postgres";
import type { z } from "zod";
import type { LogHeader, StreamOffsets } from "../../../agent/protocol/messages.ts";
import type { Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";

type ChunkHeader = z.infer<typeof LogHeader>["chunks"][number];
type Stream = ChunkHeader["stream"];

/** A chunk as it arrived. */
export interface ArrivedChunk extends ChunkHeader {
  bytes: Uint8Array;
}

/** Half a millisecond for the largest chunk: less than it costs to hand it to another thread and back. */
const zip = (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 }, pledgedSrcSize: bytes.length });

interface Head {
  attempt_id: string;
  next_seq: number;
  stdout_next: number;
  stderr_next: number;
  bytes: number;
  lines: number;
}

interface Row extends ArrivedChunk {
  seq: number;
  start: number;
  line: number;
  lines: number;
  body: Uint8Array;
}

/**
 * Stores log chunks, each byte once and in order. Per (attempt, stream) only the next offset is taken, or a jump of exactly
 * the bytes that were dropped; what overlaps is cut, what is already here is skipped. So repeats and reordered requests are
 * harmless, and the answer always says where to go on. One transaction for all attempts of a request.
 * @returns next offsets, attempts whose fence is dead, and what to publish.
 */
export async function ingestLogs(sql: Sql, clusterId: string, chunks: ArrivedChunk[]): Promise<Pick<z.infer<typeof StreamOffsets>, "offsets" | "stale"> & { changes: Change[] }> {
  const bodies = chunks.map(({ bytes }) => zip(bytes)); // before the transaction: no lock is held meanwhile
  const result = await sql.begin(async (tx) => {
    const ids = [...new Set(chunks.map(({ attemptId }) => attemptId))].sort();
    const heads = await lockHeads(tx, ids, clusterId);
    const alive = new Map((await tx<{ id: string; fence: string; org_id: string; run_id: string }[]>`
      select id, fence::text, org_id, run_id from attempts where id = any(${ids}::text[]) and cluster_id = ${clusterId} and status <> 'lost'`).map((row) => [row.id, row]));
    const stale = new Set<string>();
    const rows: Row[] = [];
    for (const [at, chunk] of chunks.entries()) {
      const head = heads.get(chunk.attemptId);
      if (!head || alive.get(chunk.attemptId)?.fence !== chunk.fence) stale.add(chunk.attemptId);
      else {
        const row = accept(head, chunk, bodies[at]!);
        if (row) rows.push(row);
      }
    }
    if (rows.length > 0) await store(tx, rows, heads);
    failpoint("server.logs.before-commit");
    const wrote = new Set(rows.map(({ attemptId }) => attemptId));
    const changes = [...wrote].map((id): Change => ({ orgId: alive.get(id)!.org_id, topic: "attempt-log", id: alive.get(id)!.run_id }));
    return { offsets: offsetsOf(chunks, heads, stale), stale: [...stale], changes };
  });
  failpoint("server.logs.after-commit");
  return result;
}

/** One row per attempt, locked in one order. An archived log has no head to write to any more. */
async function lockHeads(tx: TransactionSql, ids: string[], clusterId: string): Promise<Map<string, Head>> {
  const lock = () => tx<Head[]>`
    select attempt_id, next_seq, stdout_next::float8, stderr_next::float8, bytes::float8, lines::float8 from log_heads
    where attempt_id = any(${ids}::text[]) and archive_sha256 is null order by attempt_id for update`;
  let rows = await lock();
  if (rows.length < ids.length) {
    await tx`insert into log_heads (attempt_id) select id from attempts where id = any(${ids}::text[]) and cluster_id = ${clusterId} order by id on conflict do nothing`;
    rows = await lock();
  }
  return new Map(rows.map((row) => [row.attempt_id, row]));
}

const nextOf = (head: Head, stream: Stream) => (stream === "stdout" ? head.stdout_next : head.stderr_next);

/** Changes `head`. null: nothing new in it, or a gap before it. */
function accept(head: Head, chunk: ArrivedChunk, whole: Uint8Array): Row | null {
  const next = nextOf(head, chunk.stream);
  const end = chunk.offset + chunk.length;
  if (end <= next) return null;
  const jumps = chunk.offset > next;
  if (jumps && chunk.offset - next !== chunk.droppedBefore) return null;
  const cut = jumps ? 0 : next - chunk.offset;
  const bytes = cut > 0 ? chunk.bytes.subarray(cut) : chunk.bytes;
  const row: Row = {
    ...chunk,
    offset: chunk.offset + cut,
    length: bytes.length,
    droppedBefore: jumps ? chunk.droppedBefore : 0,
    bytes,
    body: cut > 0 ? zip(bytes) : whole,
    seq: head.next_seq,
    start: head.bytes,
    line: head.lines,
    lines: newlines(bytes),
  };
  head.next_seq += 1;
  head.bytes += row.length;
  head.lines += row.lines;
  if (chunk.stream === "stdout") head.stdout_next = end;
  else head.stderr_next = end;
  return row;
}

function newlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}

/**
 * Two statements of constant text however many rows. The bodies travel as one value, cut apart by the database, in base64:
 * a third less than as bytea. (COPY would send them as they are, but costs this driver 40 ms of waiting each time.)
 */
async function store(tx: TransactionSql, rows: Row[], heads: Map<string, Head>): Promise<void> {
  let position = 1;
  const positions = rows.map(({ body }) => {
    const at = position;
    position += body.length;
    return at;
  });
  const column = <Value>(of: (row: Row) => Value) => rows.map(of);
  const all = Buffer.concat(column(({ body }) => body), position - 1).toString("base64");
  await tx`
    insert into log_chunks (attempt_id, seq, stream, "offset", length, start, line, lines, at, dropped_before, body)
    select attempt_id, seq, stream, "offset", length, start, line, lines, least(now(), to_timestamp(at / 1000)), dropped_before, substring(bytes from position for size)
    from (select decode(${all}::text, 'base64') as bytes offset 0) as sent, unnest(${column((row) => row.attemptId)}::text[], ${column((row) => row.seq)}::int[], ${column((row) => row.stream)}::text[], ${column((row) => row.offset)}::bigint[],
      ${column((row) => row.length)}::int[], ${column((row) => row.start)}::bigint[], ${column((row) => row.line)}::bigint[], ${column((row) => row.lines)}::int[],
      ${column((row) => row.at)}::float8[], ${column((row) => row.droppedBefore)}::bigint[], ${positions}::int[], ${column((row) => row.body.length)}::int[])
      as fresh (attempt_id, seq, stream, "offset", length, start, line, lines, at, dropped_before, position, size)`;
  const touched = [...new Set(rows.map(({ attemptId }) => attemptId))].map((id) => heads.get(id)!);
  await tx`
    update log_heads set next_seq = fresh.next_seq, stdout_next = fresh.stdout_next, stderr_next = fresh.stderr_next, bytes = fresh.bytes, lines = fresh.lines
    from unnest(${touched.map((head) => head.attempt_id)}::text[], ${touched.map((head) => head.next_seq)}::int[], ${touched.map((head) => head.stdout_next)}::bigint[],
      ${touched.map((head) => head.stderr_next)}::bigint[], ${touched.map((head) => head.bytes)}::bigint[], ${touched.map((head) => head.lines)}::bigint[])
      as fresh (attempt_id, next_seq, stdout_next, stderr_next, bytes, lines)
    where log_heads.attempt_id = fresh.attempt_id`;
}

function offsetsOf(chunks: ArrivedChunk[], heads: Map<string, Head>, stale: ReadonlySet<string>) {
  const named = new Map(chunks.map(({ attemptId, stream }) => [`${attemptId} ${stream}`, { attemptId, stream }]));
  return [...named.values()].filter(({ attemptId }) => !stale.has(attemptId)).map(({ attemptId, stream }) => ({ attemptId, stream, next: nextOf(heads.get(attemptId)!, stream) }));
}
