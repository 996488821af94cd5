"use client";
import { type Line, valuesAtX } from "../../domain/experiments/compare/lines.ts";
import { formatNumber } from "../../domain/shared/format.ts";
import { colourOf } from "./colours.ts";
import { formatXExact } from "./format-x.ts";
import { useHighlight } from "./highlight.tsx";
import type { LinesLook } from "./lines-chart.tsx";
import classes from "./charts.module.css";

const MAX_ROWS = 16;

/** All lines at one x, largest first, as measured; the one that stands out is always among them. */
export function LinesTooltip({ lines, x, reach, look }: { lines: readonly Line[]; x: number; reach: number; look: LinesLook }) {
  const { id } = useHighlight();
  const values = valuesAtX(lines, x, reach);
  if (values.length === 0) return null;
  const shown = values.slice(0, MAX_ROWS);
  const pointed = values.find(({ line }) => line.id === id);
  if (pointed && !shown.includes(pointed)) shown.splice(-1, 1, pointed);
  return (
    <div className={classes.tip}>
      <div className={classes.tipHead}>{look.xKind === "number" ? `${look.xLabel ?? "x"} ${formatNumber(x)}` : formatXExact(x, look.xKind)}</div>
      {shown.map(({ line, point }) => (
        <div key={line.id} className={classes.tipRow} data-strong={line.id === id || undefined}>
          <span className={classes.swatch} style={{ background: colourOf(look.strokeOf(line.id).slot) }} />
          <span className="cut">{line.label}</span>
          <span>
            {formatNumber(point.y)}
            {point.high > point.low && <span className={classes.tipRange}> {formatNumber(point.low)}–{formatNumber(point.high)}</span>}
            {look.extra && <span className={classes.tipRange}> {look.extra(line.id, point.x)}</span>}
          </span>
        </div>
      ))}
      {values.length > shown.length && <div className={classes.tipHead}>and {values.length - shown.length} more</div>}
    </div>
  );
}
