import { asc, eq } from "drizzle-orm";
import { projectSecrets } from "../../../db/schema/access.ts";
import { runs } from "../../../db/schema/experiments.ts";
import type { ListSecrets } from "../../../domain/access/inputs.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { findProject } from "./tree.ts";

/** Names and use, by name; a project holds few. Values leave the server only towards an agent. */
export async function listSecrets(ctx: Ctx, { projectId }: ListSecrets) {
  if (!(await findProject(ctx.db, ctx.orgId, ctx.grant, projectId))) throw notFound();
  return ctx.db
    .select({ id: projectSecrets.id, name: projectSecrets.name, setBy: projectSecrets.setBy, setAt: projectSecrets.setAt, lastUsedAt: projectSecrets.lastUsedAt, lastUsedRunId: projectSecrets.lastUsedRunId, lastUsedRun: runs.name })
    .from(projectSecrets)
    .leftJoin(runs, eq(runs.id, projectSecrets.lastUsedRunId))
    .where(eq(projectSecrets.projectId, projectId))
    .orderBy(asc(projectSecrets.name))
    .limit(200);
}
