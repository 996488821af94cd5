import type { ChartEvent } from "./event-labels.ts";
import { formatXExact } from "./format-x.ts";
import { type ChartModel, valuesAt, type XKind } from "./prepare-series.ts";
import { colourOf } from "./colours.ts";
import classes from "./charts.module.css";

const MAX_ROWS = 12;

/** All series at one moment, largest first, as measured, under what happened then. */
export function ChartTooltip({ model, hidden, x, events, reach, xKind, formatValue }: { model: ChartModel; hidden: ReadonlySet<string>; x: number; events: readonly ChartEvent[]; reach: number; xKind: XKind; formatValue: (value: number) => string }) {
  const values = valuesAt(model, x, reach).filter((one) => !hidden.has(one.key));
  if (values.length === 0) return null;
  return (
    <div className={classes.tip}>
      <div className={classes.tipHead}>{[formatXExact(x, xKind), ...events.map(({ label }) => label)].join(" · ")}</div>
      {values.slice(0, MAX_ROWS).map(({ key, label, slot, point }) => (
        <div key={key} className={classes.tipRow}>
          <span className={classes.swatch} style={{ background: colourOf(slot) }} />
          <span className="cut">{label}</span>
          <span>
            {formatValue(point.last)}
            {point.max > point.min && <span className={classes.tipRange}> {formatValue(point.min)}–{formatValue(point.max)}</span>}
          </span>
        </div>
      ))}
      {values.length > MAX_ROWS && <div className={classes.tipHead}>and {values.length - MAX_ROWS} more</div>}
    </div>
  );
}
