/** Ranges that a page of charts offers; seconds. */
export const RANGES = { "15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800 } as const;
export type RangeName = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as [RangeName, ...RangeName[]];

const BUCKETS = 300;
/** Agents sample every five seconds. */
const SAMPLE_MS = 5000;

/**
 * What to ask for. A range that follows the clock moves in whole buckets, so that the same question is asked again, not a new
 * one each second, and old points do not jump between buckets.
 * @param now Unix ms @param zoom Unix ms, kept as it is
 */
export function telemetryWindow(name: RangeName, zoom: readonly [number, number] | null, now: number): { from: number; to: number; buckets: number } {
  if (zoom && zoom[0] < zoom[1]) {
    const [from, to] = [Math.floor(zoom[0]), Math.ceil(zoom[1])];
    return { from, to, buckets: Math.max(1, Math.min(BUCKETS, Math.floor((to - from) / SAMPLE_MS))) };
  }
  const span = RANGES[name] * 1000;
  const step = Math.max(SAMPLE_MS * 2, Math.ceil(span / BUCKETS));
  const to = Math.ceil(now / step) * step;
  return { from: to - Math.ceil(span / step) * step, to, buckets: Math.ceil(span / step) };
}
