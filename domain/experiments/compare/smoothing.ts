import type { LinePoint } from "./lines.ts";

export const SMOOTHINGS = ["ema", "gaussian"] as const;
export type Smoothing = (typeof SMOOTHINGS)[number];

/**
 * Smooths the drawn line after the reduction; least and greatest stay as measured, so the band never hides a spike.
 * @param strength 0 leaves it alone; 99 smooths most.
 */
export function smoothLine(points: readonly LinePoint[], kind: Smoothing, strength: number): LinePoint[] {
  if (strength <= 0 || points.length < 3) return [...points];
  return kind === "ema" ? ema(points, Math.min(0.99, strength / 100)) : gaussian(points, strength);
}

/** Exponential moving average, corrected for its start: the first points are not drawn towards zero. */
function ema(points: readonly LinePoint[], weight: number): LinePoint[] {
  let average = 0;
  let share = 0;
  return points.map((point) => {
    average = weight * average + (1 - weight) * point.y;
    share = weight * share + (1 - weight);
    return { ...point, y: average / share };
  });
}

/** A Gaussian kernel over x: unlike an average of what came before, it does not lag. Its width is a share of the line's own range. */
function gaussian(points: readonly LinePoint[], strength: number): LinePoint[] {
  const span = points.at(-1)!.x - points[0]!.x;
  const sigma = (span * strength) / 1000;
  if (!(sigma > 0)) return [...points];
  let first = 0;
  return points.map((point) => {
    while (points[first]!.x < point.x - 3 * sigma) first += 1;
    let sum = 0;
    let weights = 0;
    for (let at = first; at < points.length && points[at]!.x <= point.x + 3 * sigma; at += 1) {
      const weight = Math.exp(-(((points[at]!.x - point.x) / sigma) ** 2) / 2);
      sum += weight * points[at]!.y;
      weights += weight;
    }
    return { ...point, y: sum / weights };
  });
}
