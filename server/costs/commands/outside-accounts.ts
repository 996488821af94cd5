import { and, eq } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { outsideAccounts } from "../../../db/schema/outside.ts";
import type { NameAccount } from "../../../domain/costs/inputs.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { tellCosts } from "./tell-costs.ts";

/**
 * Which project pays for jobs that others give to a cluster's scheduler under an account, or as one of its users: for those that are first seen from now on.
 * What was counted stays with whom it was charged to.
 */
export async function nameAccount(ctx: Ctx, { clusterId, account, user = "", projectId }: NameAccount): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [cluster] = await tx.select({ name: clusters.name }).from(clusters).where(and(eq(clusters.orgId, ctx.orgId), eq(clusters.id, clusterId)));
    const [project] = projectId === null ? [null] : await tx.select({ name: projects.name }).from(projects).where(and(eq(projects.orgId, ctx.orgId), eq(projects.id, projectId)));
    if (!cluster || project === undefined) throw notFound();
    const of = and(eq(outsideAccounts.orgId, ctx.orgId), eq(outsideAccounts.clusterId, clusterId), eq(outsideAccounts.account, account), eq(outsideAccounts.user, user));
    const [before] = await tx.delete(outsideAccounts).where(of).returning({ projectId: outsideAccounts.projectId });
    if (projectId !== null) await tx.insert(outsideAccounts).values({ orgId: ctx.orgId, clusterId, account, user, projectId, namedBy: ctx.actor.name });
    await audit(tx, ctx, { action: "outside-account.name", target: { type: "cluster", id: clusterId, name: `${cluster.name}, account ${account}${user === "" ? "" : `, user ${user}`}` }, before: { project: before?.projectId ?? null }, after: { project: projectId } });
  });
  await tellCosts(ctx);
}
