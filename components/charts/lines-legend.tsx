"use client";
import type { Line, Stroke } from "../../domain/experiments/compare/lines.ts";
import { formatNumber } from "../../domain/shared/format.ts";
import { colourOf } from "./colours.ts";
import classes from "./charts.module.css";
import { useHighlight } from "./highlight.tsx";

const SHOWN = 12;

/** Lines by last value, largest first; the one that is pointed at stands out on every chart of the page. */
export function LinesLegend({ lines, strokeOf }: { lines: readonly Line[]; strokeOf: (id: string) => Stroke }) {
  const { id, set } = useHighlight();
  return (
    <ul className={classes.legend}>
      {lines.slice(0, SHOWN).map((line) => {
        const { slot, dashed } = strokeOf(line.id);
        return (
          <li key={line.id} className={classes.legendItem} style={{ cursor: "default" }} data-strong={line.id === id || undefined} onPointerEnter={() => set(line.id)} onPointerLeave={() => set(null)}>
            <span className={classes.swatch} style={dashed ? { background: `repeating-linear-gradient(90deg, ${colourOf(slot)} 0 3px, transparent 3px 5px)` } : { background: colourOf(slot) }} />
            <span className="cut">{line.label}</span>
            <span className={classes.value}>{formatNumber(line.last)}</span>
          </li>
        );
      })}
      {lines.length > SHOWN && <li className={classes.legendNote}>{SHOWN} of {lines.length}</li>}
    </ul>
  );
}
