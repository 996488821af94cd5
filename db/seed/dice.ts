import { v7 } from "uuid";
import { ID_PREFIXES, type IdKind } from "../../domain/shared/id-format.ts";

/** Fixed dice (mulberry32): the same seed makes the same organization. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  int(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]!;
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Record<K, number>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    return (entries.find(([, weight]) => (left -= weight) < 0) ?? entries[0]!)[0];
  }

  /** An id as it would have been made at that moment: ids sort by creation. */
  id(kind: IdKind, at: number): string {
    const random = Uint8Array.from({ length: 16 }, () => this.int(0, 255));
    return `${ID_PREFIXES[kind]}_${v7({ msecs: at, random, seq: this.int(0, 0x7fffffff) })}`;
  }
}
