import { z } from "zod";
import { formatCount, plural } from "../shared/format.ts";

/** How one organization shares its clusters. One row; the defaults hold until somebody changes it. */
export const QueuePolicy = z.strictObject({
  /** Among runs of one priority, teams that used less than their share go first. */
  fairShare: z.boolean().default(true),
  /** After this long, past use counts half. */
  halfLifeHours: z.int().min(1).max(2160).default(168),
  /** Runs behind the head may use room that the head cannot use, or will not miss. */
  backfill: z.boolean().default(true),
  /** Preemptible runs may be stopped for what goes before them. */
  preemption: z.boolean().default(true),
  /** Preemptible runs that had much give way to those that had little: nobody needs to say how long a run takes. */
  turns: z.boolean().default(true),
  packing: z.enum(["pack", "spread"]).default("pack"),
  maxRunningPerUser: z.int().min(1).max(100_000).nullable().default(null),
});
export type QueuePolicy = z.output<typeof QueuePolicy>;
export const DEFAULT_POLICY: QueuePolicy = QueuePolicy.parse({});

const HOUR = 3600;
/** Accelerator-seconds after which a run steps down one level, each four times the one before. */
export const LEVELS: readonly number[] = [HOUR / 4, HOUR, 4 * HOUR, 16 * HOUR, 64 * HOUR, 256 * HOUR];
/**
 * Waiting this long, and so many times as long as it has run, lifts a run one level: nothing waits for ever behind what keeps
 * arriving. By the clock alone long work would be lifted as fast as short work once more is handed in than fits; all would
 * then stand alike, take turns every few minutes, and finish later than first in, first out (bench/queue.ts).
 */
export const LIFT_SECONDS = 6 * HOUR;
export const LIFT_RAN_TIMES = 4;
/** An attempt is left alone for its first minutes: stopping it sooner would cost more than it gives. */
export const SHORTEST_TURN_SECONDS = 300;

/** What is on, in words, for the page: each a short title and what it means for somebody who waits. */
export function policyWords(policy: QueuePolicy): { title: string; says: string }[] {
  const on = (name: string, is: boolean) => `${name} is ${is ? "on" : "off"}`;
  return [
    { title: "Priority comes first", says: "A run of a higher priority (0 to 100) goes before every run of a lower one." },
    { title: on("Fair share", policy.fairShare), says: policy.fairShare ? `Within a priority, the team that used least for its weight goes first. Use counts half after ${plural(policy.halfLifeHours, "hour")}.` : "Within a priority, the run that has waited longest goes first." },
    { title: on("Taking turns", policy.turns), says: policy.turns ? "Runs that had few accelerator-hours so far go before those that had many, so short work is not stuck behind long work. A run is lifted one level when it has waited six hours, and four times as long as it has run." : "How much a run has already used changes nothing." },
    { title: on("Backfill", policy.backfill), says: policy.backfill ? "A later run may start in room that the first waiting run cannot use, or when its maximum duration ends before that run can start. It never delays the first one." : "Nothing starts before the first waiting run does." },
    { title: on("Preemption", policy.preemption), says: policy.preemption ? "A preemptible run may be stopped for a higher priority, for a guarantee that it borrowed from, or for its turn. It gets its grace period, saves a checkpoint and queues again; no retry is used up." : "What runs is never stopped for other work." },
    { title: policy.packing === "pack" ? "Runs are packed" : "Runs are spread", says: policy.packing === "pack" ? "Each goes to the fullest node that still has room, so large runs find whole nodes." : "Each goes to the emptiest node, so heat and failures are shared." },
    policy.maxRunningPerUser === null ? { title: "No limit per person", says: "Anybody may have as many runs going as fit." } : { title: `At most ${formatCount(policy.maxRunningPerUser)} runs per person`, says: "Further runs of the same person wait until one of theirs ends." },
  ];
}
