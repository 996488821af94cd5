/** Ranges that pages and embedded reports offer, in days. */
export const RANGES = { "7d": 7, "30d": 30, "90d": 90, "1y": 365 } as const;
export type RangeName = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as [RangeName, ...RangeName[]];

export const DAY_MS = 86_400_000;
/** The UTC day of a moment (Unix ms), 2026-11-25. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"]; // as times of day name them
const partsOf = (day: string) => ({ year: day.slice(0, 4), month: MONTHS[+day.slice(5, 7) - 1]!, date: String(+day.slice(8)) });
/** A UTC day as people read it: 25 Nov 2026. Files, URLs and forms keep 2026-11-25. */
export function dayName(day: string): string {
  const { year, month, date } = partsOf(day);
  return `${date} ${month} ${year}`;
}
/** What is the same of both is said once: 1 to 30 Nov 2026, 28 Oct to 26 Nov 2026. */
export function spanName(from: string, to: string): string {
  const first = partsOf(from);
  if (from.slice(0, 4) !== to.slice(0, 4)) return `${dayName(from)} to ${dayName(to)}`;
  if (from.slice(0, 7) !== to.slice(0, 7)) return `${first.date} ${first.month} to ${dayName(to)}`;
  return from === to ? dayName(to) : `${first.date} to ${dayName(to)}`;
}
/** Whole UTC days up to today, both included. */
export const daysUntil = (now: number, range: RangeName): { from: string; to: string } => ({ from: dayOf(now - (RANGES[range] - 1) * DAY_MS), to: dayOf(now) });

/** From one day to another, of dates written as 2026-11-25: 0 for the same one. */
export const daysBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / DAY_MS;

/** No view is of more days. */
export const MOST_DAYS = 400;
/** A day that there is, written as 2026-11-25. */
export const isDay = (text: string | null): text is string => text !== null && /^2\d{3}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && dayOf(Date.parse(text)) === text;
/** Why these two days are no range of one's own; null: they are. */
export function rangeProblem(from: string | null, to: string | null): string | null {
  if (!isDay(from) || !isDay(to)) return "Name both days.";
  if (to < from) return "The last day is before the first.";
  return daysBetween(from, to) >= MOST_DAYS ? `At most ${MOST_DAYS} days.` : null;
}
