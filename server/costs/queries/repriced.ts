import { and, eq, or, sql, type SQL } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { costRepriced } from "../../../db/schema/costs.ts";
import type { RepricedRow } from "../../../domain/costs/cost-view.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { SpendReader } from "./spend.ts";

const MOST_ROWS = 200;
const text = (amount: SQL) => sql<string>`trim_scale(sum(${amount}))::text`;

/** What each version of the prices changed of what an older one had charged, the newest first, and in it the greatest change. What nobody held is for those who see the whole organization. */
export async function listRepriced({ db, orgId, grant }: SpendReader): Promise<RepricedRow[]> {
  const difference = sql`${costRepriced.after} - ${costRepriced.before}`;
  return db
    .select({
      version: costRepriced.version,
      projectId: costRepriced.projectId,
      project: sql<string>`coalesce(${projects.name}, 'Idle')`,
      from: sql<string>`min(${costRepriced.month})`,
      to: sql<string>`max(${costRepriced.month})`,
      before: text(sql`${costRepriced.before}`),
      after: text(sql`${costRepriced.after}`),
      difference: text(difference),
    })
    .from(costRepriced)
    .leftJoin(projects, and(eq(projects.orgId, costRepriced.orgId), eq(projects.id, costRepriced.projectId)))
    .where(and(eq(costRepriced.orgId, orgId), or(grant.org ? eq(costRepriced.projectId, "") : undefined, and(sql`${projects.id} is not null`, reachedProjects(grant)))))
    .groupBy(costRepriced.version, costRepriced.projectId, projects.name)
    .orderBy(sql`${costRepriced.version} desc`, sql`abs(sum(${difference})) desc`, costRepriced.projectId)
    .limit(MOST_ROWS);
}
