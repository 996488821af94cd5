const MINUTE = 60_000;

/** Who holds which accelerators until when, so that an invented history holds none of them twice. */
export class Room {
  /** Node → moment from which each of its accelerators is free, Unix ms. */
  readonly #nodes: { name: string; freeAt: number[] }[];

  constructor(nodeNames: readonly string[], gpus: number) {
    this.#nodes = nodeNames.map((name) => ({ name, freeAt: Array.from({ length: gpus }, () => 0) }));
  }

  /** When so many of one node are free together, from `at` on. */
  earliest(gpus: number, at: number): number {
    return Math.min(...this.#nodes.map((node) => Math.max(at, freeFrom(node, gpus))));
  }

  /**
   * Takes accelerators of one node as soon as there are so many; where several have them, of the fullest, so that whole nodes stay whole.
   * @param latest When they are let go at the latest, but for the minute that each has at least.
   */
  take(gpus: number, at: number, milliseconds: number, latest: number): { node: string; devices: number[]; startedAt: number; endedAt: number } {
    const startedAt = this.earliest(gpus, at);
    const free = (node: { freeAt: number[] }) => node.freeAt.filter((one) => one <= startedAt).length;
    const [node] = this.#nodes.filter((one) => free(one) >= gpus).toSorted((a, b) => free(a) - free(b));
    const devices = node!.freeAt.flatMap((one, index) => (one <= startedAt ? [index] : [])).slice(0, gpus);
    const endedAt = Math.max(startedAt + MINUTE, Math.min(startedAt + milliseconds, latest));
    for (const index of devices) node!.freeAt[index] = endedAt + 1000;
    return { node: node!.name, devices, startedAt, endedAt };
  }
}

const freeFrom = ({ freeAt }: { freeAt: readonly number[] }, gpus: number): number => freeAt.toSorted((a, b) => a - b)[gpus - 1]!;
