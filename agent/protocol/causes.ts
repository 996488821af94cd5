/** What ended an attempt, as far as the host can tell. */
export const EXIT_CAUSES = ["exited", "oom", "timeout", "stopped", "wrapper_lost", "host_rebooted", "setup_failed", "policy", "hardware", "preempted", "capacity"] as const;
export type ExitCause = (typeof EXIT_CAUSES)[number];

/**
 * Causes that came while version 2 was out already, with what each was called before. A server that does not know one would
 * refuse the whole message, so a server names in `SyncReply.takes` those that it knows, and any other hears the older word.
 */
export const LATER_CAUSES: Partial<Record<ExitCause, ExitCause>> = { capacity: "setup_failed" };

/** A report in the words of a server that takes these causes. */
export function inWordsOf<R extends { exit: { cause: ExitCause } | null }>(takes: readonly string[], report: R): R {
  const { exit } = report;
  const before = exit && !takes.includes(exit.cause) && LATER_CAUSES[exit.cause];
  return before ? { ...report, exit: { ...exit, cause: before } } : report;
}
