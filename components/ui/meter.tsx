import { formatShare } from "../../domain/shared/format.ts";
import type { Tone } from "./status-tones.ts";
import classes from "./ui.module.css";

/** How much of something is used. The words are beside it; the bar only helps the eye. `total` 0 draws an empty bar. */
export function Meter({ used, total, label, tone = "active", width }: { used: number; total: number; label: string; tone?: Tone; width?: number | string }) {
  const share = total > 0 ? Math.min(1, Math.max(0, used / total)) : 0;
  return (
    <span className={classes.meter} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)} aria-valuetext={formatShare(share)} style={width ? { width } : undefined}>
      <span className={classes.meterFill} data-tone={tone} style={{ display: "block", width: `${share * 100}%` }} />
    </span>
  );
}
