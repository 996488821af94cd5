/** How numbers, sizes and times read everywhere: pages, charts, the CLI. Pure; `en` grouping so that two colleagues see the same text. */

/** By hand: Intl's formats take tens of milliseconds to make, on every page. */
const grouped = (value: number): string => `${value < 0 ? "-" : ""}${String(Math.round(Math.abs(value))).replace(/\B(?=(\d{3})+$)/g, ",")}`;

/** 12345 → "12,345". */
export function formatCount(value: number): string {
  return grouped(value);
}

/**
 * A measured value in at most `digits` significant digits: 0.00012345 → "1.23e-4", 0.9731 → "0.973", 123456 → "123,456".
 * NaN and infinities keep their names: they are findings, not formatting errors.
 */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return minus(value.toExponential(Math.max(0, digits - 2)).replace("e+", "e").replace(/\.?0+e/, "e"));
  if (size >= 1000) return minus(grouped(value));
  return minus(String(Number(value.toPrecision(digits))));
}

/** Hours that somebody pays for: 0.25, 858.0, 12,346, so that a column of them reads digit under digit; anything above zero never reads as zero. */
export function formatHours(hours: number): string {
  if (hours > 0 && hours < 0.005) return "<0.01";
  return hours >= 1000 || hours === 0 ? grouped(hours) : hours.toFixed(hours < 10 ? 2 : 1);
}

/** With the sign that is as wide as a plus. */
export const minus = (text: string) => text.replace(/^-/, "−");

/** Ticks of an axis: short, same rules, thousands as k, M, G. */
export function formatTick(value: number, digits = 3): string {
  const size = Math.abs(value);
  for (const [limit, unit] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]] as const) {
    const scale = unit === "k" ? 1e3 : limit;
    if (size >= limit) return `${minus(String(Number((value / scale).toPrecision(digits))))}${unit}`;
  }
  if (size >= 1000 && digits > 4) return minus(String(Number(value.toPrecision(digits))).replace(/\d+/, (whole) => grouped(Number(whole))));
  return formatNumber(value, size < 1e-4 ? digits + 1 : digits); // with an exponent it shows one less
}

const TICK_DIGITS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/** How the ticks of one axis read: in as few digits as tell where each stands, for between step 100,000 and 100,500 all are 100k. */
export function formatTicks(ticks: readonly number[]): (value: number) => string {
  const between = Math.min(...ticks.slice(1).map((tick, at) => Math.abs(tick - ticks[at]!)));
  const digits = TICK_DIGITS.find((some) => ticks.every((tick) => Math.abs(Number(tick.toPrecision(some)) - tick) <= between / 50)) ?? 15;
  return (value) => formatTick(value, digits);
}

/** @param share 0 to 1. 0.5 → "50 %"; anything above zero never reads as zero. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 1) return "<1 %";
  if (percent > 99 && percent < 100) return ">99 %";
  return `${Math.round(percent)} %`;
}

const SIZE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** 1536 → "1.5 KiB". Three significant digits at most. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < SIZE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = value >= 100 || unit === 0 ? 0 : 1;
  return `${Number(value.toFixed(digits))} ${SIZE_UNITS[unit]}`;
}

/** 4096 → "4 GiB". */
export function formatMib(mib: number): string {
  return formatBytes(mib * 1_048_576);
}

const PARTS = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]] as const;

/** Seconds as its two largest parts: 8040 → "2 h 14 min", 42 → "42 s", 0.42 → "0.4 s". @param most Parts, where two are too few. */
export function formatSeconds(seconds: number, most = 2): string {
  if (seconds < 0) return `−${formatSeconds(-seconds, most)}`;
  if (seconds < 10 && seconds % 1 !== 0) return `${Number(seconds.toFixed(1))} s`;
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, size] of PARTS) {
    const amount = Math.floor(left / size);
    left -= amount * size;
    if (amount > 0) parts.push(`${amount} ${unit}`);
    else if (parts.length > 0 && most === 2) break;
    if (parts.length === most) break;
  }
  return parts.join(" ") || "0 s";
}

/** One part only, as a distance from now: −90 → "2 min ago", 90 → "in 2 min", within a second → "now". @param seconds negative is the past. */
export function formatAgo(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 1) return "now";
  const text = onePart(size);
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

/** Each unit with its length in seconds, and up to how many seconds it is used. */
const AGO_UNITS = [["s", 1, 60], ["min", 60, 3600], ["h", 3600, 86_400], ["d", 86_400, 86_400 * 60], ["mo", 86_400 * 30.44, 86_400 * 730], ["y", 86_400 * 365.25, Number.POSITIVE_INFINITY]] as const;

/** To the nearest whole unit; what would round up to the next unit is said in that one. */
function onePart(seconds: number): string {
  const [unit, size] = AGO_UNITS.find(([, length, limit]) => Math.round(seconds / length) * length < limit)!;
  return `${Math.round(seconds / size)} ${unit}`;
}

/** Long names keep their start and end: cutMiddle("resnet-baseline-seed-12", 15) → "resnet-…seed-12". */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const tail = Math.floor((max - 1) / 2);
  return `${text.slice(0, max - 1 - tail)}…${text.slice(text.length - tail)}`;
}

/** An id by its prefix and the random end that tells it from its neighbours: "run_0190…7f3a". */
export function shortId(id: string): string {
  const at = id.indexOf("_");
  if (id.length <= 16) return id;
  return at < 0 ? cutMiddle(id, 13) : `${id.slice(0, at + 1)}${id.slice(at + 1, at + 5)}…${id.slice(-4)}`;
}

/** "3 runs", "1 run", "0.5 cores": half of one is neither none nor one. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${Number.isInteger(count) ? formatCount(count) : formatNumber(count)} ${count === 1 ? one : many}`;
}

/** 2048 → "2GiB", 700 → "700MiB": reads back as the same number. */
export const memoryText = (mib: number): string => (mib % 1024 === 0 ? `${mib / 1024}GiB` : `${mib}MiB`);

/** 5400 → "1h30m": reads back as the same number. */
export function durationText(seconds: number): string {
  const parts = ([["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const).map(([unit, size], at, all) => {
    const amount = Math.floor((at === 0 ? seconds : seconds % all[at - 1]![1]) / size);
    return amount > 0 ? `${amount}${unit}` : "";
  });
  return parts.join("") || "0s";
}
