/** Points of the cells of a batch's outline; the last cell has what is left. */
export const CELL = 256;
/** Points of the cells of a chapter's outlines, each level twice the one before: a chart reads the widest cells that its buckets allow. */
export const CHAPTER_CELLS = [CELL, 512, 1024, 2048, 4096, 8192, 16_384] as const;

/**
 * What a long chart needs of a batch of points: of each cell of neighbours its ends, its least, greatest and last value. Only batches
 * whose points are finite and in order have one; a chart whose buckets are several cells wide then reads a hundredth of the bytes.
 */
export interface Outline {
  /** Points in all. */
  points: number;
  /** Points of each cell but the last. */
  cell: number;
  /** Of each cell's first and last point; times as Unix ms. */
  firstSteps: Float64Array;
  lastSteps: Float64Array;
  firstTimes: Float64Array;
  lastTimes: Float64Array;
  mins: Float64Array;
  maxs: Float64Array;
  lasts: Float64Array;
}

/** A cell goes into one bucket whole, that of its first point: a bucket's edge lies at most so much of its width from where it should. */
export const CELL_OF_BUCKET = 1 / 3;

/** What is known of a series without reading it: its points, and what they span of the chart's axis. */
export interface Course {
  count: number;
  low: number;
  high: number;
}

/** From so many points on, all courses together, reading every one takes longer than a person should wait. */
const LONG = 1_000_000;
/** Clocks and steps are not quite even: cells somewhat wider than the mean one fit, too. */
const MARGIN = 1.1;

/** Buckets for a chart of so long courses that outlines should do: as many as were wanted, or, down to a third of them, as cells allow. */
export function bucketsForOutlines(wanted: number, { from, to }: { from: number; to: number }, courses: readonly Course[]): number {
  const within = courses.filter(({ low, high }) => high > low && low <= to && high >= from);
  const points = within.reduce((sum, { count, low, high }) => sum + (count * (Math.min(to, high) - Math.max(from, low))) / (high - low), 0);
  if (points < LONG) return wanted;
  const widest = within.reduce((most, { count, low, high }) => Math.max(most, ((high - low) / count) * CELL), 0);
  const fitting = Math.floor(((to - from) * CELL_OF_BUCKET) / (widest * MARGIN));
  return fitting < wanted / 3 ? wanted : Math.min(wanted, fitting);
}

interface Neat {
  steps: Float64Array;
  times: Float64Array;
}

/** @returns null where a point is not finite, or stands before the one that came before it. */
export function outlineOf({ steps, times, values }: { steps: ArrayLike<number | bigint>; times: ArrayLike<number | bigint>; values: Float64Array }, size = CELL): Outline | null {
  if (!(steps instanceof Float64Array && times instanceof Float64Array) || !isNeat(steps, times, values)) return null;
  const cells = Math.ceil(values.length / size);
  const column = () => new Float64Array(cells);
  const outline: Outline = { points: values.length, cell: size, firstSteps: column(), lastSteps: column(), firstTimes: column(), lastTimes: column(), mins: column(), maxs: column(), lasts: column() };
  for (let cell = 0; cell < cells; cell += 1) {
    const [first, last] = [cell * size, Math.min(values.length, (cell + 1) * size) - 1];
    [outline.firstSteps[cell], outline.lastSteps[cell], outline.firstTimes[cell], outline.lastTimes[cell]] = [steps[first]!, steps[last]!, times[first]!, times[last]!];
    let [min, max] = [Infinity, -Infinity];
    for (let at = first; at <= last; at += 1) {
      const value = values[at]!;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    [outline.mins[cell], outline.maxs[cell], outline.lasts[cell]] = [min, max, values[last]!];
  }
  return outline;
}

function isNeat(steps: Float64Array, times: Float64Array, values: Float64Array): boolean {
  for (let at = 0; at < values.length; at += 1) {
    if (!Number.isFinite(values[at]!)) return false;
    if (at > 0 && (steps[at]! < steps[at - 1]! || times[at]! < times[at - 1]!)) return false;
  }
  return values.length > 0;
}

/** Whether the second of two neat parts goes on where the first ends, so that both together are neat. */
export const goesOn = (before: Neat, after: Neat): boolean => after.steps[0]! >= before.steps.at(-1)! && after.times[0]! >= before.times.at(-1)!;

/** From the first to the last point of the widest cell. */
export const widestCell = (firsts: Float64Array, lasts: Float64Array): number => firsts.reduce((widest, first, cell) => Math.max(widest, lasts[cell]! - first), 0);
