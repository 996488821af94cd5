import { RE2JS } from "re2js";
import type { DbOrTx } from "../../../db/client.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { guessLevel } from "../../../domain/experiments/log-level.ts";
import { StreamDecoder } from "../../../domain/experiments/log-text.ts";
import type { SearchLog } from "../../../domain/experiments/run-inputs.ts";
import type { LogMatch } from "../../../domain/experiments/run-view.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { type LogChunk, readChunks } from "./log-chunks.ts";
import { bytesBefore } from "./log-page.ts";
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

/** An unfinished line of one stream. */
interface OpenLine {
  decoder: StreamDecoder;
  text: string;
  seq: number;
  line: number;
}

/**
 * Lines that match, from the cursor on: at most 32 MiB of log or 200 matches a call, whatever the log's size.
 * A line counts where it begins, in the numbering of the merged log.
 */
export async function searchLog(db: DbOrTx, grant: Grant, ask: SearchLog): Promise<LogSearchPage> {
  const attempt = await getVisibleAttempt(db, grant, ask.attemptId);
  const found = matcher(ask);
  const place = { orgId: attempt.orgId, attemptId: attempt.id, stream: ask.stream };
  let next = Number(ask.cursor ?? 0);
  let scannedBytes = 0;
  let atEnd = false;
  const matches: LogMatch[] = [];
  const open = new Map<string, OpenLine>();
  const check = (line: OpenLine, stream: LogMatch["stream"]) => {
    const text = line.text.endsWith("\r") ? line.text.slice(0, -1) : line.text;
    const at = found(text);
    if (at >= 0) matches.push({ seq: line.seq, line: line.line, stream, text: excerpt(text, at) });
  };
  while (!atEnd && scannedBytes < SEARCH_STEP_BYTES && matches.length < MAX_MATCHES) {
    const chunks = await readChunks(db, { ...place, after: next - 1, maxBytes: Math.min(READ_BYTES, SEARCH_STEP_BYTES - scannedBytes) });
    for (const chunk of chunks) {
      if (matches.length >= MAX_MATCHES) break;
      if (!open.has(chunk.stream) || chunk.droppedBefore > 0) open.set(chunk.stream, await lineBefore(db, place, chunk));
      scanChunk(open.get(chunk.stream)!, chunk, check);
      scannedBytes += chunk.length;
      next = chunk.seq + 1;
    }
    atEnd = chunks.length === 0;
    await new Promise(setImmediate); // other requests go between
  }
  if (atEnd) for (const [stream, line] of open) if (line.text) check(line, stream as LogMatch["stream"]); // the last line, still without its newline
  return { matches, nextCursor: atEnd ? null : String(next), scannedBytes };
}

function scanChunk(open: OpenLine, chunk: LogChunk, check: (line: OpenLine, stream: LogChunk["stream"]) => void): void {
  const text = open.decoder.push(chunk.bytes);
  let newlines = 0;
  for (let at = 0; ; ) {
    const end = text.indexOf("\n", at);
    const piece = text.slice(at, end < 0 ? undefined : end);
    if (open.seq < 0 && (piece || end >= 0)) Object.assign(open, { seq: chunk.seq, line: chunk.line + newlines });
    if (open.text.length < MAX_LINE) open.text += piece.slice(0, MAX_LINE - open.text.length);
    if (end < 0) return;
    check(open, chunk.stream);
    newlines++;
    at = end + 1;
    Object.assign(open, { text: "", seq: -1, line: -1 });
  }
}

/** The unfinished line that a chunk goes on with, read again from the chunks before it. */
async function lineBefore(db: DbOrTx, place: { orgId: string; attemptId: string; stream?: LogChunk["stream"] | undefined }, chunk: LogChunk): Promise<OpenLine> {
  const fresh = { decoder: new StreamDecoder(), text: "", seq: -1, line: -1 };
  if (chunk.offset === 0 || chunk.droppedBefore > 0) return fresh;
  const earlier = await readChunks(db, { ...place, stream: chunk.stream, before: chunk.seq, maxBytes: MAX_LINE });
  const from = earlier.findLastIndex((one) => one.lines > 0 || one.droppedBefore > 0);
  const line: OpenLine = { ...fresh, decoder: new StreamDecoder(earlier[0] ? await bytesBefore(db, place.orgId, place.attemptId, earlier[0]) : undefined) };
  for (const one of earlier.slice(0, Math.max(from, 0))) line.decoder.push(one.bytes);
  for (const one of earlier.slice(Math.max(from, 0))) scanChunk(line, one, () => {});
  return line;
}

/** @returns where the line matches, -1 where it does not. @throws DomainError "invalid" for a bad pattern. */
function matcher({ text, regex, level }: SearchLog): (line: string) => number {
  if (!text && !level) throw new DomainError("invalid", "Say what to search for.", { issues: [{ field: "text", message: "Say what to search for, or choose a level." }] });
  const inText = regex && text ? regexMatcher(text) : literalMatcher(text);
  return (line) => {
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
