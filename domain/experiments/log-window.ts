import type { LogSegment } from "./log-lines.ts";
import type { LogPage } from "./run-view.ts";

/**
 * The part of a log that a viewer holds: neighbouring pages, oldest first, with a cap on their size. A log of any
 * length is read through it; what leaves at one end is asked for again when the reader comes back.
 */
export interface LogWindow {
  pages: { firstSeq: number; lastSeq: number; bytes: number; segments: LogSegment[] }[];
  totalLines: number;
  totalBytes: number;
  hasBefore: boolean;
  hasAfter: boolean;
  /** The attempt is drained and the window ends at the end. */
  complete: boolean;
}

/** Characters that a window keeps at most, and at least one page. */
export const WINDOW_BYTES = 3 * 1024 * 1024;

const sizeOf = (segments: LogSegment[]) => segments.reduce((sum, segment) => sum + segment.text.length + 64, 0);

function pageOf(page: LogPage): LogWindow["pages"] {
  if (page.firstSeq === null || page.lastSeq === null) return [];
  return [{ firstSeq: page.firstSeq, lastSeq: page.lastSeq, bytes: sizeOf(page.segments), segments: page.segments }];
}

/** A fresh window at a page: after opening, jumping, or changing the stream. */
export function openWindow(page: LogPage): LogWindow {
  const { totalLines, totalBytes, hasBefore, hasAfter, complete } = page;
  return { pages: pageOf(page), totalLines, totalBytes, hasBefore, hasAfter, complete };
}

/**
 * The page asked for with `after: lastSeq(window)`. Pages that came twice or late are left out; the oldest pages make room.
 * @param after What it was asked after: where the window ends earlier by now, lines would be missing between them, and it is left out.
 */
export function appendPage(window: LogWindow, page: LogPage, maxBytes = WINDOW_BYTES, after = lastSeq(window)): LogWindow {
  const end = lastSeq(window);
  const { totalLines, totalBytes, hasAfter, complete } = page;
  if (end < after) return { ...window, totalLines, totalBytes };
  const fresh = page.segments.filter((segment) => segment.seq > end);
  const pages = fresh.length === 0 ? window.pages : mergeSmall([...window.pages, { firstSeq: fresh[0]!.seq, lastSeq: fresh.at(-1)!.seq, bytes: sizeOf(fresh), segments: fresh }], maxBytes / 16);
  const kept = trim(pages, maxBytes, "oldest");
  return { pages: kept, totalLines, totalBytes, hasBefore: window.hasBefore || kept.length < pages.length, hasAfter, complete };
}

/** The page asked for with `before: firstSeq(window)`. The newest pages make room. @param before As `after` above. */
export function prependPage(window: LogWindow, page: LogPage, maxBytes = WINDOW_BYTES, before = firstSeq(window)): LogWindow {
  const start = firstSeq(window) ?? Number.POSITIVE_INFINITY;
  if (before !== null && start > before) return { ...window, totalLines: page.totalLines, totalBytes: page.totalBytes };
  const fresh = page.segments.filter((segment) => segment.seq < start);
  const pages = fresh.length === 0 ? window.pages : [{ firstSeq: fresh[0]!.seq, lastSeq: fresh.at(-1)!.seq, bytes: sizeOf(fresh), segments: fresh }, ...window.pages];
  const kept = trim(pages, maxBytes, "newest");
  const cut = kept.length < pages.length;
  return { ...window, pages: kept, totalLines: page.totalLines, totalBytes: page.totalBytes, hasBefore: page.hasBefore, hasAfter: window.hasAfter || cut, complete: window.complete && !cut };
}

/** A live log grows by crumbs: they join into pages of a size worth dropping at once. */
function mergeSmall(pages: LogWindow["pages"], upTo: number): LogWindow["pages"] {
  const last = pages.at(-1);
  const before = pages.at(-2);
  if (!last || !before || before.bytes + last.bytes > upTo) return pages;
  return [...pages.slice(0, -2), { firstSeq: before.firstSeq, lastSeq: last.lastSeq, bytes: before.bytes + last.bytes, segments: [...before.segments, ...last.segments] }];
}

function trim(pages: LogWindow["pages"], maxBytes: number, drop: "oldest" | "newest"): LogWindow["pages"] {
  const kept = [...pages];
  let bytes = kept.reduce((sum, page) => sum + page.bytes, 0);
  while (kept.length > 1 && bytes > maxBytes) bytes -= (drop === "oldest" ? kept.shift() : kept.pop())!.bytes;
  return kept;
}

/** -1 for an empty window: asking `after: -1` reads from the start. */
export const lastSeq = (window: LogWindow): number => window.pages.at(-1)?.lastSeq ?? -1;
export const firstSeq = (window: LogWindow): number | null => window.pages[0]?.firstSeq ?? null;
export const segmentsOf = (window: LogWindow): LogSegment[] => window.pages.flatMap((page) => page.segments);
