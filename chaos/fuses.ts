import { FAILPOINTS as AGENT_FAILPOINTS, SPECIAL_FAILPOINTS } from "../agent/failpoint.ts";
import { FAILPOINTS as SERVER_FAILPOINTS } from "../server/failpoint.ts";

export const ALL_FAILPOINTS: readonly string[] = [...AGENT_FAILPOINTS, ...SPECIAL_FAILPOINTS, ...SERVER_FAILPOINTS];
export const OWNERS = ["agent", "server", "worker"] as const;
/** The kind of process that passes a named place. */
export type Owner = (typeof OWNERS)[number];
export const ownerOf = (name: string) => OWNERS.find((owner) => name.startsWith(`${owner}.`))!;

/** Named places that one kind of process has yet to die at: all are armed at once, and each start is armed with those left. */
export class Fuses {
  readonly #left: Set<string>;
  readonly burnt: string[] = [];
  #since = performance.now();

  constructor(names: readonly string[]) {
    this.#left = new Set(names);
  }

  /** What nothing died at yet. At the end each of them has failed: it would prove nothing. */
  get left(): string[] {
    return [...this.#left];
  }

  get done(): boolean {
    return this.#left.size === 0;
  }

  /** Milliseconds since the last death. */
  get age(): number {
    return performance.now() - this.#since;
  }

  /** The setting for the next process. */
  env(): Record<string, string> {
    return this.done ? {} : { DROVER_FAILPOINT: this.left.join(",") };
  }

  /** A process died by its own hand. @param said What it printed; it names the place last. */
  burn(said: string): void {
    const name = /died at (\S+)\n$/.exec(said)?.[1] ?? "";
    if (!this.#left.delete(name)) return;
    this.burnt.push(name);
    this.#since = performance.now();
  }
}

export type FuseBox = Record<Owner, Fuses>;

export function fuseBox(names: readonly string[]): FuseBox {
  const of = (owner: Owner) => new Fuses(names.filter((name) => ownerOf(name) === owner));
  return { agent: of("agent"), server: of("server"), worker: of("worker") };
}

export const isDone = (box: FuseBox) => OWNERS.every((owner) => box[owner].done);
export const leftOf = (box: FuseBox) => OWNERS.flatMap((owner) => box[owner].left);
export const burntOf = (box: FuseBox) => OWNERS.flatMap((owner) => box[owner].burnt);
