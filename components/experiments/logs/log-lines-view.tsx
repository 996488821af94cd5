"use client";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef } from "react";
import { formatBytes, formatCount } from "../../../domain/shared/format.ts";
import { guessLevel } from "../../../domain/experiments/log-level.ts";
import { type LogLine, plainLine } from "../../../domain/experiments/log-lines.ts";
import { absoluteTime } from "../../ui/time.tsx";
import { LogText } from "./log-text.tsx";
import classes from "./log.module.css";

export const LINE_PX = 20;
/** Nearer to an edge than this, the neighbouring page is asked for. */
const EDGE_LINES = 80;
/** A reader this close to the end follows it. */
const END_PX = 12;

interface View {
  lines: LogLine[];
  height: number;
  wrap: boolean;
  times: boolean;
  /** Line number to show and mark; scrolled to whenever `goTo.at` changes. */
  goTo: { line: number; at: number } | null;
  current: number | null;
  following: boolean;
  onFollowing: (following: boolean) => void;
  atEnd: boolean;
  onNearStart: () => void;
  onNearEnd: () => void;
  onPick: (line: number) => void;
  pattern: RegExp | null;
  label: string;
  highest: number;
}

/** The lines of a window, only those in sight drawn. Keeps what one reads still while pages come and go on either side. */
export function LogLinesView(props: View) {
  const { lines, height, wrap, goTo, following, onFollowing, atEnd, onNearStart, onNearEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => LINE_PX, overscan: 30, getItemKey: (index) => lines[index]!.key });
  const keepStill = useAnchor(scroller, virtual, lines, following);

  const size = virtual.getTotalSize(); // changes once more when the heights of wrapped lines are known
  const look = useFollow(scroller, virtual, { following, atEnd, onFollowing }, [lines, wrap, height, size]);

  const wanted = useRef(0);
  useLayoutEffect(() => {
    if (!goTo || goTo.at === wanted.current || lines.length === 0) return;
    const index = lines.findIndex((line) => line.number >= goTo.line);
    if (index < 0 && lines.at(-1)!.number < goTo.line - 1) return; // its page is on the way
    wanted.current = goTo.at;
    virtual.scrollToIndex(index < 0 ? lines.length - 1 : index, { align: "center" });
  }, [goTo, lines, virtual]);

  function onScroll(): void {
    const element = scroller.current;
    if (!element) return;
    keepStill();
    const distance = distanceToEnd(element);
    look(element);
    if (element.scrollTop < EDGE_LINES * LINE_PX) onNearStart();
    if (distance < EDGE_LINES * LINE_PX) onNearEnd();
  }
  return (
    <div ref={scroller} className={`${classes.scroll} ${wrap ? classes.wrap : ""}`} style={{ height, "--gutter": `${Math.max(4, formatCount(props.highest).length) + 2}ch` } as React.CSSProperties} onScroll={onScroll} onWheel={(event) => event.deltaY < 0 && following && onFollowing(false)} tabIndex={0} role="log" aria-live="off" aria-label={props.label}>
      <div className={classes.inner} style={{ height: size }}>
        {virtual.getVirtualItems().map((item) => (
          <div key={item.key} ref={wrap ? virtual.measureElement : undefined} data-index={item.index} className={classes.line} style={{ transform: `translateY(${item.start}px)` }} {...marksOf(lines[item.index]!, props.current)}>
            <LineBody line={lines[item.index]!} times={props.times} pattern={props.pattern} onPick={props.onPick} />
          </div>
        ))}
      </div>
    </div>
  );
}

type List = ReturnType<typeof useVirtualizer<HTMLDivElement, Element>>;
const distanceToEnd = (element: HTMLElement): number => element.scrollHeight - element.scrollTop - element.clientHeight;

/**
 * Stays at the end while the log is followed, and sees when a reader leaves it or comes back. The virtual list scrolls by itself,
 * too, to where it last saw the reader: only a hand on the log ends the following.
 * @param grown Whatever moves the end.
 * @returns to be called on every scroll.
 */
function useFollow(scroller: React.RefObject<HTMLDivElement | null>, virtual: List, { following, atEnd, onFollowing }: Pick<View, "following" | "atEnd" | "onFollowing">, grown: readonly unknown[]) {
  // The list's own way there: it goes on until the lines that come into sight have been measured.
  const toEnd = useCallback(() => {
    if (virtual.options.count > 0) virtual.scrollToIndex(virtual.options.count - 1, { align: "end" });
  }, [virtual]);
  const inHand = useRef(false);
  useLayoutEffect(() => {
    if (following) inHand.current = false;
  }, [following]);
  useLayoutEffect(() => {
    if (following) toEnd();
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the caller's list
  }, [following, toEnd, ...grown]);
  useEffect(() => {
    const element = scroller.current;
    const take = () => void (inHand.current = true);
    element?.addEventListener("pointerdown", take);
    element?.addEventListener("keydown", take);
    return () => {
      element?.removeEventListener("pointerdown", take);
      element?.removeEventListener("keydown", take);
    };
  }, [scroller]);
  const lastTop = useRef(0);
  return (element: HTMLElement): void => {
    const wentUp = element.scrollTop < lastTop.current - 2; // lines that come or grow taller leave the place as it is
    lastTop.current = element.scrollTop;
    const isThere = distanceToEnd(element) <= END_PX;
    if (isThere && atEnd && !following) onFollowing(true);
    else if (!isThere && following && !inHand.current) toEnd();
    else if (!isThere && following && wentUp) onFollowing(false);
  };
}

function marksOf(line: LogLine, current: number | null) {
  const level = guessLevel(plainLine(line.text.slice(0, 400)));
  return { "data-level": level === "info" ? undefined : level, "data-current": line.number === current || undefined };
}

function LineBody({ line, times, pattern, onPick }: { line: LogLine; times: boolean; pattern: RegExp | null; onPick: (line: number) => void }) {
  return (
    <>
      <button type="button" className={classes.gutter} onClick={() => onPick(line.number)} aria-label={`Link to line ${line.number}`} tabIndex={-1}>{formatCount(line.number)}</button>
      {times && <time className={classes.time} dateTime={new Date(line.at).toISOString()} title={absoluteTime(new Date(line.at))} suppressHydrationWarning>{clock(line.at)}</time>}
      <span className={classes.stream} aria-hidden={line.stream === "stdout"}>{line.stream === "stderr" ? "err" : ""}</span>
      <span className={classes.text}>
        {line.dropped > 0 && <span className={classes.dropped}>… {formatBytes(line.dropped)} dropped: the agent’s spool was full</span>}
        <LogText text={line.text} pattern={pattern} />
      </span>
    </>
  );
}

const clock = (at: number) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }).format(at);

/**
 * Pages join above and leave above; the line at the top of the view stays where it is.
 * @returns to be called on every scroll, to note which line that is.
 */
function useAnchor(scroller: React.RefObject<HTMLDivElement | null>, virtual: List, lines: LogLine[], following: boolean): () => void {
  const anchor = useRef<{ key: string; offset: number } | null>(null);
  const keep = useCallback(() => {
    const element = scroller.current;
    const item = element && virtual.getVirtualItems().find((one) => one.end > element.scrollTop);
    anchor.current = element && item ? { key: String(item.key), offset: element.scrollTop - item.start } : null;
  }, [scroller, virtual]);
  const firstKey = lines[0]?.key;
  const held = useRef(firstKey);
  useLayoutEffect(() => {
    const moved = held.current !== firstKey;
    held.current = firstKey;
    const element = scroller.current;
    const at = anchor.current;
    if (!moved || following || !element || !at) return;
    const index = lines.findIndex((line) => line.key === at.key);
    const start = index >= 0 ? virtual.getOffsetForIndex(index, "start")?.[0] : undefined;
    if (start !== undefined) element.scrollTop = start + at.offset;
  }, [firstKey, lines, virtual, following, scroller]);
  useEffect(() => keep(), [keep, lines]);
  return keep;
}
