/** Ranges that pages and embedded reports offer, in days. */
export const RANGES = { "7d": 7, "30d": 30, "90d": 90, "1y": 365 } as const;
export type RangeName = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as [RangeName, ...RangeName[]];

export const DAY_MS = 86_400_000;
/** The UTC day of a moment (Unix ms), 2026-11-25. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
/** Whole UTC days up to today, both included. */
export const daysUntil = (now: number, range: RangeName): { from: string; to: string } => ({ from: dayOf(now - (RANGES[range] - 1) * DAY_MS), to: dayOf(now) });
