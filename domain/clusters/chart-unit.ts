/** A unit that keeps an axis in whole, round numbers, and what one of the measured unit is in it. */
export interface ChartUnit {
  unit: string;
  factor: number;
}

/** For sizes in MiB up to `max`: binary units would give ticks such as 195 GiB, so the axis counts in the unit itself. */
export function memoryUnit(max: number): ChartUnit {
  if (max >= 4 * 1_048_576) return { unit: "TiB", factor: 1 / 1_048_576 };
  if (max >= 4 * 1024) return { unit: "GiB", factor: 1 / 1024 };
  return { unit: "MiB", factor: 1 };
}

/** For bytes per second up to `max`; networks count in thousands. */
export function rateUnit(max: number): ChartUnit {
  if (max >= 2e9) return { unit: "GB/s", factor: 1e-9 };
  if (max >= 2e6) return { unit: "MB/s", factor: 1e-6 };
  if (max >= 2e3) return { unit: "kB/s", factor: 1e-3 };
  return { unit: "B/s", factor: 1 };
}

interface Point {
  x: number;
  min: number;
  max: number;
  last: number;
}

/** The points in another unit. */
export function scaled<P extends Point>(points: readonly P[], factor: number): P[] {
  return factor === 1 ? [...points] : points.map((point) => ({ ...point, min: point.min * factor, max: point.max * factor, last: point.last * factor }));
}

/** The greatest value of several series; 0 without points. */
export function greatest(series: readonly { points: readonly Point[] }[]): number {
  let most = 0;
  for (const { points } of series) for (const point of points) most = Math.max(most, point.max);
  return most;
}
