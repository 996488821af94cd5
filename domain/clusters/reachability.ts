import type { Reachability } from "./cluster-view.ts";

/** What is known of a cluster's newest agent; null when none ever enrolled. */
export interface AgentSigns {
  createdAt: Date;
  joinedOnce: boolean;
  lastSeenAt: Date | null;
  /** In contact without a gap. */
  contactSince: Date;
  unreachableSince: Date | null;
  /** Whether it spoke within the lease, by the database's clock. */
  fresh: boolean;
  revokedAt: Date | null;
  clonedAt: Date | null;
}

/** Whether an agent can be reached, and since when that is so. A locked or revoked identity says so first: silence is then no surprise. */
export function reachability(agent: AgentSigns | null): Reachability {
  if (!agent) return { state: "never", since: null };
  if (agent.revokedAt) return { state: "revoked", since: agent.revokedAt };
  if (agent.clonedAt) return { state: "cloned", since: agent.clonedAt };
  if (!agent.joinedOnce) return { state: "never", since: agent.createdAt };
  if (agent.unreachableSince || !agent.fresh) return { state: "unreachable", since: agent.unreachableSince ?? agent.lastSeenAt };
  return { state: "reachable", since: agent.contactSince };
}
