import { median } from "../../shared/median.ts";
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
 * Mean, median and confidence over all runs of a group. A run counts from its first bucket to its last; between two of its
 * points its value lies on the line through them, and it is never drawn beyond its ends.
 */
export function aggregateGroup(runs: readonly (readonly BucketValue[])[]): GroupBucket[] {
  const columns = new Map<number, number[]>();
  const used = new Set(runs.flatMap((run) => run.map(({ bucket }) => bucket)));
  const buckets = [...used].sort((a, b) => a - b);
  for (const run of runs) {
    if (run.length === 0) continue;
    let at = 0;
    for (const bucket of buckets) {
      if (bucket < run[0]!.bucket || bucket > run.at(-1)!.bucket) continue;
      while (run[at + 1] && run[at + 1]!.bucket <= bucket) at += 1;
      const [here, next] = [run[at]!, run[at + 1]];
      const value = here.bucket === bucket || !next ? here.last : here.last + ((next.last - here.last) * (bucket - here.bucket)) / (next.bucket - here.bucket);
      const column = columns.get(bucket) ?? [];
      column.push(value);
      columns.set(bucket, column);
    }
  }
  return buckets.flatMap((bucket) => {
    const values = columns.get(bucket);
    return values ? [{ bucket, ...summaryOf(values) }] : [];
  });
}

export function summaryOf(values: readonly number[]): Omit<GroupBucket, "bucket"> {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n;
  const variance = n > 1 ? sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1) : 0;
  const half = n > 1 ? studentT(n - 1) * Math.sqrt(variance / n) : 0;
  return { n, mean, median: median(sorted), low: mean - half, high: mean + half, min: sorted[0]!, max: sorted.at(-1)! };
}

const T_975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042];

/** Two-sided 95 % point of Student's t. Exact to three digits up to 30 degrees of freedom, then the series around the normal's. */
export function studentT(freedom: number): number {
  const known = T_975[freedom - 1];
  if (known) return known;
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}
