"use client";
import { useEffect, useMemo } from "react";
import { type Line, nearestPoint } from "../../domain/experiments/compare/lines.ts";
import { useHighlight } from "./highlight.tsx";
import type { LinesLook } from "./lines-chart.tsx";
import { OneLine } from "./lines-layer.tsx";
import { LinesTooltip } from "./lines-tooltip.tsx";
import { nearestIndex } from "./prepare-series.ts";
import type { Scales, To } from "./scales.ts";
import { type Cursor, useCursor } from "./use-cursor.ts";
import classes from "./charts.module.css";

interface Props {
  lines: readonly Line[];
  /** Where the cursor can stand: each x that some line has, in order. */
  stops: readonly number[];
  look: LinesLook;
  scales: Scales;
  reach: number;
  group: string;
}

/** Where this chart's own cursor stands: at the stop nearest to the one that is shared. */
function useOwnCursor(group: string, stops: readonly number[]): (Cursor & { at: number }) | null {
  const cursor = useCursor(group);
  return useMemo(() => {
    const at = cursor ? stops[nearestIndex(stops, cursor.x)] : undefined;
    return cursor && at !== undefined ? { ...cursor, at } : null;
  }, [cursor, stops]);
}

/** The cursor, and the line that stands out: the one nearest to the pointer, here and on the page's other charts. */
export function CursorLayer({ lines, stops, look, scales, reach, group }: Props) {
  const cursor = useOwnCursor(group, stops);
  const { id, owner, set } = useHighlight();
  const pointer = cursor?.chart === look.chartId ? cursor.pointer : null;
  const nearest = useMemo(() => (cursor && pointer ? nearestLine(lines, cursor.at, pointer.y, reach, scales.y) : null), [cursor, pointer, lines, reach, scales]);
  const isPointed = pointer !== null && owner.current === look.chartId;
  useEffect(() => {
    if (isPointed) set(nearest);
  }, [isPointed, nearest, set]);
  const line = id === null ? undefined : lines.find((one) => one.id === id);
  const { area } = scales;
  const place = cursor && scales.x(cursor.at);
  return (
    <g style={{ pointerEvents: "none" }}>
      {place !== null && place >= area.x - 0.5 && place <= area.x + area.width + 0.5 && <line x1={place} x2={place} y1={area.y} y2={area.y + area.height} stroke="var(--text-faint)" strokeDasharray="2 3" />}
      {line && <OneLine line={line} look={look} x={scales.x} y={scales.y} strong />}
    </g>
  );
}

/** All values at the cursor, on the chart that it was moved on; on the side of it that has room. */
export function CursorTip({ lines, stops, look, scales, reach, group }: Props) {
  const cursor = useOwnCursor(group, stops);
  if (!cursor || cursor.chart !== look.chartId) return null;
  const { area } = scales;
  const x = cursor.pointer?.x ?? scales.x(cursor.at);
  const y = cursor.pointer?.y ?? area.y;
  const isRight = x > area.x + area.width / 2;
  const isLow = y > area.y + area.height / 2;
  const shift = `translate(${isRight ? "calc(-100% - 12px)" : "12px"}, ${isLow ? "calc(-100% - 8px)" : "8px"})`;
  return <div className={classes.cursorTip} style={{ left: x, top: y, transform: shift }}><LinesTooltip lines={lines} x={cursor.at} reach={reach} look={look} /></div>;
}

function nearestLine(lines: readonly Line[], x: number, pointerY: number, reach: number, y: To): string | null {
  let best: { id: string; distance: number } | null = null;
  for (const line of lines) {
    const point = nearestPoint(line.points, x);
    if (!point || Math.abs(point.x - x) > reach) continue;
    const distance = Math.abs(y(point.y) - pointerY);
    if (distance < 40 && (!best || distance < best.distance)) best = { id: line.id, distance };
  }
  return best?.id ?? null;
}
