import { sql } from "drizzle-orm";
import type { SchedulerReport } from "../../../agent/protocol/messages.ts";
import type { Db } from "../../../db/client.ts";
import { clusterSchedulers } from "../../../db/schema/clusters.ts";
import type { Bus } from "../../bus.ts";
import type { AgentIdentity } from "../authenticate.ts";

/** What the cluster's scheduler has besides nodes, whole: the newest report alone counts. */
export async function applyScheduler(db: Db, bus: Bus, { orgId, clusterId }: AgentIdentity, { jobs, jobCount, ...report }: SchedulerReport): Promise<void> {
  const row = { report, jobs, jobCount, seenAt: sql`now()` };
  await db.insert(clusterSchedulers).values({ clusterId, orgId, ...row }).onConflictDoUpdate({ target: clusterSchedulers.clusterId, set: row });
  await bus.publishNow([{ orgId, topic: "cluster", id: clusterId }, { orgId, topic: "queue", id: orgId }]);
}
