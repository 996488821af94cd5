import { type Grid, bucketX, unpackLine, type PackedLine } from "./buckets.ts";
import { type Smoothing, smoothLine } from "./smoothing.ts";

/** What a chart of many runs draws, decided before anything is drawn. */

export interface LinePoint {
  x: number;
  y: number;
  low: number;
  high: number;
}

export interface Line {
  id: string;
  label: string;
  /** As measured, reduced. */
  raw: LinePoint[];
  /** As drawn: smoothed where asked. */
  points: LinePoint[];
  hasBand: boolean;
  last: number;
  /** A group's: its band is the confidence of the mean, not what was measured. */
  isMean: boolean;
  /** Distance of x beyond which neighbouring points are not joined. */
  gap: number;
}

export interface LineInput {
  id: string;
  label: string;
  isMean?: boolean;
  line: PackedLine;
}

/** What a line is made of, unpacked onto its grid. @param scale Relative time is sent in ms and told in seconds: 0.001. */
export function toPoints(line: PackedLine, grid: Grid, scale = 1): LinePoint[] {
  return unpackLine(line).map(({ bucket, last, min, max }) => ({ x: bucketX(grid, bucket) * scale, y: last, low: min, high: max }));
}

export interface Look {
  smoothing: Smoothing;
  strength: number;
}

/** Lines in the order of their last value, largest first: the order of legend and tooltip. */
export function linesOf(inputs: readonly LineInput[], grid: Grid, look: Look, { scale = 1, gaps = false } = {}): Line[] {
  return inputs
    .map(({ id, label, line, isMean = false }) => {
      const raw = toPoints(line, grid, scale);
      const points = smoothLine(raw, look.smoothing, look.strength);
      return { id, label, raw, points, isMean, hasBand: raw.some(({ low, high }) => high > low), last: raw.at(-1)?.y ?? Number.NaN, gap: gaps ? gapOf(raw) : Number.POSITIVE_INFINITY };
    })
    .filter(({ raw }) => raw.length > 0)
    .sort((a, b) => b.last - a.last);
}

/** A pause this many times longer than usual is a gap, on axes that are time. */
const GAP_FACTOR = 6;

function gapOf(points: readonly LinePoint[]): number {
  if (points.length < 3) return Number.POSITIVE_INFINITY;
  const steps = points.slice(1).map(({ x }, at) => x - points[at]!.x).sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)]! * GAP_FACTOR;
}

/** How each run is told from the others: six colours, then the same dashed, then the rest as others. */
export interface Stroke {
  slot: number | null;
  dashed: boolean;
}
export const COLOURED = 12;
export const strokeOf = (place: number): Stroke => (place < 0 || place >= COLOURED ? { slot: null, dashed: false } : { slot: (place % 6) + 1, dashed: place >= 6 });

/**
 * Ids of lines in the order of their colours: of all that may be drawn, so that none takes another's where one has no points in this
 * chart or range. @param of Runs, or groups. @param keys Metrics of the chart.
 */
export const linePlaces = (of: readonly string[], keys: readonly string[]): string[] => of.flatMap((id) => (keys.length > 1 ? keys.map((key) => `${id} ${key}`) : [id]));

/** Least and greatest of what is drawn, bands included. null: nothing is. */
export function extentOfLines(lines: readonly Line[], inDomain?: readonly [number, number]): { x: [number, number]; y: [number, number] } | null {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { raw } of lines) {
    for (const { x, low, high } of raw) {
      if (inDomain && (x < inDomain[0] || x > inDomain[1])) continue;
      x0 = Math.min(x0, x);
      x1 = Math.max(x1, x);
      y0 = Math.min(y0, low);
      y1 = Math.max(y1, high);
    }
  }
  return x0 > x1 ? null : { x: [x0, x1], y: [y0, y1] };
}

/**
 * The y range without what stands far out: the middle 96 % of the values, and a little room. What is cut is counted, never
 * silently gone.
 * @returns null where nothing would be cut.
 */
export function clipOutliers(lines: readonly Line[]): { y: [number, number]; cut: number } | null {
  const values = lines.flatMap(({ raw }) => raw.map(({ y }) => y)).sort((a, b) => a - b);
  if (values.length < 10) return null;
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
  const [low, high] = [at(0.02), at(0.98)];
  const room = (high - low || Math.abs(high) || 1) * 0.1;
  const y: [number, number] = [low - room, high + room];
  const cut = values.filter((value) => value < y[0] || value > y[1]).length;
  return cut === 0 ? null : { y: [Math.max(values[0]!, y[0]), Math.min(values.at(-1)!, y[1])], cut };
}

/** On a logarithmic axis zero and below cannot be drawn. */
export const canLog = (lines: readonly Line[]): boolean => lines.every(({ raw, points }) => raw.every(({ low }) => low > 0) && points.every(({ y }) => y > 0));

/**
 * Lines as a logarithmic axis can show them: where the band around a positive mean reaches zero or below, it goes down to the least
 * that is drawn. @returns the very same where no band does.
 */
export function raiseBands(lines: readonly Line[]): readonly Line[] {
  const reaches = ({ raw, isMean }: Line) => isMean && raw.some(({ low }) => low <= 0) && raw.every(({ y }) => y > 0);
  if (!lines.some(reaches)) return lines;
  const least = lines.reduce((of, { raw }) => raw.reduce((min, { y, low }) => Math.min(min, low > 0 ? low : y > 0 ? y : min), of), Infinity);
  const raise = <T extends LinePoint>(points: T[]) => points.map((point) => (point.low > 0 ? point : { ...point, low: least }));
  return lines.map((line) => (reaches(line) ? { ...line, raw: raise(line.raw), points: raise(line.points) } : line));
}

export interface At {
  line: Line;
  point: LinePoint;
}

/** What each line has nearest to `x`, within `reach` of it; largest first. Measured values, not smoothed ones. */
export function valuesAtX(lines: readonly Line[], x: number, reach: number): At[] {
  return lines
    .flatMap((line) => {
      const point = nearestPoint(line.raw, x);
      return point && Math.abs(point.x - x) <= reach ? [{ line, point }] : [];
    })
    .sort((a, b) => b.point.y - a.point.y);
}

export function nearestPoint(points: readonly LinePoint[], x: number): LinePoint | undefined {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.x < x) low = middle + 1;
    else high = middle;
  }
  const [right, left] = [points[low], points[low - 1]];
  return right && left && x - left.x < right.x - x ? left : right;
}
