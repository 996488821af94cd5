import type { z } from "zod";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import type { Bell } from "../backoff.ts";
import { failpoint } from "../failpoint.ts";
import type { ServerClient } from "../identity/client.ts";
import { Refused } from "../identity/refusals.ts";
import { AGENT_PATHS, LIMITS, type LogHeader, StreamOffsets, STREAMS } from "../protocol/messages.ts";
import { enforceCap, freeAcknowledged, sendFrom, sizeOf, type StreamName } from "../spool/cap.ts";
import { rankLogsOf } from "../spool/rank-logs.ts";
import type { Sources } from "../spool/sources.ts";
import { cutChunk, readRange } from "../spool/tail.ts";
import { forever } from "./loop.ts";

const LIVE_MS = 100;
const IDLE_MS = 1_000;
/** A line without an end is shown after this long. */
const PARTIAL_MS = 500;
const CAP_CHECK_MS = 1_000;

type ChunkHead = z.infer<typeof LogHeader>["chunks"][number];
interface Chunk {
  head: ChunkHead;
  bytes: Buffer;
}

/** The body of a log request: length of the header, the header, the bytes. */
export function logBody(chunks: readonly Chunk[]): Buffer {
  const header = Buffer.from(JSON.stringify({ chunks: chunks.map(({ head }) => head) }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  return Buffer.concat([length, header, ...chunks.map(({ bytes }) => bytes)]);
}

/** @param isTorn The bytes before these were dropped, perhaps in the middle of a secret. */
function redacted({ redactor }: AttemptRecord, bytes: Buffer, isTorn: boolean): Buffer {
  if (redactor.isEmpty) return bytes;
  const masked = redactor.mask(bytes);
  return isTorn ? redactor.maskLead(masked) : masked;
}

export interface LogsParts {
  client: ServerClient;
  supervisor: Supervisor;
  sources: Sources;
  /** Rung when an attempt ended. */
  bytes: Bell;
  capBytes: number;
  /** Told what the cap dropped. */
  onDrop: (record: AttemptRecord, bytes: number) => void;
}

/** Sends what jobs print, from where the server says it is. A slow server fills the spool, never a pipe. */
export class LogsLoop {
  private readonly parts: LogsParts;
  /** `<attempt> <stream>` → since when a partial line stands at this offset. */
  private readonly partial = new Map<string, { at: number; since: number }>();
  /**
   * `<attempt> <stream>` whose `next` the server told us and no lost answer has made doubtful since. Only against such an
   * offset a drop may be claimed: the server may have bytes that we dropped without having heard so.
   */
  private readonly sure = new Set<string>();
  private capCheckedAt = -Infinity;
  /** Only this attempt in the next request: one of the last request's was refused, and this finds out which. */
  private solo: string[] = [];

  constructor(parts: LogsParts) {
    this.parts = parts;
  }

  run(signal: AbortSignal): Promise<void> {
    return Promise.all([forever("logs", signal, () => this.turn(signal), this.parts.client.outage), forever("spool", signal, () => this.watchCap(signal))]).then(() => {});
  }

  async turn(signal: AbortSignal): Promise<void> {
    const chunks = await this.collect();
    if (chunks.length === 0) return this.rest(signal);
    const only = this.solo.shift();
    const sent = only === undefined ? chunks : chunks.filter(({ head }) => head.attemptId === only);
    if (sent.length === 0) return;
    failpoint("agent.logs.before-send");
    const reply = await this.send(sent, signal);
    failpoint("agent.logs.after-answer");
    await this.heed(reply);
  }

  private rest(signal: AbortSignal): Promise<void> {
    return this.parts.bytes.wait(this.parts.supervisor.running().length > 0 ? LIVE_MS : IDLE_MS, signal);
  }

  private async send(chunks: Chunk[], signal: AbortSignal): Promise<StreamOffsets> {
    try {
      const request = { path: AGENT_PATHS.logs, body: logBody(chunks), contentType: "application/x-drover-logs", signal };
      return await this.parts.client.parsed(await this.parts.client.send(request), StreamOffsets);
    } catch (error) {
      this.sure.clear(); // it may have been taken, and only the answer lost
      const ids = [...new Set(chunks.map(({ head }) => head.attemptId))];
      if (error instanceof Refused && ids.length > 1) this.solo = ids;
      throw error;
    }
  }

  private async heed(reply: StreamOffsets): Promise<void> {
    for (const { attemptId, stream, next } of reply.offsets) {
      const record = this.parts.supervisor.find(attemptId);
      if (!record) continue;
      const state = record.streams[stream];
      this.sure.add(`${attemptId} ${stream}`);
      state.next = next;
      await record.saveStreams();
      await freeAcknowledged(record, await this.parts.sources.of(record), stream);
    }
    for (const attemptId of reply.stale) await this.parts.supervisor.abandon(attemptId, "The server takes no more of its log: its fence is stale.");
  }

  /** Chunks for one request: of each stream in turn, until the body is full. */
  private async collect(): Promise<Chunk[]> {
    const records = this.parts.supervisor.records().filter((record) => !record.orphan);
    for (const record of records) if (!record.ended) await rankLogsOf(record)?.turn();
    const open = records.flatMap((record) => STREAMS.map((stream) => ({ record, stream, at: sendFrom(record, stream) })));
    const chunks: Chunk[] = [];
    let room = LIMITS.logBody - 256 * 1024; // the header's share
    let queue = open;
    while (queue.length > 0 && room >= LIMITS.logChunk && chunks.length < 1024) {
      const more: typeof queue = [];
      for (const each of queue) {
        if (room < LIMITS.logChunk || chunks.length >= 1024) break;
        const chunk = await this.chunkOf(each.record, each.stream, each.at);
        if (!chunk) continue;
        chunks.push(chunk);
        room -= chunk.bytes.length;
        if (!this.asks(each.record, each.stream)) more.push({ ...each, at: each.at + chunk.bytes.length });
      }
      queue = more;
    }
    return chunks;
  }

  /** The bytes before this stream's next chunk are gone, and what the server has of them is not known: one chunk asks. */
  private asks(record: AttemptRecord, stream: StreamName): boolean {
    return record.streams[stream].floor > record.streams[stream].next && !this.sure.has(`${record.id} ${stream}`);
  }

  private async chunkOf(record: AttemptRecord, stream: StreamName, at: number): Promise<Chunk | null> {
    const key = `${record.id} ${stream}`;
    const { redactor } = record;
    const { ended } = record; // before the read: what comes after it is then seen
    const bytes = await readRange(record.folder[stream], at, LIMITS.logChunk + redactor.longest);
    if (bytes.length === 0) {
      this.partial.delete(key);
      return null;
    }
    const wanted = cutChunk(bytes.subarray(0, LIMITS.logChunk), LIMITS.logChunk, ended || this.isOverdue(key, at));
    const take = redactor.takeOf(bytes, wanted, LIMITS.logChunk, ended);
    if (take === 0) return null;
    this.partial.delete(key);
    const { next } = record.streams[stream];
    const head: ChunkHead = {
      attemptId: record.id,
      fence: record.fence,
      stream,
      offset: at,
      length: take,
      at: this.parts.client.clock.now(),
      droppedBefore: at === record.streams[stream].floor && !this.asks(record, stream) ? Math.max(0, at - next) : 0,
    };
    return { head, bytes: redacted(record, bytes, at === record.streams[stream].floor && at > 0).subarray(0, take) };
  }

  private isOverdue(key: string, at: number): boolean {
    const known = this.partial.get(key);
    if (known?.at === at) return performance.now() - known.since >= PARTIAL_MS;
    this.partial.set(key, { at, since: performance.now() });
    return false;
  }

  private async watchCap(signal: AbortSignal): Promise<void> {
    const due = CAP_CHECK_MS - (performance.now() - this.capCheckedAt);
    if (due > 0) await new Promise<void>((resolve) => setTimeout(resolve, due));
    if (signal.aborted) return;
    this.capCheckedAt = performance.now();
    for (const record of this.parts.supervisor.records()) {
      const dropped = await enforceCap(record, await this.parts.sources.of(record), this.parts.capBytes, this.parts.client.clock.now());
      if (dropped > 0) this.parts.onDrop(record, dropped);
    }
  }

  /** Whether the server has every byte of an ended attempt. */
  static async isDone(record: AttemptRecord): Promise<boolean> {
    for (const stream of STREAMS) if (sendFrom(record, stream) < (await sizeOf(record.folder[stream]))) return false;
    return true;
  }
}
