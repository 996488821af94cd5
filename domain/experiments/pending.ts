/** Why a queued run does not run yet: written by placement, shown on the page and in the CLI. */
export interface PendingReason {
  /** `behind`: others go first. `busy`: it fits once something ends. `never`: no connected cluster can. `away`: those that could are out of reach or drained. `backoff`: a retry waits. `quota`: what its team, project or owner may hold is used up. `held`: somebody holds it back. */
  kind: "placing" | "behind" | "busy" | "away" | "never" | "backoff" | "quota" | "held";
  /** One sentence. */
  message: string;
  /** Runs ahead of it in the queue. */
  ahead?: number;
  /** The run for which room is kept. */
  forRun?: string;
  /** What each cluster lacks. */
  clusters?: { clusterId: string; name: string; reason: string; field?: string }[];
  /** Unix ms: the soonest that we can promise, and what that rests on. */
  earliestAt?: number | null;
  basis?: string | null;
}

/** Of a run that waits for its next attempt. `earliestAt`: Unix ms. */
export const backoffReason = (message: string, earliestAt: number): PendingReason => ({ kind: "backoff", message, earliestAt, basis: "the backoff of its retry policy" });

/** Says the one what the other says? Field by field, since thousands are compared on every pass. */
export function sameReason(a: PendingReason, b: PendingReason | null): boolean {
  if (!b || a.kind !== b.kind || a.message !== b.message || (a.ahead ?? null) !== (b.ahead ?? null) || (a.forRun ?? null) !== (b.forRun ?? null)) return false;
  if ((a.earliestAt ?? null) !== (b.earliestAt ?? null) || (a.basis ?? null) !== (b.basis ?? null)) return false;
  const [left, right] = [a.clusters ?? [], b.clusters ?? []];
  return left.length === right.length && left.every((one, at) => one.clusterId === right[at]!.clusterId && one.name === right[at]!.name && one.reason === right[at]!.reason && one.field === right[at]!.field);
}
