import { formatNumber } from "../../domain/shared/format.ts";
import { Meter } from "../ui/meter.tsx";
import classes from "./clusters.module.css";

/** "3 of 8" with a bar that helps the eye; a dash where there is nothing to use. */
export function Usage({ used, total, label }: { used: number; total: number; label: string }) {
  if (total === 0) return <span className="dim">—</span>;
  return (
    <span className={classes.usage}>
      <Meter used={used} total={total} label={label} width={48} />
      <span>{formatNumber(used)} of {formatNumber(total)}</span>
    </span>
  );
}

/** The same above its bar, for the strip of facts. */
export function UsageFact({ used, total, label, format = formatNumber }: { used: number; total: number; label: string; format?: (value: number) => string }) {
  if (total === 0) return <span className="dim">—</span>;
  return (
    <span className={classes.usageFact}>
      <span>{format(used)} of {format(total)}</span>
      <Meter used={used} total={total} label={label} />
    </span>
  );
}
