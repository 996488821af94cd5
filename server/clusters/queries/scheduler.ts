import { and, eq } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { clusterSchedulers } from "../../../db/schema/clusters.ts";
import type { SchedulerView } from "../../../domain/agents/scheduler.ts";
import { getCluster } from "../queries.ts";

/** Null: the cluster has no scheduler, or its agent has not told of one yet. @throws DomainError "not_found" */
export async function readScheduler(db: Db, orgId: string, clusterId: string): Promise<SchedulerView | null> {
  await getCluster(db, orgId, clusterId);
  const [row] = await db.select().from(clusterSchedulers).where(and(eq(clusterSchedulers.orgId, orgId), eq(clusterSchedulers.clusterId, clusterId)));
  return row ? { ...row.report, jobs: row.jobs, jobCount: row.jobCount, seenAt: row.seenAt } : null;
}
