import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { attempts, logChunks, logHeads, objects } from "../../../db/schema/experiments.ts";
import { readObject } from "./objects.ts";

const unzip = promisify(zstdDecompress);

/** A chunk with its raw bytes. */
export interface LogChunk {
  seq: number;
  stream: "stdout" | "stderr";
  offset: number;
  length: number;
  line: number;
  lines: number;
  /** Unix ms. */
  at: number;
  droppedBefore: number;
  bytes: Uint8Array;
}

interface ChunkRow extends Record<string, unknown> {
  seq: number;
  stream: "stdout" | "stderr";
  offset: number;
  length: number;
  line: number;
  lines: number;
  at: number;
  dropped_before: number;
  body: Buffer | null;
  archive_offset: number | null;
  archive_length: number | null;
  archive_sha256: string | null;
  archive_key: string | null;
}

export interface ChunkWindow {
  attemptId: string;
  /** Exclusive. */
  after?: number;
  /** Exclusive; reads backwards from there. */
  before?: number;
  stream?: "stdout" | "stderr" | undefined;
  /** Raw bytes at most, but always one chunk. */
  maxBytes: number;
}

/** Chunks per read: a job that flushes every line makes tiny ones. */
const MAX_CHUNKS = 2000;

/**
 * Chunks next to a place in the log, in order. Only as many rows are read as their lengths allow, so the cost is that of
 * the page wherever it lies in a log of whatever size. Bodies come from the row, or from the archive once they moved there.
 */
export async function readChunks(db: DbOrTx, { attemptId, after, before, stream, maxBytes }: ChunkWindow): Promise<LogChunk[]> {
  const backwards = before !== undefined;
  const order: SQL = backwards ? sql`desc` : sql`asc`;
  const c = logChunks;
  const rows = await db.execute<ChunkRow>(sql`
    select seq, stream, "offset"::float8 as "offset", length, line::float8 as line, lines, (extract(epoch from at) * 1000)::float8 as at, dropped_before::float8 as dropped_before,
           body, archive_offset::float8 as archive_offset, archive_length, archive.sha256 as archive_sha256, archive.key as archive_key
    from (
      select *, sum(length) over (order by seq ${order}) - length as bytes_before
      from (
        select * from ${c} where ${c.attemptId} = ${attemptId}
          ${after === undefined ? sql`` : sql`and ${c.seq} > ${after}`} ${backwards ? sql`and ${c.seq} < ${before}` : sql``} ${stream ? sql`and ${c.stream} = ${stream}` : sql``}
        order by ${c.seq} ${order} limit ${MAX_CHUNKS}
      ) near
    ) counted
    left join (
      select ${objects.sha256}, ${objects.key} from ${logHeads} join ${attempts} on ${attempts.id} = ${logHeads.attemptId}
      join ${objects} on ${objects.orgId} = ${attempts.orgId} and ${objects.sha256} = ${logHeads.archiveSha256} where ${logHeads.attemptId} = ${attemptId}
    ) archive on true
    where bytes_before = 0 or bytes_before + length <= ${maxBytes}
    order by seq`);
  return withBodies([...rows]);
}

async function withBodies(rows: ChunkRow[]): Promise<LogChunk[]> {
  const archived = rows.filter((row) => row.body === null);
  const bodies = new Map<number, Uint8Array>(rows.flatMap((row) => (row.body ? [[row.seq, row.body] as const] : [])));
  if (archived.length > 0) for (const [seq, body] of await archivedBodies(archived)) bodies.set(seq, body);
  return Promise.all(
    rows.map(async (row) => ({
      seq: row.seq,
      stream: row.stream,
      offset: row.offset,
      length: row.length,
      line: row.line,
      lines: row.lines,
      at: Math.round(row.at),
      droppedBefore: row.dropped_before,
      bytes: row.length > 0 ? await unzip(bodies.get(row.seq)!) : new Uint8Array(0),
    })),
  );
}

/** Neighbouring chunks lie side by side in the archive: one read for each stretch. */
async function archivedBodies(rows: ChunkRow[]): Promise<Map<number, Uint8Array>> {
  const bodies = new Map<number, Uint8Array>();
  const stretches: ChunkRow[][] = [];
  for (const row of rows.sort((a, b) => a.archive_offset! - b.archive_offset!)) {
    const last = stretches.at(-1)?.at(-1);
    const end = last ? last.archive_offset! + last.archive_length! : -1;
    if (end === row.archive_offset) stretches.at(-1)!.push(row);
    else stretches.push([row]);
  }
  for (const stretch of stretches) {
    const start = stretch[0]!.archive_offset!;
    const end = stretch.at(-1)!.archive_offset! + stretch.at(-1)!.archive_length!;
    const bytes = await readObject({ sha256: stretch[0]!.archive_sha256!, key: stretch[0]!.archive_key }, start, end);
    for (const row of stretch) bodies.set(row.seq, bytes.subarray(row.archive_offset! - start, row.archive_offset! - start + row.archive_length!));
  }
  return bodies;
}
