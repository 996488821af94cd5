import type { Owed, OwedWord } from "../attempts/owed.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import { pause } from "../backoff.ts";
import type { Accounting } from "../drivers/driver.ts";
import type { ServerClient } from "../identity/client.ts";
import { log } from "../log.ts";
import { AGENT_PATHS, type AccountedPart, type Witness, WitnessTaken } from "../protocol/messages.ts";
import { forever } from "./loop.ts";

/** Ends that come within this long are asked for together. */
const LOOK_MS = 2_000;
const MOST_WAIT_MS = 5 * 60_000;
const PER_REQUEST = 100;
/** Accounting follows the controller, at times long after. What it does not know an hour after it was first asked, it does not know. */
const PATIENCE_MS = 3_600_000;
/** So long after an end an accounting that cannot be asked is asked no more: what is owed would only grow. */
const MOST_AGE_MS = 30 * 86_400_000;

export interface WitnessParts {
  client: ServerClient;
  supervisor: Supervisor;
  owed: Owed;
  accounting: Accounting;
}
type Told = Witness["attempts"][number];

/**
 * Tells the server what the scheduler's accounting says of attempts that ended, each once, after their usage: one query for
 * all that are due, asked less and less often while the accounting does not have their end yet.
 */
export class WitnessLoop {
  private readonly parts: WitnessParts;
  private readonly dueAt = new Map<string, number>();
  /** When the accounting first answered for an attempt whose end it did not have. */
  private readonly missedAt = new Map<string, number>();
  /** What was said of the accounting itself; undefined: nothing yet. */
  private said: string | null | undefined;

  constructor(parts: WitnessParts) {
    this.parts = parts;
  }

  run(signal: AbortSignal): Promise<void> {
    return forever("witness", signal, () => pause(LOOK_MS, signal).then(() => this.turn(signal)));
  }

  async turn(signal: AbortSignal): Promise<void> {
    const due = this.parts.owed.list().filter((word) => this.isDue(word)).slice(0, PER_REQUEST);
    if (due.length === 0 || signal.aborted) return;
    for (const word of due) this.postpone(word);
    const answer = await this.parts.accounting.read(new Map(due.map(({ attemptId, job }) => [attemptId, job])));
    if (answer.kind === "told") return this.tell(null, due.flatMap(({ attemptId }) => this.toldOf(attemptId, answer.parts.get(attemptId) ?? [])), signal);
    await this.tell(answer.why.slice(0, 500), [], signal);
    // No second witness, and later there is none of these attempts either.
    const given = due.filter(({ endedAt }) => answer.kind === "none" || Date.now() - endedAt > MOST_AGE_MS);
    if (answer.kind === "later" && given.length > 0) log.warn("The scheduler's accounting cannot be asked, and these attempts ended over 30 days ago: they stay without a second witness", { attempts: given.map(({ attemptId }) => attemptId), reason: answer.why });
    for (const { attemptId } of given) await this.settle(attemptId);
  }

  /** The journal goes first: the server compares the two as soon as it has this. */
  private isDue({ attemptId }: OwedWord): boolean {
    const record = this.parts.supervisor.find(attemptId);
    return (!record || record.usageDone) && (this.dueAt.get(attemptId) ?? 0) <= Date.now();
  }

  private postpone({ attemptId, endedAt }: OwedWord): void {
    const now = Date.now();
    this.dueAt.set(attemptId, now + Math.min(MOST_WAIT_MS, Math.max(LOOK_MS, now - endedAt)));
  }

  private async tell(trouble: string | null, attempts: Told[], signal: AbortSignal): Promise<void> {
    const { client, accounting } = this.parts;
    if (attempts.length === 0 && (trouble === this.said || (trouble === null && this.said === undefined))) return;
    if (trouble !== null && trouble !== this.said) log.warn("The scheduler's accounting is no witness", { reason: trouble });
    const message: Witness = { source: accounting.source, trouble, attempts };
    const reply = await client.json(AGENT_PATHS.witness, message, WitnessTaken, signal);
    this.said = trouble;
    for (const attemptId of [...reply.taken, ...reply.unknown]) await this.settle(attemptId);
  }

  private async settle(attemptId: string): Promise<void> {
    await this.parts.owed.settle(attemptId);
    this.dueAt.delete(attemptId);
    this.missedAt.delete(attemptId);
  }

  /** Nothing yet while the accounting may still hear of the end. */
  private toldOf(attemptId: string, parts: AccountedPart[]): Told[] {
    const isOver = parts.length > 0 && parts.every((part) => part.endedAt !== null);
    const missedAt = this.missedAt.get(attemptId) ?? Date.now();
    if (!isOver) this.missedAt.set(attemptId, missedAt);
    return isOver || Date.now() - missedAt > PATIENCE_MS ? [{ attemptId, parts }] : [];
  }
}
