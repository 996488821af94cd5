import { isDeepStrictEqual } from "node:util";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { agents, agentSessions, enrolments } from "../../../db/schema/agents.ts";
import { clusterEvents, clusters } from "../../../db/schema/clusters.ts";
import type { UpdateCluster } from "../../../domain/clusters/inputs.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { followCapacity } from "../../costs/commands/capacity.ts";
import type { Ctx } from "../../trpc/context.ts";
import { publishCluster } from "./enrolment.ts";

/** @throws DomainError not_found for another organization's cluster too. */
export async function lockCluster(tx: Tx, orgId: string, id: string) {
  const [row] = await tx.select().from(clusters).where(and(eq(clusters.orgId, orgId), eq(clusters.id, id))).for("no key update");
  if (!row) throw notFound();
  return row;
}

/** Name, region, and how it is paid for from this hour on. The slug stays: specs name clusters by it. */
export async function updateCluster(ctx: Ctx, { id, ...change }: UpdateCluster): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const { name, region, capacityClass } = await lockCluster(tx, ctx.orgId, id);
    const before = { name, region, capacityClass };
    const after = { name: change.name ?? name, region: change.region ?? region, capacityClass: change.capacityClass ?? capacityClass };
    if (isDeepStrictEqual(after, before)) return;
    await tx.update(clusters).set(after).where(eq(clusters.id, id));
    if (after.capacityClass !== capacityClass) await followCapacity(tx, { orgId: ctx.orgId, clusterId: id });
    await audit(tx, ctx, { action: "cluster.update", target: { type: "cluster", id, name: after.name }, before, after });
  });
  await publishCluster(ctx.orgId, id);
}

/**
 * The agent's key is refused from now on, also the long poll it waits in. Its jobs are left alone: what runs there goes on
 * unseen until a person gives it up. Open codes stop working too: a later agent needs a new one.
 * @throws DomainError conflict when there is no agent to revoke.
 */
export async function revokeAgent(ctx: Ctx, id: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (tx) => {
    const cluster = await lockCluster(tx, ctx.orgId, id);
    const rows = await tx.update(agents).set({ revokedAt: sql`now()` }).where(and(eq(agents.clusterId, id), isNull(agents.revokedAt))).returning({ id: agents.id, host: agents.host });
    if (rows.length === 0) throw new DomainError("conflict", "This cluster has no agent that could be revoked.");
    await tx.update(enrolments).set({ expiresAt: sql`now()` }).where(and(eq(enrolments.clusterId, id), isNull(enrolments.usedAt), gt(enrolments.expiresAt, sql`now()`)));
    for (const agent of rows) {
      await tx.update(agentSessions).set({ endedAt: sql`now()` }).where(and(eq(agentSessions.agentId, agent.id), isNull(agentSessions.endedAt)));
      const hostname = agent.host?.hostname ?? "an unknown machine";
      await tx.insert(clusterEvents).values({ orgId: ctx.orgId, clusterId: id, kind: "agent.revoked", actor: ctx.actor.name, message: `The agent on ${hostname} was revoked.`, evidence: { agentId: agent.id } });
      await audit(tx, ctx, { action: "cluster.revoke-agent", target: { type: "cluster", id, name: cluster.name }, before: { agentId: agent.id, hostname } });
    }
    return rows;
  });
  await publishCluster(ctx.orgId, id, revoked.map((agent) => ({ topic: "agent-revoked", id: agent.id })));
}
