"use client";
import { colourOf } from "./colours.ts";
import type { ChartModel } from "./prepare-series.ts";
import classes from "./charts.module.css";

const SHOWN = 8;

/** Series by last value, largest first; pressing one hides it, with Alt or Shift it hides all others. */
export function ChartLegend({ model, hidden, onHide, formatValue, note }: { model: ChartModel; hidden: ReadonlySet<string>; onHide: (hidden: ReadonlySet<string>) => void; formatValue: (value: number) => string; note?: React.ReactNode }) {
  const coloured = model.series.filter((one) => one.slot !== null).slice(0, SHOWN);
  function press(key: string, alone: boolean): void {
    const others = model.series.map((one) => one.key).filter((other) => other !== key);
    const next = new Set(alone ? (others.every((other) => hidden.has(other)) ? [] : others) : hidden);
    if (!alone && !next.delete(key)) next.add(key);
    onHide(next);
  }
  return (
    <ul className={classes.legend} suppressHydrationWarning>
      {coloured.map((one) => (
        <li key={one.key}>
          <button type="button" className={classes.legendItem} aria-pressed={!hidden.has(one.key)} title="Click hides, Shift-click shows alone" onClick={(event) => press(one.key, event.altKey || event.shiftKey)}>
            <span className={classes.swatch} style={{ background: colourOf(one.slot) }} />
            <span className="cut">{one.label}</span>
            <span className={classes.value}>{formatValue(one.last)}</span>
          </button>
        </li>
      ))}
      {model.others > 0 && (
        <li className={classes.legendNote}>
          <span className={classes.swatch} style={{ display: "inline-block", marginRight: 6, verticalAlign: "middle", background: colourOf(null) }} />
          {coloured.length} of {model.series.length} in colour, {model.others} {model.others === 1 ? "other" : "others"}
        </li>
      )}
      {note && <li className={classes.legendNote}>{note}</li>}
    </ul>
  );
}
