import { and, eq, inArray } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { reaches } from "../../../domain/access/roles.ts";
import type { Ctx } from "../../trpc/context.ts";

/** project id → team id. */
async function listProjectTeams(db: DbOrTx, orgId: string, projectIds: string[]): Promise<Map<string, string>> {
  if (projectIds.length === 0) return new Map();
  const rows = await db.select({ id: projects.id, teamId: projects.teamId }).from(projects).where(and(eq(projects.orgId, orgId), inArray(projects.id, projectIds)));
  return new Map(rows.map((row) => [row.id, row.teamId]));
}

/** What stands for a run that the viewer may not see: it counts, without its name. */
export const HIDDEN_RUN = { id: "", name: "a run of another project" };

/** Whether the viewer may read runs of a project, of these. */
export async function readableProjects(ctx: Ctx, projectIds: Iterable<string>): Promise<(projectId: string) => boolean> {
  const grant = ctx.grantFor("runs:read");
  if (!grant) return () => false;
  const teams = await listProjectTeams(ctx.db, ctx.orgId, [...new Set(projectIds)]);
  return (id) => reaches(grant, { id, teamId: teams.get(id) ?? "" });
}
