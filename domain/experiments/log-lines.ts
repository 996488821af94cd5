import type { LogPage } from "./run-view.ts";

export type LogSegment = LogPage["segments"][number];

/** One line of the merged log. */
export interface LogLine {
  /** Stable over refetches: the line's number once it is closed, its stream while it is still being written. */
  key: string;
  /** Counted from 1: the newlines before the one that closes it, over both streams, plus one. */
  number: number;
  stream: LogSegment["stream"];
  /** As written, without the newline: may hold carriage returns and escape codes. */
  text: string;
  /** Unix ms at which its first piece was read. */
  at: number;
  /** Bytes lost right before it. */
  dropped: number;
  /** No newline yet: it may still grow. */
  open: boolean;
}

/**
 * Lines of segments in order. A piece without a newline goes on in the next segment of its stream, whatever the
 * other stream wrote in between; the line is numbered where it closes.
 */
export function linesOf(segments: readonly LogSegment[]): LogLine[] {
  const lines: LogLine[] = [];
  const open: Record<LogSegment["stream"], LogLine | null> = { stdout: null, stderr: null };
  let newlines = 0;
  for (const segment of segments) {
    newlines = segment.line;
    const pieces = segment.text.split("\n");
    for (const [index, piece] of pieces.entries()) {
      const line: LogLine = open[segment.stream] ?? { key: "", number: 0, stream: segment.stream, text: "", at: segment.at, dropped: 0, open: true };
      if (index === 0) line.dropped += segment.droppedBefore;
      line.text += piece;
      if (index === pieces.length - 1) {
        open[segment.stream] = line.text === "" && line.dropped === 0 ? null : line;
        continue;
      }
      newlines += 1;
      lines.push({ ...line, key: String(newlines), number: newlines, open: false });
      open[segment.stream] = null;
    }
  }
  for (const line of [open.stdout, open.stderr]) {
    if (line) lines.push({ ...line, key: `open-${line.stream}`, number: (newlines += 1) });
  }
  return lines;
}

interface Cell {
  char: string;
  /** Colour codes in force, as written. */
  style: string;
}

// Escape sequences: CSI (colours, cursor, erase), strings such as OSC (titles, links), character sets (of tput sgr0), and the
// two-character ones (a place that is kept and gone back to).
// oxlint-disable-next-line no-control-regex
const ESCAPE = /\u001b(?:\[([0-?]*)([ -/]*[@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]+[0-~]|[0-Z\\^-~])/y;
// oxlint-disable-next-line no-control-regex
const NEEDS_TERMINAL = /[\r\b]|\u001b(?!\[[0-9;:]*m)/;
// oxlint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;:]*m/g;

/**
 * What a terminal would show of one line: `\r` goes back to the start and what follows overwrites, `\b` steps back,
 * erase-in-line erases, cursor moves sideways; other control sequences vanish. Colour codes stay, so the result can be coloured.
 * Linear in the text.
 */
export function renderLine(text: string): string {
  if (!NEEDS_TERMINAL.test(text)) return text;
  const cells: Cell[] = [];
  let cursor = 0;
  let style = "";
  for (let at = 0; at < text.length; ) {
    const char = String.fromCodePoint(text.codePointAt(at)!); // one cell, whatever it takes in UTF-16
    if (char === "\u001b") {
      ESCAPE.lastIndex = at;
      const match = ESCAPE.exec(text);
      if (!match) {
        at += 1; // a stray or cut-off escape
        continue;
      }
      if (match[2] === "m" && /^[0-9;:]*$/.test(match[1]!)) style = nextStyle(style, match[0], match[1] ?? "");
      else cursor = applyControl(cells, cursor, match[2] ?? "", match[1] ?? "");
      at = ESCAPE.lastIndex;
      continue;
    }
    at += char.length;
    if (char === "\r") cursor = 0;
    else if (char === "\b") cursor = Math.max(0, cursor - 1);
    else {
      while (cells.length < cursor) cells.push({ char: " ", style: "" });
      cells[cursor] = { char, style };
      cursor += 1;
    }
  }
  return join(cells);
}

/** Colour codes add up until a reset. A long chain without a reset keeps its end. */
function nextStyle(style: string, code: string, parameters: string): string {
  if (parameters === "" || /^0+$/.test(parameters)) return "";
  return /^0+;/.test(parameters) ? code : (style + code).slice(-200);
}

const FARTHEST_COLUMN = 10_000;

/** Erase and sideways moves; returns the cursor. Moves between lines have no meaning in a log and are left out. */
function applyControl(cells: Cell[], cursor: number, final: string, parameters: string): number {
  const amount = Math.min(FARTHEST_COLUMN, Math.max(1, Number.parseInt(parameters, 10) || 1));
  if (final === "G") return amount - 1;
  if (final === "C") return Math.min(FARTHEST_COLUMN, cursor + amount);
  if (final === "D") return Math.max(0, cursor - amount);
  if (final !== "K") return cursor;
  if (parameters === "" || parameters === "0") cells.length = Math.min(cells.length, cursor);
  else if (parameters === "2") cells.length = 0;
  else for (let index = 0; index < Math.min(cursor, cells.length); index += 1) cells[index] = { char: " ", style: "" };
  return cursor;
}

function join(cells: Cell[]): string {
  const out: string[] = [];
  let style = "";
  for (const cell of cells) {
    if (cell.style !== style) {
      if (style !== "") out.push("\u001b[0m");
      out.push(cell.style);
      style = cell.style;
    }
    out.push(cell.char);
  }
  if (style !== "") out.push("\u001b[0m");
  return out.join("");
}

/** The words alone: rendered, without colours. */
export function plainLine(text: string): string {
  return renderLine(text).replace(COLOURS, "");
}
