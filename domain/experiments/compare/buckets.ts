/** How a chart of many runs travels: so many buckets that the answer stays small, and numbers as short as the chart can show. */

/** Runs on one page. */
export const MAX_COMPARED = 100;
/** Runs that one chart takes together in groups: the newest of more. */
export const MAX_GROUPED = 10_000;
/** Groups that one chart draws: the largest of more. */
export const MAX_GROUP_LINES = 50;
/** Buckets of a chart of groups: each holds a value of each run while it is reduced. */
export const MAX_GROUP_BUCKETS = 200;
/** Lines of one chart never take more bytes than this, whatever the number of runs. */
export const MAX_CHART_BYTES = 180_000;
export const MAX_BUCKETS = 1000;
/** Ids, names of fields, counts. */
const LINE_OVERHEAD = 120;
/** A bucket's number, and each of its values in four digits. */
const BYTES_PER_BUCKET = 2;
const BYTES_PER_VALUE = 6;

/** Buckets to ask for, if each holds one value, or three of dense lines. Should they not fit, `fitLines` merges them. */
export function bucketsFor(lines: number, wanted = MAX_BUCKETS, isDense = false): number {
  const each = MAX_CHART_BYTES / Math.max(1, lines) - LINE_OVERHEAD;
  return Math.min(MAX_BUCKETS, wanted, Math.max(16, Math.floor(each / (BYTES_PER_BUCKET + BYTES_PER_VALUE * (isDense ? 3 : 1)))));
}

/** The grid that all lines of a chart share: bucket `i` covers [from + i·width, from + (i+1)·width). */
export interface Grid {
  from: number;
  to: number;
  count: number;
  /** Whole values of x only (steps, milliseconds): then the last bucket ends at `to`, included. */
  whole: boolean;
}

/** Never more buckets than there are whole values of x: neighbouring steps stay apart. */
export function gridOf(from: number, to: number, buckets: number, whole: boolean): Grid {
  return { from, to, count: whole ? Math.max(1, Math.min(buckets, to - from + 1)) : to > from ? buckets : 1, whole };
}

export const bucketWidth = ({ from, to, count, whole }: Grid): number => (whole ? to - from + 1 : to - from) / count;

/** Where a bucket is drawn: its only value where it has one, its middle otherwise. */
export function bucketX(grid: Grid, bucket: number): number {
  const width = bucketWidth(grid);
  if (grid.whole) return width <= 1 ? grid.from + bucket : grid.from + bucket * width + (width - 1) / 2;
  return grid.from + (bucket + 0.5) * width;
}

/**
 * Significant digits that keep a chart's shape: four digits of what it spans, however far from zero it lies.
 * @param low,high Least and greatest value of the chart.
 */
export function digitsFor(low: number, high: number): number {
  const size = Math.max(Math.abs(low), Math.abs(high));
  const span = high - low;
  if (!(size > 0) || !(span > 0) || !Number.isFinite(span)) return 7;
  return Math.max(4, Math.min(17, 4 + Math.round(Math.log10(size / span))));
}

/** Numbers as one text: JSON of many small arrays costs more to walk than to send. */
export function packNumbers(values: readonly number[], digits: number): string {
  let text = "";
  for (const value of values) text += `${text === "" ? "" : ","}${short(rounded(value, digits))}`;
  return text;
}

const MOST_POWER = 300;
const POWERS = Array.from({ length: MOST_POWER + 1 }, (_, power) => 10 ** power);

/** By arithmetic, not by toPrecision: a page of charts has a million of these. */
function rounded(value: number, digits: number): number {
  if (value === 0 || digits >= 17) return value;
  const power = digits - 1 - Math.floor(Math.log10(Math.abs(value)));
  if (power > MOST_POWER || power < -MOST_POWER) return Number(value.toPrecision(digits));
  return power >= 0 ? Math.round(value * POWERS[power]!) / POWERS[power]! : Math.round(value / POWERS[-power]!) * POWERS[-power]!;
}

function short(value: number): string {
  const text = String(value);
  return text.startsWith("0.") ? text.slice(1) : text.startsWith("-0.") ? `-${text.slice(2)}` : text;
}

export function unpackNumbers(text: string): number[] {
  return text === "" ? [] : text.split(",").map(Number);
}

/** One line of a chart as it is sent. `low` and `high` are empty where every bucket holds one value. */
export interface PackedLine {
  /** Numbers of the buckets that hold something, each as the distance from the one before. */
  at: string;
  last: string;
  low: string;
  high: string;
}

/** One bucket of a line: its place in the grid, and what it holds. */
export interface BucketValue {
  bucket: number;
  last: number;
  min: number;
  max: number;
}

/** @param buckets In order. */
export function packLine(buckets: readonly BucketValue[], digits: number): PackedLine {
  const flat = buckets.every(({ min, max }) => min === max);
  return {
    at: packNumbers(buckets.map(({ bucket }, i) => (i === 0 ? bucket : bucket - buckets[i - 1]!.bucket)), 17),
    last: packNumbers(buckets.map(({ last }) => last), digits),
    low: flat ? "" : packNumbers(buckets.map(({ min }) => min), digits),
    high: flat ? "" : packNumbers(buckets.map(({ max }) => max), digits),
  };
}

export function unpackLine(line: PackedLine): BucketValue[] {
  const [steps, last, low, high] = [unpackNumbers(line.at), unpackNumbers(line.last), unpackNumbers(line.low), unpackNumbers(line.high)];
  let bucket = 0;
  return steps.map((step, i) => {
    bucket += step;
    return { bucket, last: last[i]!, min: low[i] ?? last[i]!, max: high[i] ?? last[i]! };
  });
}

/** Each `by` neighbouring buckets as one: nothing between least and greatest is lost. @param buckets In order. */
export function mergeBuckets(buckets: readonly BucketValue[], by: number): BucketValue[] {
  const merged: BucketValue[] = [];
  for (const one of buckets) {
    const bucket = Math.floor(one.bucket / by);
    const open = merged.at(-1);
    if (open?.bucket === bucket) Object.assign(open, { last: one.last, min: Math.min(open.min, one.min), max: Math.max(open.max, one.max) });
    else merged.push({ ...one, bucket });
  }
  return merged;
}

/** The same x over fewer, wider buckets. */
export function mergeGrid(grid: Grid, by: number): Grid {
  const count = Math.ceil(grid.count / by);
  const width = bucketWidth(grid) * by;
  return { ...grid, count, to: grid.from + count * width - (grid.whole ? 1 : 0) };
}

const bytesOf = ({ at, last, low, high }: PackedLine) => at.length + last.length + low.length + high.length + LINE_OVERHEAD;

/** Packs all lines of a chart into at most MAX_CHART_BYTES, by merging neighbouring buckets until they fit. */
export function fitLines(grid: Grid, lines: readonly (readonly BucketValue[])[], budget = MAX_CHART_BYTES): { grid: Grid; lines: PackedLine[] } {
  let [low, high] = [Infinity, -Infinity];
  for (const line of lines) for (const { min, max } of line) [low, high] = [Math.min(low, min), Math.max(high, max)];
  const digits = digitsFor(low, high);
  const pack = (by: number, some = lines) => some.map((line) => packLine(by === 1 ? line : mergeBuckets(line, by), digits));
  // A few lines tell how long all will be, so that most charts are packed once.
  const stride = Math.ceil(lines.length / 8);
  const sampled = lines.filter((_, at) => at % stride === 0);
  const guess = (total(pack(1, sampled)) * lines.length) / Math.max(1, sampled.length);
  let by = Math.max(1, Math.min(grid.count, Math.ceil(guess / budget)));
  let packed = pack(by);
  for (let bytes = total(packed); bytes > budget && by < grid.count; bytes = total(packed)) {
    by = Math.min(grid.count, Math.max(by + 1, Math.ceil((by * bytes) / budget)));
    packed = pack(by);
  }
  return { grid: by === 1 ? grid : mergeGrid(grid, by), lines: packed };
}

const total = (lines: readonly PackedLine[]) => lines.reduce((sum, line) => sum + bytesOf(line), 0);
