import type { Dice } from "./dice.ts";

const LOOKS = 12;

/** Who holds which accelerators until when, so that an invented history holds none of them twice. */
export class Room {
  /** Node → moment from which each of its accelerators is free, Unix ms. */
  readonly #nodes: { name: string; freeAt: number[] }[];

  constructor(nodeNames: readonly string[], gpus: number) {
    this.#nodes = nodeNames.map((name) => ({ name, freeAt: Array.from({ length: gpus }, () => 0) }));
  }

  /** Takes accelerators of one node, as soon as there are so many: on one of a few nodes looked at, the one that has them first. */
  take(dice: Dice, gpus: number, at: number, milliseconds: number): { node: string; devices: number[]; startedAt: number } {
    const looked = Array.from({ length: LOOKS }, () => dice.pick(this.#nodes));
    const [first] = looked.map((node) => ({ node, startedAt: Math.max(at, freeFrom(node.freeAt, gpus)) })).sort((a, b) => a.startedAt - b.startedAt);
    const { node, startedAt } = first!;
    const devices = node.freeAt.flatMap((free, index) => (free <= startedAt ? [index] : [])).slice(0, gpus);
    for (const index of devices) node.freeAt[index] = startedAt + milliseconds + 1000;
    return { node: node.name, devices, startedAt };
  }
}

/** When so many are free together. */
const freeFrom = (freeAt: readonly number[], gpus: number): number => [...freeAt].sort((a, b) => a - b)[gpus - 1]!;
