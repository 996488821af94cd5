import { formatCount, formatSeconds, formatTick } from "../../domain/shared/format.ts";
import type { XKind } from "./prepare-series.ts";

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };

/** Text of a tick. `span`: width of the axis in x units, which decides how exact it must be. */
export function formatXTick(x: number, xKind: XKind, span: number): string {
  if (xKind === "step") return formatTick(x);
  if (xKind === "relative") return formatSeconds(x);
  const options = span < 10 * 60_000 ? { ...CLOCK, second: "2-digit" as const } : span < 36 * 3_600_000 ? CLOCK : span < 5 * 86_400_000 ? { ...DAY, ...CLOCK } : DAY;
  return new Intl.DateTimeFormat("en-GB", options).format(x);
}

/** Heading of the tooltip: exact. */
export function formatXExact(x: number, xKind: XKind): string {
  if (xKind === "step") return `step ${formatCount(x)}`;
  if (xKind === "relative") return `after ${formatSeconds(x)}`;
  return new Intl.DateTimeFormat("en-GB", { ...DAY, ...CLOCK, second: "2-digit", timeZoneName: "short" }).format(x);
}
