import { clusterEvents, setAsideFindings } from "../../../db/schema/clusters.ts";
import type { SetAsideFinding } from "../../../domain/clusters/inputs.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { lockNode } from "./drain.ts";
import { publishCluster } from "./enrolment.ts";

/** What somebody looked at: it is not proposed again until it says something new. Twice changes nothing. */
export async function setAsideFinding(ctx: Ctx, { nodeId, key, reason }: SetAsideFinding): Promise<void> {
  const { clusterId } = await ctx.db.transaction(async (tx) => {
    const node = await lockNode(tx, ctx.orgId, nodeId);
    const [made] = await tx.insert(setAsideFindings).values({ nodeId, key, orgId: ctx.orgId, by: ctx.actor.name }).onConflictDoNothing().returning();
    if (!made) return node;
    await tx.insert(clusterEvents).values({ orgId: ctx.orgId, clusterId: node.clusterId, kind: "node.finding-set-aside", subject: node.name, actor: ctx.actor.name, message: `A finding about ${node.name} was set aside${reason ? `: ${reason}` : "."}`, evidence: { key } });
    await audit(tx, ctx, { action: "node.set-aside", target: { type: "node", id: nodeId, name: node.name }, after: { finding: key }, ...(reason ? { reason } : {}) });
    return node;
  });
  await publishCluster(ctx.orgId, clusterId);
}
