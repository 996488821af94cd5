import { and, eq } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { experiments } from "../../../db/schema/experiments.ts";
import { tagsOfGoal } from "../../../domain/experiments/goal.ts";
import type { SetExperimentGoal } from "../../../domain/experiments/goal-inputs.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { reachedProjects } from "../queries/visible.ts";
import { putTags } from "./mlflow-experiments.ts";

/** Says by which metric an experiment's runs are judged, for everybody. @throws DomainError "not_found" */
export async function setExperimentGoal(ctx: Ctx, { id, goal }: SetExperimentGoal): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [found] = await tx.select({ name: experiments.name, projectId: experiments.projectId }).from(experiments).innerJoin(projects, eq(projects.id, experiments.projectId)).where(and(eq(experiments.orgId, ctx.orgId), eq(experiments.id, id), reachedProjects(ctx.grant)));
    if (!found) throw notFound();
    await putTags(tx, id, tagsOfGoal(goal));
    await audit(tx, ctx, { action: "experiment.update", target: { type: "experiment", id, name: found.name }, projectId: found.projectId, after: { goal } });
  });
}
