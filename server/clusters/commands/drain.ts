import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { clusterEvents, clusters, nodes } from "../../../db/schema/clusters.ts";
import type { DrainCluster, DrainNode } from "../../../domain/clusters/inputs.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { bus, type Change } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { lockCluster } from "./clusters.ts";
import { publishCluster } from "./enrolment.ts";

const desired = ({ orgId }: Ctx, clusterId: string): Change => ({ orgId, topic: "agent-desired", id: clusterId });
const because = (reason: string | undefined) => (reason ? `: ${reason}` : ".");

/** The cluster takes no new work; what runs there goes on. Draining twice changes nothing. */
export async function drainCluster(ctx: Ctx, { id, reason }: DrainCluster): Promise<void> {
  await setClusterDrain(ctx, id, true, reason);
}

export async function undrainCluster(ctx: Ctx, { id, reason }: DrainCluster): Promise<void> {
  await setClusterDrain(ctx, id, false, reason);
}

async function setClusterDrain(ctx: Ctx, id: string, drain: boolean, reason: string | undefined): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const { name, drainedAt } = await lockCluster(tx, ctx.orgId, id);
    if ((drainedAt !== null) === drain) return;
    await tx.update(clusters).set({ drainedAt: drain ? sql`now()` : null }).where(eq(clusters.id, id));
    const message = drain ? `The cluster is drained and takes no new work${because(reason)}` : `The cluster takes work again${because(reason)}`;
    await tx.insert(clusterEvents).values({ orgId: ctx.orgId, clusterId: id, kind: drain ? "cluster.drained" : "cluster.undrained", actor: ctx.actor.name, message, evidence: reason ? { reason } : null });
    await bus().publishWithin(tx, [desired(ctx, id)]);
    await audit(tx, ctx, { action: drain ? "cluster.drain" : "cluster.undrain", target: { type: "cluster", id, name }, before: { drainedAt }, ...(reason ? { reason } : {}) });
  });
  await publishCluster(ctx.orgId, id);
}

/** The node takes no new work; what runs there goes on. Draining twice changes nothing. */
export async function drainNode(ctx: Ctx, { nodeId, reason }: DrainNode): Promise<void> {
  await setNodeDrain(ctx, nodeId, true, reason);
}

export async function undrainNode(ctx: Ctx, { nodeId, reason }: DrainNode): Promise<void> {
  await setNodeDrain(ctx, nodeId, false, reason);
}

async function setNodeDrain(ctx: Ctx, nodeId: string, drain: boolean, reason: string | undefined): Promise<void> {
  const clusterId = await ctx.db.transaction(async (tx) => {
    const node = await lockNode(tx, ctx.orgId, nodeId);
    if ((node.drainedAt !== null) === drain) return node.clusterId;
    const values = drain ? { drainedAt: sql`now()`, drainedBy: ctx.actor.name, drainReason: reason ?? null } : { drainedAt: null, drainedBy: null, drainReason: null };
    await tx.update(nodes).set(values).where(eq(nodes.id, nodeId));
    const message = drain ? `${node.name} is drained and takes no new work${because(reason)}` : `${node.name} takes work again${because(reason)}`;
    await tx.insert(clusterEvents).values({ orgId: ctx.orgId, clusterId: node.clusterId, kind: drain ? "node.drained" : "node.undrained", subject: node.name, actor: ctx.actor.name, message, evidence: reason ? { reason } : null });
    await bus().publishWithin(tx, [desired(ctx, node.clusterId)]);
    await audit(tx, ctx, { action: drain ? "node.drain" : "node.undrain", target: { type: "node", id: nodeId, name: node.name }, before: { drainedAt: node.drainedAt, drainReason: node.drainReason }, ...(reason ? { reason } : {}) });
    return node.clusterId;
  });
  await publishCluster(ctx.orgId, clusterId);
}

/** Cluster before node: the order in which inventories are written. */
export async function lockNode(tx: Tx, orgId: string, nodeId: string) {
  const [found] = await tx.select({ clusterId: nodes.clusterId }).from(nodes).where(and(eq(nodes.orgId, orgId), eq(nodes.id, nodeId)));
  if (!found) throw notFound();
  await lockCluster(tx, orgId, found.clusterId);
  const [node] = await tx.select().from(nodes).where(eq(nodes.id, nodeId)).for("no key update");
  return node!;
}
