import type { Outline } from "./outline.ts";

/** A chart's bucket: least, greatest and last of its finite points; the last is that of the greatest (x, other axis, arrival). */
export interface Bucket {
  /** Its number, from 0. */
  bucket: number;
  /** Of the last finite point; null, as are the others, where no point is finite. */
  x: number | null;
  last: number | null;
  min: number | null;
  max: number | null;
  /** Finite points. */
  count: number;
  total: number;
}

export interface Range {
  from: number;
  to: number;
}

type Axis = ArrayLike<number | bigint>;

/** Some points of one series, in the order in which they came; times as Unix ms. */
export interface Points {
  steps: Axis;
  times: Axis;
  values: ArrayLike<number>;
}

/** A batch over one of its own axes, whole or as an outline. @param since What lies before x = 0. */
export function addPoints(reducer: Reducer, batch: Points | Outline, axis: "step" | "time", since = 0): void {
  if ("mins" in batch) return reducer.addOutline(batch, axis, since);
  const [x, other] = axis === "step" ? [batch.steps, batch.times] : [batch.times, batch.steps];
  reducer.add(since === 0 ? x : less(x, since), other, batch.values);
}

/** By a loop: `from` with a function walks an iterator, ten times as long. */
function less(x: Axis, since: number): Float64Array {
  const places = new Float64Array(x.length);
  for (let at = 0; at < places.length; at += 1) places[at] = Number(x[at]) - since;
  return places;
}

/**
 * Reduces points to at most `buckets` buckets of equal width over whole values of x, a batch at a time, in any order of batches
 * that came one after the other. A spike of one point stays the least or greatest of its bucket, and a gap stays one.
 */
export class Reducer {
  readonly #range: Range;
  readonly #count: number;
  readonly #scale: number;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #last: Float64Array;
  readonly #x: Float64Array;
  readonly #other: Float64Array;
  readonly #finite: Float64Array;
  readonly #total: Float64Array;

  /** @param whole x has whole values: then there are never more buckets than those, so that neighbours on a step axis stay apart. */
  constructor(range: Range, buckets: number, whole = true) {
    const width = whole ? range.to - range.from + 1 : range.to - range.from || 1;
    const count = Math.max(1, whole ? Math.min(buckets, width) : buckets);
    this.#range = range;
    this.#count = count;
    this.#scale = count / width;
    const column = (fill: number) => new Float64Array(count).fill(fill);
    [this.#min, this.#max, this.#last, this.#x, this.#other, this.#finite, this.#total] = [column(Infinity), column(-Infinity), column(0), column(-Infinity), column(-Infinity), column(0), column(0)];
  }

  add(x: Axis, other: Axis, values: ArrayLike<number>): void {
    const { from, to } = this.#range;
    for (let at = 0; at < values.length; at += 1) {
      const place = Number(x[at]);
      if (!(place >= from && place <= to)) continue; // NaN too: x may be another metric
      const bucket = Math.min(this.#count - 1, Math.floor((place - from) * this.#scale));
      this.#total[bucket]! += 1;
      const value = values[at]!;
      if (!Number.isFinite(value)) continue;
      this.#finite[bucket]! += 1;
      if (value < this.#min[bucket]!) this.#min[bucket] = value;
      if (value > this.#max[bucket]!) this.#max[bucket] = value;
      this.#keepLast(bucket, place, Number(other[at]), value);
    }
  }

  /**
   * Cells, each into the bucket in which it begins: those that reach into the range count whole.
   * @param since What lies before x = 0, taken off the outline's own axis.
   */
  addOutline(outline: Outline, axis: "step" | "time", since = 0): void {
    const { from, to } = this.#range;
    const { points, cell: size, mins, maxs, lasts } = outline;
    const [firsts, finals, others] = axis === "step" ? [outline.firstSteps, outline.lastSteps, outline.lastTimes] : [outline.firstTimes, outline.lastTimes, outline.lastSteps];
    const [total, finite, least, greatest] = [this.#total, this.#finite, this.#min, this.#max];
    for (let cell = 0; cell < firsts.length; cell += 1) {
      const first = firsts[cell]! - since;
      const last = finals[cell]! - since;
      if (!(last >= from && first <= to)) continue;
      const bucket = Math.max(0, Math.min(this.#count - 1, Math.floor((first - from) * this.#scale)));
      const count = Math.min(size, points - cell * size);
      total[bucket]! += count;
      finite[bucket]! += count;
      least[bucket] = Math.min(least[bucket]!, mins[cell]!);
      greatest[bucket] = Math.max(greatest[bucket]!, maxs[cell]!);
      this.#keepLast(bucket, Math.min(to, last), others[cell]!, lasts[cell]!);
    }
  }

  #keepLast(bucket: number, place: number, beside: number, value: number): void {
    if (place < this.#x[bucket]! || (place === this.#x[bucket] && beside < this.#other[bucket]!)) return;
    this.#x[bucket] = place;
    this.#other[bucket] = beside;
    this.#last[bucket] = value;
  }

  /** Those that have a point, in order. */
  buckets(): Bucket[] {
    const found: Bucket[] = [];
    for (let at = 0; at < this.#count; at += 1) {
      const total = this.#total[at]!;
      if (total === 0) continue;
      const count = this.#finite[at]!;
      found.push(count === 0 ? { bucket: at, x: null, last: null, min: null, max: null, count, total } : { bucket: at, x: this.#x[at]!, last: this.#last[at]!, min: this.#min[at]!, max: this.#max[at]!, count, total });
    }
    return found;
  }
}
