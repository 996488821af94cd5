import { and, desc, eq, lte, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { attempts, logChunks, logHeads } from "../../../db/schema/experiments.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { LineCapper, StreamDecoder } from "../../../domain/experiments/log-text.ts";
import type { ReadLog } from "../../../domain/experiments/run-inputs.ts";
import type { LogPage } from "../../../domain/experiments/run-view.ts";
import { type LogChunk, readChunks } from "./log-chunks.ts";
import { getVisibleAttempt } from "./visible.ts";

type Stream = "stdout" | "stderr";
/** Share of a page around a line that lies before it. */
const LEAD = 0.3;

/** One page of an attempt's log. @throws DomainError "not_found" */
export async function readLogPage(db: DbOrTx, grant: Grant, ask: ReadLog): Promise<LogPage> {
  const attempt = await getVisibleAttempt(db, grant, ask.attemptId);
  const head = await findHead(db, attempt.id); // before the chunks: what was complete then is complete in this page
  const chunks = await findChunks(db, ask);
  const firstSeq = chunks[0]?.seq ?? null;
  const lastSeq = chunks.at(-1)?.seq ?? null;
  const edges = await findEdges(db, attempt.id, ask.stream, firstSeq ?? ask.before ?? (ask.after ?? -1) + 1, lastSeq ?? ask.after ?? (ask.before ?? 0) - 1);
  return {
    attemptId: attempt.id,
    totalLines: head.lines,
    totalBytes: head.bytes,
    segments: await toSegments(db, attempt.id, chunks, head.complete && !edges.hasAfter),
    firstSeq,
    lastSeq,
    ...edges,
    complete: head.complete,
  };
}

/** Whether a retention rule took a log away: only its size is left. */
export const logRemoved = sql<boolean>`${logHeads.nextSeq} = 0 and ${logHeads.bytes} > 0`;

export async function findHead(db: DbOrTx, attemptId: string) {
  const [head] = await db
    .select({ bytes: logHeads.bytes, lines: logHeads.lines, removed: logRemoved, drainedAt: attempts.drainedAt, status: attempts.status })
    .from(attempts)
    .leftJoin(logHeads, eq(logHeads.attemptId, attempts.id))
    .where(eq(attempts.id, attemptId));
  // A lost attempt's fence is refused from then on: nothing more will come of it either.
  return { bytes: head?.bytes ?? 0, lines: head?.lines ?? 0, removed: head?.removed === true, complete: head?.drainedAt != null || head?.status === "lost" };
}

async function findChunks(db: DbOrTx, ask: ReadLog): Promise<LogChunk[]> {
  const { attemptId, stream, maxBytes } = ask;
  const window = { attemptId, stream };
  if (ask.tail) return readChunks(db, { ...window, before: 2_147_483_647, maxBytes });
  if (ask.aroundLine !== undefined) {
    const seq = await seqOfLine(db, attemptId, ask.aroundLine);
    const lead = await readChunks(db, { ...window, before: seq, maxBytes: Math.floor(maxBytes * LEAD) });
    const leadBytes = lead.reduce((sum, chunk) => sum + chunk.length, 0);
    const fits = leadBytes <= maxBytes * LEAD ? lead : []; // at least one chunk always comes back, however large
    return [...fits, ...(await readChunks(db, { ...window, after: seq - 1, maxBytes: maxBytes - (fits.length > 0 ? leadBytes : 0) }))];
  }
  if (ask.before !== undefined) return readChunks(db, { ...window, before: ask.before, maxBytes });
  return readChunks(db, { ...window, after: ask.after ?? -1, maxBytes });
}

/** The chunk in which a line closes (or the last one): no later chunk has so few newlines before it. The sparse index makes it one probe. */
async function seqOfLine(db: DbOrTx, attemptId: string, line: number): Promise<number> {
  const [found] = await db
    .select({ seq: logChunks.seq })
    .from(logChunks)
    .where(and(eq(logChunks.attemptId, attemptId), lte(logChunks.line, line)))
    .orderBy(desc(logChunks.line), desc(logChunks.seq))
    .limit(1);
  return found?.seq ?? 0;
}

async function findEdges(db: DbOrTx, attemptId: string, stream: Stream | undefined, first: number, last: number): Promise<{ hasBefore: boolean; hasAfter: boolean }> {
  const ofStream = stream ? sql`and ${logChunks.stream} = ${stream}` : sql``;
  const any = (beyond: ReturnType<typeof sql>) => sql`exists (select 1 from ${logChunks} where ${logChunks.attemptId} = ${attemptId} ${ofStream} and ${beyond})`;
  const [row] = await db.execute<{ before: boolean; after: boolean }>(sql`select ${any(sql`${logChunks.seq} < ${first}`)} as before, ${any(sql`${logChunks.seq} > ${last}`)} as after`);
  return { hasBefore: row!.before, hasAfter: row!.after };
}

async function toSegments(db: DbOrTx, attemptId: string, chunks: LogChunk[], atEnd: boolean): Promise<LogPage["segments"]> {
  const streams = new Map<Stream, { decoder: StreamDecoder; capper: LineCapper; last: number }>();
  for (const stream of ["stdout", "stderr"] as const) {
    const first = chunks.find((chunk) => chunk.stream === stream);
    if (first) streams.set(stream, { decoder: new StreamDecoder(await bytesBefore(db, attemptId, first)), capper: new LineCapper(), last: -1 });
  }
  const segments = chunks.map((chunk, index) => {
    const state = streams.get(chunk.stream)!;
    state.last = index;
    const broken = chunk.droppedBefore > 0 ? state.decoder.end() : "";
    return { seq: chunk.seq, stream: chunk.stream, line: chunk.line, at: chunk.at, droppedBefore: chunk.droppedBefore, text: state.capper.push(broken + state.decoder.push(chunk.bytes)) };
  });
  if (atEnd) for (const { decoder, capper, last } of streams.values()) segments[last]!.text += capper.push(decoder.end());
  return segments;
}

/** The three bytes before a chunk in its stream: a character may have begun there. */
export async function bytesBefore(db: DbOrTx, attemptId: string, chunk: Pick<LogChunk, "seq" | "stream" | "offset" | "droppedBefore">): Promise<Uint8Array> {
  if (chunk.offset === 0 || chunk.droppedBefore > 0) return new Uint8Array(0);
  const before = await readChunks(db, { attemptId, before: chunk.seq, stream: chunk.stream, maxBytes: 3 });
  const last = before.at(-1);
  if (!last) return new Uint8Array(0);
  if (last.length >= 3 || before.length > 1) return Buffer.concat(before.map(({ bytes }) => bytes)).subarray(-3);
  return Buffer.concat([await bytesBefore(db, attemptId, last), last.bytes]).subarray(-3);
}
