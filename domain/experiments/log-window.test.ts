import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendPage, firstSeq, lastSeq, openWindow, prependPage, segmentsOf } from "./log-window.ts";
import type { LogPage } from "./run-view.ts";

const TOTAL = 200;
/** A page of a log whose every chunk is one line of 1,000 characters. */
function page(from: number, to: number): LogPage {
  const segments = Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ seq: from + index, stream: "stdout" as const, line: from + index, at: 0, droppedBefore: 0, text: `${"x".repeat(999)}\n` }));
  return { attemptId: "att", totalLines: TOTAL, totalBytes: TOTAL * 1000, segments, firstSeq: segments[0]?.seq ?? null, lastSeq: segments.at(-1)?.seq ?? null, hasBefore: from > 0, hasAfter: to < TOTAL, complete: to >= TOTAL };
}

describe("a window on a log", () => {
  it("has no hole where a page was asked for at an end that has moved meanwhile", () => {
    const held = openWindow(page(100, 120));
    const wound = prependPage(appendPage(openWindow(page(100, 110)), page(110, 120), 12_000), page(90, 100), 12_000); // its newest page made room
    expect(lastSeq(wound)).toBeLessThan(lastSeq(held));
    const late = appendPage(wound, page(120, 130), 1e6, lastSeq(held));
    expect(lastSeq(late)).toBe(lastSeq(wound));
    expect(late.hasAfter).toBe(true);
    const run = appendPage(appendPage(openWindow(page(100, 110)), page(110, 120)), page(120, 130), 12_000); // its oldest pages made room
    expect(firstSeq(prependPage(run, page(90, 100), 1e6, 100))).toBe(firstSeq(run));
    expect(firstSeq(prependPage(held, page(90, 100), 1e6, 100))).toBe(90);
  });

  it("opens at a page in the middle and knows that there is more on both sides", () => {
    const window = openWindow(page(100, 110));
    expect([firstSeq(window), lastSeq(window), window.hasBefore, window.hasAfter]).toEqual([100, 109, true, true]);
  });
  it("asks from the start when it is empty", () => {
    expect(lastSeq(openWindow(page(0, 0)))).toBe(-1);
  });
  it("takes a repeated page once", () => {
    const window = appendPage(appendPage(openWindow(page(0, 10)), page(10, 20)), page(10, 20));
    expect(segmentsOf(window).map((segment) => segment.seq)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });
  it("lets the oldest go when it grows at the end, and can fetch them again", () => {
    let window = openWindow(page(0, 10));
    for (let at = 10; at < 60; at += 10) window = appendPage(window, page(at, at + 10), 25_000);
    expect(lastSeq(window)).toBe(59);
    expect(firstSeq(window)).toBeGreaterThan(0);
    expect(window.hasBefore).toBe(true);
  });
  it("lets the newest go when it grows at the start, and is no longer complete", () => {
    let window = openWindow(page(190, 200));
    expect(window.complete).toBe(true);
    for (let at = 180; at > 100; at -= 10) window = prependPage(window, page(at, at + 10), 25_000);
    expect([firstSeq(window), window.hasAfter, window.complete]).toEqual([110, true, false]);
  });
  it("is always one gapless stretch of the log, and bounded, wherever one scrolls", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), fc.integer({ min: 0, max: TOTAL - 10 }), (moves, start) => {
        let window = openWindow(page(start, start + 10));
        for (const forward of moves) {
          if (forward && lastSeq(window) + 1 < TOTAL) window = appendPage(window, page(lastSeq(window) + 1, Math.min(TOTAL, lastSeq(window) + 11)), 40_000);
          if (!forward && firstSeq(window)! > 0) window = prependPage(window, page(Math.max(0, firstSeq(window)! - 10), firstSeq(window)!), 40_000);
          const seqs = segmentsOf(window).map((segment) => segment.seq);
          expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => seqs[0]! + index));
          expect(seqs.length).toBeLessThanOrEqual(128);
          expect([window.hasBefore, window.hasAfter]).toEqual([seqs[0]! > 0, seqs.at(-1)! < TOTAL - 1]);
        }
      }),
    );
  });
});
