import type { FailureClass } from "./failure.ts";

const FIRST_SECONDS = 10;
const LONGEST_SECONDS = 600;

/** Seconds to wait before the nth retry (1 is the first): 10 s, doubled each time, at most ten minutes. */
export function retryDelaySeconds(nth: number): number {
  return Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(20, Math.max(0, nth - 1)));
}

/** Whether an attempt that ended in this class is tried again, and after how long. `again: false` says why not. */
export function decideRetry(failureClass: FailureClass, policy: { max: number; on: FailureClass[] }, used: number): { again: true; delaySeconds: number } | { again: false; why: string | null } {
  if (failureClass === "cancelled") return { again: false, why: null };
  if (policy.max === 0) return { again: false, why: null };
  if (!policy.on.includes(failureClass)) return { again: false, why: `Its retry policy does not cover ${failureClass}.` };
  if (used >= policy.max) return { again: false, why: `All ${policy.max} retries are used.` };
  return { again: true, delaySeconds: retryDelaySeconds(used + 1) };
}
