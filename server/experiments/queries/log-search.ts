import { RE2JS } from "re2js";
import { rankLabel } from "../../../agent/protocol/ranks.ts";
import type { DbOrTx } from "../../../db/client.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { guessLevel } from "../../../domain/experiments/log-level.ts";
import { StreamDecoder } from "../../../domain/experiments/log-text.ts";
import type { SearchLog } from "../../../domain/experiments/run-inputs.ts";
import type { LogMatch } from "../../../domain/experiments/run-view.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { type LogChunk, readChunks } from "./log-chunks.ts";
import { bytesBefore, findHead } from "./log-page.ts";
import { getVisibleAttempt } from "./visible.ts";

/** Raw bytes that one call looks at; the caller goes on with the cursor. */
export const SEARCH_STEP_BYTES = 32 * 1024 * 1024;
const READ_BYTES = 2 * 1024 * 1024;
const MAX_MATCHES = 200;
/** A line is searched up to here, and lines that began in an earlier step are read again up to here. */
const MAX_LINE = 64 * 1024;
const MATCH_SHOWN = 1000;

export interface LogSearchPage {
  matches: LogMatch[];
  /** null: the end of what is stored was reached. */
  nextCursor: string | null;
  scannedBytes: number;
}

/** An unfinished line of one stream: its text so far and the chunk it began in, -1 before its first character. */
interface OpenLine {
  decoder: StreamDecoder;
  text: string;
  seq: number;
}
interface Place {
  attemptId: string;
  stream: LogMatch["stream"] | undefined;
}
const STREAMS = ["stdout", "stderr"] as const;

/**
 * Lines that match, from the cursor on: at most `stepBytes` of log or 200 matches a call, whatever the log's size.
 * A line's number is that of the newline that closes it, counted from 0 over both streams.
 */
export async function searchLog(db: DbOrTx, grant: Grant, ask: SearchLog, stepBytes = SEARCH_STEP_BYTES): Promise<LogSearchPage> {
  const attempt = await getVisibleAttempt(db, grant, ask.attemptId);
  const place: Place = { attemptId: attempt.id, stream: ask.stream };
  const search = new LineSearch(ask);
  let [next, skip] = (ask.cursor ?? "0").split(".").map(Number) as [number, number | undefined];
  let scannedBytes = 0;
  while (scannedBytes < stepBytes) {
    const chunks = await readChunks(db, { ...place, after: next - 1, maxBytes: Math.min(READ_BYTES, stepBytes - scannedBytes) });
    for (const chunk of chunks) {
      if (!search.open.has(chunk.stream) || chunk.droppedBefore > 0) search.open.set(chunk.stream, await lineBefore(db, place, chunk));
      const stopped = search.scan(chunk, skip);
      if (stopped !== null) return { matches: search.matches, nextCursor: `${chunk.seq}.${stopped}`, scannedBytes };
      scannedBytes += chunk.length;
      next = chunk.seq + 1;
      skip = undefined;
    }
    if (chunks.length === 0) return { matches: await matchesToEnd(db, place, search, next), nextCursor: null, scannedBytes };
    await new Promise(setImmediate); // other requests go between
  }
  return { matches: search.matches, nextCursor: String(next), scannedBytes };
}

/** With each stream's last line, which nothing closes yet: numbered as if it closed now. */
async function matchesToEnd(db: DbOrTx, place: Place, search: LineSearch, next: number): Promise<LogMatch[]> {
  const head = await findHead(db, place.attemptId);
  let number = head.lines;
  for (const stream of STREAMS) {
    if (place.stream && place.stream !== stream) continue;
    const last = search.open.get(stream) ?? (await lineBefore(db, place, { seq: next, stream, offset: 1, droppedBefore: 0 }));
    if (head.complete) last.text += last.decoder.end();
    if (last.text) search.check(last, number++, stream);
  }
  return search.matches;
}

class LineSearch {
  readonly matches: LogMatch[] = [];
  readonly open = new Map<LogMatch["stream"], OpenLine>();
  private readonly found: (line: string) => number;
  private readonly mayHold: (text: string) => boolean;

  constructor(ask: SearchLog) {
    this.found = matcher(ask);
    const literal = ask.regex ? () => 0 : literalMatcher(ask.text);
    this.mayHold = (text) => literal(text) >= 0;
  }

  check(line: OpenLine, number: number, stream: LogMatch["stream"]): void {
    const text = line.text.endsWith("\r") ? line.text.slice(0, -1) : line.text;
    const at = this.found(text);
    if (at >= 0) this.matches.push({ seq: line.seq, line: number, stream, text: excerpt(text, at) });
  }

  /** @param skip Lines of the chunk that an earlier call looked at. @returns how many were, when there are enough matches; null at its end. */
  scan(chunk: LogChunk, skip = 0): number | null {
    let stopped: number | null = null;
    const open = this.open.get(chunk.stream)!;
    const text = open.decoder.push(chunk.bytes);
    if (!this.mayHold(open.text + text)) return leap(open, chunk.seq, text);
    goOn(open, chunk.seq, text, (line, newlines) => {
      if (newlines < skip) return true;
      this.check(line, chunk.line + newlines, chunk.stream);
      if (this.matches.length < MAX_MATCHES) return true;
      stopped = newlines + 1;
      return false;
    });
    return stopped;
  }
}

/** Reads a stream on through its next chunk without a look at its lines. */
function leap(open: OpenLine, seq: number, text: string): null {
  const end = text.lastIndexOf("\n");
  if (end >= 0) Object.assign(open, { text: "", seq: -1 });
  goOn(open, seq, text.slice(end + 1), () => true);
  return null;
}

/** Reads a stream on through the text of its next chunk. `closed` gets every line that closes there, and how many did before it; false stops. */
function goOn(open: OpenLine, seq: number, text: string, closed: (line: OpenLine, newlines: number) => boolean): void {
  for (let at = 0, newlines = 0; ; newlines++) {
    const end = text.indexOf("\n", at);
    const piece = text.slice(at, end < 0 ? undefined : end);
    if (open.seq < 0 && (piece || end >= 0)) open.seq = seq;
    if (open.text.length < MAX_LINE) open.text += piece.slice(0, MAX_LINE - open.text.length);
    if (end < 0 || !closed(open, newlines)) return;
    at = end + 1;
    Object.assign(open, { text: "", seq: -1 });
  }
}

/** The unfinished line that a chunk goes on with, read again from the chunks before it. */
async function lineBefore(db: DbOrTx, place: Place, chunk: Pick<LogChunk, "seq" | "stream" | "offset" | "droppedBefore">): Promise<OpenLine> {
  const fresh = { decoder: new StreamDecoder(), text: "", seq: -1 };
  if (chunk.offset === 0 || chunk.droppedBefore > 0) return fresh;
  const earlier = await readChunks(db, { ...place, stream: chunk.stream, before: chunk.seq, maxBytes: MAX_LINE });
  const from = earlier.findLastIndex((one) => one.lines > 0 || one.droppedBefore > 0);
  const line: OpenLine = { ...fresh, decoder: new StreamDecoder(earlier[0] ? await bytesBefore(db, place.attemptId, earlier[0]) : undefined) };
  for (const one of earlier.slice(0, Math.max(from, 0))) line.decoder.push(one.bytes);
  for (const one of earlier.slice(Math.max(from, 0))) goOn(line, one.seq, line.decoder.push(one.bytes), () => true);
  return line;
}

/** @returns where the line matches, -1 where it does not. @throws DomainError "invalid" for a bad pattern. */
function matcher({ text, regex, level, rank }: SearchLog): (line: string) => number {
  if (!text && !level && rank === undefined) throw new DomainError("invalid", "Say what to search for.", { issues: [{ field: "text", message: "Say what to search for, or choose a level or a rank." }] });
  const label = rank === undefined ? "" : rankLabel(rank);
  const inText = regex && text ? regexMatcher(text) : literalMatcher(text);
  return (line) => {
    if (!line.startsWith(label)) return -1;
    const at = inText(line);
    return at >= 0 && (!level || guessLevel(line) === level) ? at : -1;
  };
}

/** Lower-case text is found in any case; a capital in it asks for exactly that. */
function literalMatcher(text: string): (line: string) => number {
  const anyCase = text === text.toLowerCase();
  return (line) => (anyCase ? line.toLowerCase() : line).indexOf(text);
}

function regexMatcher(pattern: string): (line: string) => number {
  const flags = pattern === pattern.toLowerCase() ? RE2JS.CASE_INSENSITIVE : 0;
  try {
    const compiled = RE2JS.compile(pattern, flags);
    return (line) => {
      if (!compiled.test(line)) return -1;
      const match = compiled.matcher(line);
      return match.find() ? match.start() : 0;
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DomainError("invalid", `The pattern is not RE2: ${message}`, { issues: [{ field: "text", message: `Not a pattern: ${message}. Patterns use RE2 syntax, without look-around and back-references.` }] });
  }
}

function excerpt(line: string, at: number): string {
  if (line.length <= MATCH_SHOWN) return line;
  const from = Math.max(0, Math.min(at - 200, line.length - MATCH_SHOWN));
  return `${from > 0 ? "…" : ""}${line.slice(from, from + MATCH_SHOWN)}${from + MATCH_SHOWN < line.length ? "…" : ""}`;
}
