import { isOwn, type MlflowCtx } from "./caller.ts";
import { defaultExperiment } from "../commands/mlflow-experiments.ts";
import { type ExperimentRecord, findExperiment, findRun, type FoundRun } from "../queries/mlflow-experiments.ts";
import { missing, MlflowError, refuse } from "./errors.ts";

/** The experiment of this project, deleted or not. 0 is the one called Default. @throws MlflowError 404 */
export async function experimentOf(ctx: MlflowCtx, id: string | undefined): Promise<ExperimentRecord> {
  if (!id) return refuse("Missing value for required parameter 'experiment_id'.");
  const found = id === "0" && !ctx.onlyRun ? await defaultExperiment(ctx, ctx.project.id) : await findExperiment(ctx.db, ctx.project.id, id);
  if (!found || (ctx.onlyRun && ctx.onlyRun.experimentId !== found.id)) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `No Experiment with id=${id} exists`);
  return found;
}

/** The same, not deleted. @throws MlflowError 400 when it is. */
export async function activeExperimentOf(ctx: MlflowCtx, id: string | undefined): Promise<ExperimentRecord> {
  const found = await experimentOf(ctx, id);
  if (found.deletedAt) throw refuse(`The experiment ${id} must be in the 'active' state. Current state is deleted.`);
  return found;
}

/** The run of this project, deleted or not; for the token of an attempt its own and what it made. @throws MlflowError 404 */
export async function runOf(ctx: MlflowCtx, ids: { run_id?: string | undefined; run_uuid?: string | undefined }): Promise<FoundRun> {
  const id = ids.run_id || ids.run_uuid;
  if (!id) return refuse("Missing value for required parameter 'run_id'.");
  const found = (await isOwn(ctx, id)) ? await findRun(ctx.db, ctx.project.id, id) : null;
  if (!found) throw missing("Run", id);
  return found;
}

/** The same, not deleted. @throws MlflowError 400 when it is. */
export async function activeRunOf(ctx: MlflowCtx, ids: Parameters<typeof runOf>[1]): Promise<FoundRun> {
  const found = await runOf(ctx, ids);
  if (found.deletedAt || found.experimentDeletedAt) throw refuse(`The run ${found.id} must be in the 'active' state. Current state is deleted.`);
  return found;
}
