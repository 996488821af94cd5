import { and, eq, inArray } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";

/** project id → team id, for asking whether a grant reaches it. */
export async function listProjectTeams(db: DbOrTx, orgId: string, projectIds: string[]): Promise<Map<string, string>> {
  if (projectIds.length === 0) return new Map();
  const rows = await db.select({ id: projects.id, teamId: projects.teamId }).from(projects).where(and(eq(projects.orgId, orgId), inArray(projects.id, projectIds)));
  return new Map(rows.map((row) => [row.id, row.teamId]));
}
