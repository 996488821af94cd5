import { formatCount, formatSeconds, formatTicks } from "../../domain/shared/format.ts";
import type { XKind } from "./prepare-series.ts";

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };

/** How the ticks of an axis read: as short as keeps them apart. `span`: width of the axis in x units, which decides how exact a time must be. */
export function formatXTicks(ticks: readonly number[], xKind: XKind, span: number): (x: number) => string {
  if (xKind === "step") return formatTicks(ticks);
  if (xKind === "time") return (x) => timeOf(x, span);
  if (xKind === "day") return (x) => new Intl.DateTimeFormat("en-GB", { ...DAY, timeZone: "UTC" }).format(x);
  const parts = [2, 3].find((most) => new Set(ticks.map((tick) => formatSeconds(tick, most))).size === ticks.length) ?? 4;
  return (x) => formatSeconds(x, parts);
}

function timeOf(x: number, span: number): string {
  const options = span < 10 * 60_000 ? { ...CLOCK, second: "2-digit" as const } : span < 36 * 3_600_000 ? CLOCK : span < 5 * 86_400_000 ? { ...DAY, ...CLOCK } : DAY;
  return new Intl.DateTimeFormat("en-GB", options).format(x);
}

/** Heading of the tooltip: exact. */
export function formatXExact(x: number, xKind: XKind): string {
  if (xKind === "step") return `step ${formatCount(x)}`;
  if (xKind === "relative") return `after ${formatSeconds(x)}`;
  if (xKind === "day") return `${new Intl.DateTimeFormat("en-GB", { ...DAY, timeZone: "UTC" }).format(x)}, UTC`;
  return new Intl.DateTimeFormat("en-GB", { ...DAY, ...CLOCK, second: "2-digit", timeZoneName: "short" }).format(x);
}
