import type { Supervisor } from "../attempts/supervisor.ts";
import { pause } from "../backoff.ts";
import { forever } from "./loop.ts";

const TICK_MS = 200;

/** Looks at living attempts and at their limits of time: what this agent did not start itself tells it nothing when it ends. */
export function runDeadlines(supervisor: Supervisor, signal: AbortSignal): Promise<void> {
  return forever("deadlines", signal, async () => {
    await supervisor.enforce();
    await supervisor.lookAtAll();
    await pause(TICK_MS, signal);
  });
}
