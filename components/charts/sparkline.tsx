import classes from "./charts.module.css";
import { sparkPath } from "./spark-path.ts";

/** A line without axes, in a row of a table. `label` says what it shows; numbers are beside it. */
export function Sparkline({ values, label, width = 72, height = 18, slot = 1 }: { values: readonly (number | null)[]; label: string; width?: number; height?: number; slot?: number }) {
  return (
    <svg className={classes.spark} width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <path d={sparkPath(values, width, height)} fill="none" stroke={`var(--chart-${slot})`} strokeWidth={1.4} strokeLinejoin="round" strokeLinecap="round" />
    </svg>
  );
}
