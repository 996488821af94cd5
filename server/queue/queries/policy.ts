import { and, eq, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects, teams } from "../../../db/schema/access.ts";
import { queuePolicies, quotas, teamUsage } from "../../../db/schema/queue.ts";
import type { TeamShare } from "../../../domain/queue/fair-share.ts";
import { QueuePolicy } from "../../../domain/queue/policy.ts";
import type { Quota } from "../../../domain/queue/quota.ts";

export async function loadPolicy(db: DbOrTx, orgId: string): Promise<QueuePolicy> {
  const [row] = await db.select({ policy: queuePolicies.policy }).from(queuePolicies).where(eq(queuePolicies.orgId, orgId));
  return QueuePolicy.parse(row?.policy ?? {});
}

/** With the names of what they are for, in a fixed order. */
export async function loadQuotas(db: DbOrTx, orgId: string): Promise<Quota[]> {
  return db
    .select({
      id: quotas.id,
      scope: quotas.scope,
      scopeId: quotas.scopeId,
      scopeName: sql<string>`coalesce(${teams.name}, ${projects.name}, ${quotas.scopeId})`,
      model: quotas.model,
      guaranteed: quotas.guaranteed,
      borrow: quotas.borrow,
      limit: quotas.limit,
    })
    .from(quotas)
    .leftJoin(teams, and(eq(teams.orgId, quotas.orgId), eq(teams.id, quotas.scopeId)))
    .leftJoin(projects, and(eq(projects.orgId, quotas.orgId), eq(projects.id, quotas.scopeId)))
    .where(eq(quotas.orgId, orgId))
    .orderBy(quotas.scope, quotas.scopeId, quotas.model);
}

/** What an amount of `moment` counts now. Bounded: the database refuses numbers too small to hold. */
export const decayFactor = (moment: unknown, halfLifeHours: number) => sql`power(2::float8, greatest(-60, -extract(epoch from now() - ${moment})::float8 / ${halfLifeHours * 3600}))`;

/** Every team of the organization, with its decayed use; one that used nothing is there with 0. */
export async function loadShares(db: DbOrTx, orgId: string, policy: QueuePolicy): Promise<Map<string, TeamShare & { name: string }>> {
  const rows = await db
    .select({ teamId: teams.id, name: teams.name, weight: sql<number>`coalesce(${teamUsage.weight}, 1)`.mapWith(Number), used: sql<number>`coalesce(${teamUsage.used} * ${decayFactor(teamUsage.asOf, policy.halfLifeHours)}, 0)`.mapWith(Number) })
    .from(teams)
    .leftJoin(teamUsage, eq(teamUsage.teamId, teams.id))
    .where(eq(teams.orgId, orgId))
    .orderBy(teams.id);
  return new Map(rows.map((row) => [row.teamId, row]));
}
