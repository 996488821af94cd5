import type { NodeWaste } from "../../../domain/costs/waste.ts";
import { readNodeWaste } from "../../costs/queries/waste.ts";
import type { Ctx } from "../../trpc/context.ts";
import { getCluster } from "../queries.ts";

/** How the accelerators of each of a cluster's nodes stand right now, and who holds idle ones. */
export async function readWasteOn(ctx: Ctx, clusterId: string): Promise<NodeWaste[]> {
  await getCluster(ctx.db, ctx.orgId, clusterId);
  return readNodeWaste(ctx, clusterId);
}
