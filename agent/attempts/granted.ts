import type { Granted } from "../drivers/driver.ts";

/** Whole cores, with both their threads, for each process: what is rounded up so is not counted as held. The server's comparison with Slurm's accounting excuses as much. */
const ROUNDED_CORES = 2;

export interface Share {
  gpus: number;
  cpus: number;
  memoryMib: number;
}
/** What an attempt asks of each node, and in how many processes there. */
export type Asked = Share & { processes: number };

/** Does the scheduler give more than was asked, beyond rounding? It then gave nodes alone, and all of each is held. */
export const isMoreThan = (granted: Granted, asked: Asked, nodes: number): boolean =>
  (granted.gpus ?? 0) > asked.gpus * nodes || granted.cpus > (Math.ceil(asked.cpus) + ROUNDED_CORES * asked.processes) * nodes;

/**
 * What was granted in all, node by node, and never more nor less in sum: by the nodes' own sizes where those are it, as
 * with nodes that are had alone, else in equal parts. Accelerators of which nothing is said go with nodes that are had alone.
 */
export function sharesOf(granted: Granted, sizes: readonly { gpus: number; cpus: number }[], asked: Pick<Share, "gpus">): Share[] {
  const isAlone = sumOf(sizes, "cpus") === granted.cpus;
  const cpus = spread(granted.cpus, sizes.map((size) => size.cpus));
  const gpus = spread(granted.gpus ?? (isAlone ? sumOf(sizes, "gpus") : asked.gpus * sizes.length), sizes.map((size) => size.gpus));
  const memory = spread(granted.memoryMib, sizes.map(() => 0));
  return sizes.map((_, at) => ({ cpus: cpus[at]!, gpus: gpus[at]!, memoryMib: memory[at]! }));
}

const sumOf = <Key extends string>(sizes: readonly Record<Key, number>[], key: Key): number => sizes.reduce((sum, size) => sum + size[key], 0);

function spread(total: number, sizes: readonly number[]): number[] {
  if (sizes.reduce((sum, size) => sum + size, 0) === total) return [...sizes];
  const part = Math.floor(total / sizes.length);
  const rest = total - part * sizes.length;
  return sizes.map((_, at) => part + (at < rest ? 1 : 0));
}
