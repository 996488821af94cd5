import type { XKind } from "./prepare-series.ts";

/** An axis: its ends and its round ticks. */
export interface Scale {
  domain: [number, number];
  ticks: number[];
}

/** The round step (1, 2 or 5 times a power of ten) that parts `span` into at most about `count`. */
function niceStep(span: number, count: number): number {
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}

/** Multiples of `step` in [low, high], shifted by `offset`; free of the dust that adding floats leaves. */
function multiples(low: number, high: number, step: number, offset = 0): number[] {
  const first = Math.ceil((low + offset) / step - 1e-9);
  const last = Math.floor((high + offset) / step + 1e-9);
  const digits = Math.max(0, Math.min(100, 2 - Math.floor(Math.log10(step))));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step - offset).toFixed(digits)));
}

/** Round numbers within [low, high]; powers of ten, and 2 and 5 times them where there is room, on a logarithmic axis. */
export function numberTicks([low, high]: [number, number], log: boolean, count: number): number[] {
  if (!(high > low)) return [low];
  if (!log) return multiples(low, high, niceStep(high - low, count));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 }, (_, at) => 10 ** (Math.floor(Math.log10(low)) + at));
  const within = (ticks: number[]) => ticks.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  const whole = within(powers);
  return whole.length >= 3 ? whole : within(powers.flatMap((power) => [power, 2 * power, 5 * power]));
}

/**
 * The value axis: a little room above and below, never below zero for what is never negative; ticks on round numbers.
 * @param fromZero Bars, areas and amounts start at zero.
 */
export function valueScale([low, high]: [number, number], fromZero: boolean, count = 5): Scale {
  let from = fromZero ? Math.min(0, low) : low;
  let to = fromZero ? Math.max(0, high) : high;
  if (from === to) {
    const room = from === 0 ? 1 : Math.abs(from) * 0.1;
    from = from >= 0 && from - room < 0 ? 0 : from - room;
    to += room;
  }
  const room = (to - from) * 0.05;
  const domain: [number, number] = [from >= 0 && from - room < 0 ? 0 : from - room, to <= 0 && to + room > 0 ? 0 : to + room];
  return { domain, ticks: multiples(domain[0], domain[1], niceStep(domain[1] - domain[0], count)) };
}

/** Firsts of months, every one or every few, of which at most `count` fit. @param offsetMs The zone, as below. */
function monthTicks(low: number, high: number, count: number, offsetMs: number): number[] {
  const from = new Date(low + offsetMs);
  const span = (high - low) / (30.4 * 86_400_000);
  const every = [1, 2, 3, 6].find((step) => span / step <= count) ?? Math.ceil(span / count / 12) * 12;
  const first = Math.floor(from.getUTCMonth() / every) * every;
  const starts = Array.from({ length: count + 3 }, (_, at) => Date.UTC(from.getUTCFullYear(), first + at * every) - offsetMs);
  return starts.filter((at) => at >= low && at <= high);
}

const SECOND_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600];

/**
 * Ticks of the x axis: round steps, or round clock times.
 * @param offsetMs The reader's zone east of UTC, so that days begin at midnight.
 */
export function xTicks([low, high]: [number, number], xKind: XKind, count: number, offsetMs = 0): number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  if (xKind === "step") return multiples(low, high, Math.max(1, niceStep(span, count)));
  const isTime = xKind === "time" || xKind === "day";
  const unit = isTime ? 1000 : 1;
  const fitting = SECOND_STEPS.find((step) => span / unit / step <= count && (xKind !== "day" || step >= 86_400));
  if (fitting === undefined && isTime) return monthTicks(low, high, count, offsetMs);
  const seconds = fitting ?? niceStep(span / unit / 86_400, count) * 86_400;
  return multiples(low, high, seconds * unit, isTime ? offsetMs : 0);
}

/** Of a text in the size of ticks: digits are alike, and little else is wider. */
const PX_PER_CHARACTER = 6.4;
const PX_BETWEEN = 16;

/**
 * The ticks whose texts fit beside each other: all, or every second, third … from the first on.
 * @param end Where the room of the last text ends, px: it moves back from there.
 */
export function spaced(ticks: readonly { at: number; text: string }[], end: number): { at: number; text: string }[] {
  const half = (text: string) => (text.length * PX_PER_CHARACTER) / 2;
  const placed = ticks.map(({ at, text }) => ({ at: Math.min(at, end - half(text)), text }));
  for (let every = 1; every < placed.length; every += 1) {
    const kept = placed.filter((_, place) => place % every === 0);
    if (kept.every((one, place) => place === 0 || one.at - half(one.text) - kept[place - 1]!.at - half(kept[place - 1]!.text) >= PX_BETWEEN)) return kept;
  }
  return placed.slice(0, 1);
}
