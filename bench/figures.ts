/** Value below which the share `p` (0 to 1) of the samples lies. Nearest rank. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

/** One line per figure: what, how much, and against what. */
export function say(what: string, value: number, unit: string, against = ""): void {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  console.log(`${what.padEnd(58)} ${value.toFixed(digits).padStart(10)} ${unit}${against ? `   ${against}` : ""}`);
}

/** How long each of so many takes, one after the other, ms. */
export async function timesOf(count: number, act: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const begun = performance.now();
    await act();
    times.push(performance.now() - begun);
  }
  return times;
}
