import { pause } from "../backoff.ts";
import type { OutsideAccounting } from "../drivers/driver.ts";
import type { ServerClient } from "../identity/client.ts";
import { log } from "../log.ts";
import { AGENT_PATHS, type OutsideJob, type OutsideJobs, OutsideTaken } from "../protocol/messages.ts";
import { forever } from "./loop.ts";

const EVERY_MS = 60_000;
const PER_MESSAGE = 500;
/** Of a message, which must stay well below the limit of its body. */
const MOST_NODES = 50_000;

/**
 * Tells the server what the scheduler's accounting says of jobs that others gave it, once a minute. The server remembers from when
 * on it wants to hear: an agent that was away, or starts anew, tells what it missed.
 */
export class OutsideLoop {
  private readonly client: ServerClient;
  private readonly accounting: OutsideAccounting;
  private from: number | null = null;
  private said: string | null = null;

  constructor({ client, accounting }: { client: ServerClient; accounting: OutsideAccounting }) {
    this.client = client;
    this.accounting = accounting;
  }

  run(signal: AbortSignal): Promise<void> {
    return forever("jobs from outside", signal, () => this.turn(signal).then(() => pause(EVERY_MS, signal)));
  }

  async turn(signal: AbortSignal): Promise<void> {
    this.from ??= await this.send({ from: null, to: null, jobs: [] }, signal);
    const to = this.client.clock.now();
    const answer = await this.accounting.read(Math.max(0, to - this.from) / 1000 + 1);
    if (answer.kind !== "told") return this.sayOnce(answer.why);
    this.said = null;
    const pieces = piecesOf(answer.jobs);
    for (const [at, jobs] of pieces.entries()) this.from = await this.send({ from: this.from, to: at === pieces.length - 1 ? to : null, jobs }, signal);
  }

  private async send(message: Omit<OutsideJobs, "source">, signal: AbortSignal): Promise<number> {
    return (await this.client.json(AGENT_PATHS.outside, { source: this.accounting.source, ...message }, OutsideTaken, signal)).from;
  }

  private sayOnce(why: string): void {
    if (why !== this.said) log.warn("What jobs from outside Drover hold is not told", { reason: why });
    this.said = why;
  }
}

/** All stretches of one job in one piece: what one of them is depends on the others. At least one piece, which may be empty. */
export function piecesOf(jobs: readonly OutsideJob[]): OutsideJob[][] {
  const pieces: OutsideJob[][] = [[]];
  let nodes = 0;
  for (const own of Map.groupBy(jobs, ({ job }) => job).values()) {
    const more = own.reduce((sum, one) => sum + one.nodes.length, 0);
    if (pieces.at(-1)!.length > 0 && (pieces.at(-1)!.length + own.length > PER_MESSAGE || nodes + more > MOST_NODES)) {
      pieces.push([]);
      nodes = 0;
    }
    pieces.at(-1)!.push(...own.slice(-PER_MESSAGE));
    nodes += more;
  }
  return pieces;
}
