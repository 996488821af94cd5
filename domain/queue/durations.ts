/** How long the newest runs of an experiment took, in seconds. */
export interface Durations {
  samples: number;
  p50: number;
  p90: number;
}

/** Fewer than these say nothing. */
export const FEWEST_SAMPLES = 3;

/**
 * Seconds that a run which has run for `ran` should still take: up to half of its like were done by the median, most by the
 * ninth decile. Null where there is no history, or where it already outlasts it.
 */
export function remainingSeconds({ samples, p50, p90 }: Durations, ran: number): number | null {
  if (samples < FEWEST_SAMPLES) return null;
  if (ran < p50) return p50 - ran;
  return ran < p90 ? p90 - ran : null;
}
