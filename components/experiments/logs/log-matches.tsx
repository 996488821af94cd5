"use client";
import { Button } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { formatCount } from "../../../domain/shared/format.ts";
import { LogText } from "./log-text.tsx";
import classes from "./log.module.css";
import type { LogSearch } from "./use-log-search.ts";
import { LINE_PX } from "./log-lines-view.tsx";

const KINDS = { error: { title: "Errors", one: "looks like an error" }, warn: { title: "Warnings", one: "looks like a warning" } };

function noLine(level: "error" | "warn" | null, rank: number | null, hasText: boolean): string {
  const said = [rank !== null && `is of rank ${rank}`, level && KINDS[level].one, hasText && "holds this text"].filter(Boolean);
  return `No line of this log ${said.join(" and ")}.`;
}

/** Only the lines that match, of the whole log. A line's number opens it in its place. */
export function LogMatches({ search, height, wrap, level, rank, pattern, onPick, highest }: { search: LogSearch; height: number; wrap: boolean; level: "error" | "warn" | null; rank: number | null; pattern: RegExp | null; onPick: (line: number) => void; highest: number }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { matches } = search;
  const virtual = useVirtualizer({ count: matches.length, getScrollElement: () => scroller.current, estimateSize: () => LINE_PX, overscan: 30 });
  if (matches.length === 0) {
    return <div className={classes.scroll} style={{ height }}><div className={classes.center}>{search.searching ? "Searching the whole log…" : noLine(level, rank, pattern !== null)}</div></div>;
  }
  return (
    <div ref={scroller} className={`${classes.scroll} ${wrap ? classes.wrap : ""}`} style={{ height, "--gutter": `${Math.max(4, formatCount(highest).length) + 2}ch` } as React.CSSProperties} tabIndex={0} role="log" aria-live="off" aria-label={[level && KINDS[level].title, rank !== null && `Rank ${rank}`].filter(Boolean).join(", ")}>
      <div className={classes.inner} style={{ height: virtual.getTotalSize() + (search.more ? 44 : 0) }}>
        {virtual.getVirtualItems().map((item) => {
          const match = matches[item.index]!;
          return (
            <div key={item.key} ref={wrap ? virtual.measureElement : undefined} data-index={item.index} data-level={level ?? undefined} className={classes.line} style={{ transform: `translateY(${item.start}px)` }}>
              <button type="button" className={classes.gutter} onClick={() => onPick(match.line + 1)} aria-label={`Open line ${match.line + 1} in its place`}>{formatCount(match.line + 1)}</button>
              <span className={classes.stream}>{match.stream === "stderr" ? "err" : ""}</span>
              <span className={classes.text}><LogText text={match.text} pattern={pattern} /></span>
            </div>
          );
        })}
        {search.more && <div className={classes.edge} style={{ position: "absolute", top: virtual.getTotalSize() }}><Button variant="default" size="compact-xs" loading={search.searching} onClick={search.loadMore}>Search on</Button></div>}
      </div>
    </div>
  );
}
