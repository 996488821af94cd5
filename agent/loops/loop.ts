import { Backoff, Outage } from "../backoff.ts";
import { Banned, mayPass } from "../identity/refusals.ts";
import { log, reason } from "../log.ts";

/**
 * Runs `turn` until the signal fires or the identity is banned. A turn that fails is tried again after a growing wait;
 * what the network does is logged once per outage, not once per try.
 * @param outage Shared by loops that talk to the same server, so that none waits on after another got through.
 */
export async function forever(name: string, signal: AbortSignal, turn: () => Promise<void>, outage = new Outage(), backoff = new Backoff(250, 10_000)): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    try {
      await turn();
      if (failing) {
        log.info(`${name}: goes on`);
        outage.over();
      }
      failing = false;
      backoff.reset();
    } catch (error) {
      if (signal.aborted || error instanceof Banned) return;
      if (!failing || !mayPass(error)) log.warn(`${name}: ${mayPass(error) ? "the server is out of reach, trying again" : "failed, trying again"}`, { reason: reason(error) });
      failing = true;
      await outage.pause(backoff.next(), signal);
    }
  }
}

/**
 * One after another. What fails of one keeps none of the others from its turn and is thrown when all had theirs; only the server's
 * own absence concerns them all.
 */
export async function inTurns<Item>(items: readonly Item[], signal: AbortSignal, act: (item: Item) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    try {
      await act(item);
    } catch (error) {
      if (signal.aborted || mayPass(error) || error instanceof Banned) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
