/** Why a queued run does not run yet: written by placement, shown on the page and in the CLI. */
export interface PendingReason {
  /** `behind`: others go first. `busy`: it fits once something ends. `never`: no connected cluster can. `away`: those that could are out of reach or drained. `backoff`: a retry waits. */
  kind: "placing" | "behind" | "busy" | "away" | "never" | "backoff";
  /** One sentence. */
  message: string;
  /** Runs ahead of it in the queue. */
  ahead?: number;
  /** What each cluster lacks. */
  clusters?: { clusterId: string; name: string; reason: string; field?: string }[];
  /** Unix ms: the soonest that we can promise, and what that rests on. */
  earliestAt?: number | null;
  basis?: string | null;
}
