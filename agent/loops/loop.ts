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
