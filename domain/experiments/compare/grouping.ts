import type { BucketValue } from "./buckets.ts";

/** One group's course: of every bucket, over all runs that are under way there. */
export interface GroupBucket {
  bucket: number;
  /** Runs under way. */
  n: number;
  mean: number;
  median: number;
  /** 95 % confidence of the mean (Student's t); equal to the mean for one run. */
  low: number;
  high: number;
  min: number;
  max: number;
}

/**
 * Mean, median and confidence over all runs of a group, however many. A run counts from its first bucket to its last; between two
 * of its points its value lies on the line through them, and it is never drawn beyond its ends.
 */
export class GroupCourse {
  /** Values of the runs under way, by bucket. */
  readonly #values: number[][];
  /** Buckets in which some run has a point of its own. */
  readonly #used: Uint8Array;
  #runs = 0;

  constructor(buckets: number) {
    this.#values = Array.from({ length: buckets }, () => []);
    this.#used = new Uint8Array(buckets);
  }

  /** Runs that have a value. */
  get runs(): number {
    return this.#runs;
  }

  /** @param run In order of its buckets. */
  add(run: readonly BucketValue[]): void {
    if (run.length === 0) return;
    this.#runs += 1;
    run.forEach((here, at) => {
      const next = run[at + 1];
      this.#used[here.bucket] = 1;
      this.#values[here.bucket]!.push(here.last);
      if (!next) return;
      const slope = (next.last - here.last) / (next.bucket - here.bucket);
      for (let bucket = here.bucket + 1; bucket < next.bucket; bucket += 1) this.#values[bucket]!.push(here.last + slope * (bucket - here.bucket));
    });
  }

  buckets(): GroupBucket[] {
    return this.#values.flatMap((values, bucket) => (this.#used[bucket] ? [{ bucket, ...summaryOf(values) }] : []));
  }
}

/** @param values At least one, all finite. Steps towards the mean rather than sums: those of great values would leave float64. */
export function summaryOf(values: readonly number[]): Omit<GroupBucket, "bucket"> {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  let [mean, squares] = [0, 0];
  sorted.forEach((value, at) => {
    const off = value - mean;
    mean += off / (at + 1);
    squares += off * (value - mean);
  });
  const half = n > 1 ? studentT(n - 1) * Math.sqrt(squares / (n - 1) / n) : 0;
  const middle = n >> 1;
  const median = n % 2 === 1 ? sorted[middle]! : sorted[middle - 1]! / 2 + sorted[middle]! / 2;
  return { n, mean, median, low: Math.max(-Number.MAX_VALUE, mean - half), high: Math.min(Number.MAX_VALUE, mean + half), min: sorted[0]!, max: sorted.at(-1)! };
}

const T_975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042];

/** Two-sided 95 % point of Student's t. Exact to three digits up to 30 degrees of freedom, then the series around the normal's. */
export function studentT(freedom: number): number {
  const known = T_975[freedom - 1];
  if (known) return known;
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}
