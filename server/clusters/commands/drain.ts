import { eq, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { clusterEvents, clusters, nodes } from "../../../db/schema/clusters.ts";
import type { DrainCluster, DrainNode } from "../../../domain/clusters/inputs.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { getCluster, getNode } from "../queries.ts";

const now = () => sql`now()` as unknown as Date;

/** Placement looks again, and the agent hears which nodes take no new work. */
async function publishDrain(orgId: string, clusterId: string): Promise<void> {
  await bus().publishNow([
    { orgId, topic: "agent-desired", id: clusterId },
    { orgId, topic: "cluster", id: clusterId },
    { orgId, topic: "queue", id: orgId },
    { orgId, topic: "audit", id: orgId },
  ]);
}

async function note(tx: Tx, ctx: Ctx, clusterId: string, event: { kind: string; subject?: string; message: string }): Promise<void> {
  await tx.insert(clusterEvents).values({ orgId: ctx.orgId, clusterId, actor: ctx.actor.name, ...event });
}

/** What runs goes on; nothing new is placed. Draining twice changes nothing. */
export async function setClusterDrain(ctx: Ctx, input: DrainCluster, drained: boolean): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await getCluster(tx, ctx.orgId, input.id);
    if ((before.drainedAt !== null) === drained) return;
    await tx.update(clusters).set({ drainedAt: drained ? now() : null }).where(eq(clusters.id, input.id));
    const why = input.reason ? `: ${input.reason}` : ".";
    await note(tx, ctx, input.id, drained ? { kind: "cluster.drained", message: `Takes no new work${why}` } : { kind: "cluster.undrained", message: "Takes work again." });
    await audit(tx, ctx, { action: drained ? "cluster.drain" : "cluster.undrain", target: { type: "cluster", id: input.id, name: before.name }, before: { drainedAt: before.drainedAt }, after: { drained }, reason: input.reason });
  });
  await publishDrain(ctx.orgId, input.id);
}

/** The same for one node. */
export async function setNodeDrain(ctx: Ctx, input: DrainNode, drained: boolean): Promise<void> {
  const clusterId = await ctx.db.transaction(async (tx) => {
    const before = await getNode(tx, ctx.orgId, input.nodeId);
    if ((before.drainedAt !== null) === drained) return before.clusterId;
    await tx.update(nodes).set(drained ? { drainedAt: now(), drainedBy: ctx.actor.name, drainReason: input.reason ?? null } : { drainedAt: null, drainedBy: null, drainReason: null }).where(eq(nodes.id, input.nodeId));
    const why = input.reason ? `: ${input.reason}` : ".";
    await note(tx, ctx, before.clusterId, drained ? { kind: "node.drained", subject: before.name, message: `${before.name} takes no new work${why}` } : { kind: "node.undrained", subject: before.name, message: `${before.name} takes work again.` });
    await audit(tx, ctx, { action: drained ? "node.drain" : "node.undrain", target: { type: "node", id: input.nodeId, name: before.name }, before: { drainedAt: before.drainedAt }, after: { drained }, reason: input.reason });
    return before.clusterId;
  });
  await publishDrain(ctx.orgId, clusterId);
}
