import type { SlowRanks } from "../../../domain/clusters/slow-ranks.ts";
import { listSlowRanks } from "../../experiments/queries/slow-ranks.ts";
import type { Ctx } from "../../trpc/context.ts";
import { getCluster } from "../queries.ts";
import { HIDDEN_RUN, readableProjects } from "./project-teams.ts";

/** Ranks that keep the others waiting in runs that are on the cluster now; runs that the viewer may not see have no name. */
export async function listSlowRanksOn(ctx: Ctx, clusterId: string): Promise<{ run: { id: string; name: string }; found: SlowRanks }[]> {
  await getCluster(ctx.db, ctx.orgId, clusterId);
  const all = await listSlowRanks(ctx.db, clusterId);
  const isReadable = await readableProjects(ctx, all.map(({ run }) => run.projectId));
  return all.map(({ run: { id, name, projectId }, found }) => ({ run: isReadable(projectId) ? { id, name } : HIDDEN_RUN, found }));
}
