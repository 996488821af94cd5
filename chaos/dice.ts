/** Seeded dice (mulberry32): the same seed gives the same trial plan, so a failing trial can be run again. */
export interface Dice {
  next: () => number;
  int: (low: number, high: number) => number;
  pick: <T>(items: readonly T[]) => T;
}

export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return { next, int, pick: (items) => items[int(0, items.length - 1)]! };
}
