"use client";
import { memo } from "react";
import { spaced } from "./ticks.ts";
import type { Scales } from "./scales.ts";
import classes from "./charts.module.css";

export interface Ticks {
  at: number[];
  text: (value: number) => string;
  /** What the axis counts, where its ticks do not say; short, for it stands in the corner below the other axis. */
  name?: string | undefined;
}

/** Room for the texts, px. */
export const AXES_MARGIN = { top: 8, right: 12, bottom: 22, left: 52 };

/** Between the name of the x axis and its first tick's middle, px. */
export const AXIS_NAME_GAP = 18;

/** Grid, ticks and their texts: placed by arithmetic, for measuring each text in the page lays out all of it again and again. */
export const LinesAxes = memo(function LinesAxes({ x, y, scales }: { x: Ticks; y: Ticks; scales: Scales }) {
  const { area } = scales;
  const [right, bottom] = [area.x + area.width, area.y + area.height];
  const rows = y.at.map((value) => ({ at: scales.y(value), text: y.text(value) })).filter(({ at }) => at >= area.y - 0.5 && at <= bottom + 0.5);
  const columns = spaced(x.at.map((value) => ({ at: scales.x(value), text: x.text(value) })), right + AXES_MARGIN.right);
  return (
    <g>
      {rows.map(({ at, text }) => (
        <g key={at}>
          <line x1={area.x} x2={right} y1={at} y2={at} stroke="var(--line-faint)" />
          <text className={classes.tick} x={area.x - 8} y={at} dy="0.33em" textAnchor="end">{text}</text>
        </g>
      ))}
      <line x1={area.x} x2={right} y1={bottom} y2={bottom} stroke="var(--line)" />
      {x.name && <text className={classes.tick} x={area.x - AXIS_NAME_GAP} y={bottom + 15} textAnchor="end">{x.name}</text>}
      {columns.map(({ at, text }) => <text key={at} className={classes.tick} x={at} y={bottom + 15} textAnchor="middle">{text}</text>)}
    </g>
  );
});
