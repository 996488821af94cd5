import { z } from "zod";
import { MLFLOW_LIMITS, nameProblem, cut } from "../../../../domain/experiments/mlflow-words.ts";
import { DomainError } from "../../../../domain/shared/errors.ts";
import { createExperiment, deleteExperimentTag, renameExperiment, setExperimentDeleted, setExperimentTag } from "../../commands/mlflow-experiments.ts";
import { findExperimentByName, toWire } from "../../queries/mlflow-experiments.ts";
import type { MlflowCtx } from "../caller.ts";
import { MlflowError, refuse } from "../errors.ts";
import { activeExperimentOf, experimentOf } from "../found.ts";
import { type MlflowRoute, route } from "../mount.ts";
import { IdText, OptionalText, Pairs, Text } from "../wire.ts";

const Id = z.object({ experiment_id: IdText.optional() });
const READ = { permission: "runs:read", forRuns: true } as const;
const WRITE = { permission: "runs:log" } as const;
/** What clients ask before they log. The token of a run has its experiment already, and is told so. */
const ENTER = { permission: "runs:log", forRuns: true } as const;

export const experimentRoutes: MlflowRoute[] = [
  route("POST", "experiments/create", ENTER, z.object({ name: OptionalText, artifact_location: OptionalText, tags: Pairs }), create),
  route("GET", "experiments/get", READ, Id, async (ctx, { experiment_id }) => wrapped(ctx, await experimentOf(ctx, experiment_id))),
  route("GET", "experiments/get-by-name", READ, z.object({ experiment_name: OptionalText }), getByName),
  route("POST", "experiments/delete", WRITE, Id, async (ctx, { experiment_id }) => setDeleted(ctx, experiment_id, true)),
  route("POST", "experiments/restore", WRITE, Id, async (ctx, { experiment_id }) => setDeleted(ctx, experiment_id, false)),
  route("POST", "experiments/update", WRITE, Id.extend({ new_name: OptionalText }), rename),
  route("POST", "experiments/set-experiment-tag", WRITE, Id.extend({ key: Text, value: OptionalText }), setTag),
  route("POST", "experiments/delete-experiment-tag", WRITE, Id.extend({ key: Text }), deleteTag),
];

async function wrapped(ctx: MlflowCtx, row: Parameters<typeof toWire>[1][number]) {
  const [experiment] = await toWire(ctx.db, [row]);
  return { experiment };
}

function checkName(name: string | undefined): string {
  if (!name) return refuse("Invalid experiment name: ''. It must not be empty.");
  if (name.length > MLFLOW_LIMITS.experimentName) return refuse(`Experiment name exceeds the maximum length of ${MLFLOW_LIMITS.experimentName} characters.`);
  return name;
}

async function create(ctx: MlflowCtx, { name, artifact_location, tags }: { name?: string | undefined; artifact_location?: string | undefined; tags: { key: string; value: string }[] }) {
  const wanted = checkName(name);
  if (ctx.onlyRun && wanted !== ctx.onlyRun.experimentName) {
    throw new MlflowError("PERMISSION_DENIED", `The token of a run logs to the run's own experiment, '${ctx.onlyRun.experimentName}', and not to '${cut(wanted, 80)}'. Leave out set_experiment(), name that one, or write experiment: into the run's spec.`);
  }
  for (const tag of tags) checkTag(tag);
  const made = await createExperiment(ctx, ctx.project.id, { name: wanted, artifactLocation: artifact_location || null, tags });
  if (made) return { experiment_id: made.id };
  const there = await findExperimentByName(ctx.db, ctx.project.id, wanted);
  throw new MlflowError("RESOURCE_ALREADY_EXISTS", there?.deletedAt ? `Experiment(name=${wanted}) already exists in deleted state. You can restore the experiment, or choose another name.` : `Experiment(name=${wanted}) already exists.`);
}

async function getByName(ctx: MlflowCtx, { experiment_name }: { experiment_name?: string | undefined }) {
  const name = experiment_name ?? refuse("Missing value for required parameter 'experiment_name'.");
  const found = await findExperimentByName(ctx.db, ctx.project.id, name);
  if (!found || (ctx.onlyRun && ctx.onlyRun.experimentId !== found.id)) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `Could not find experiment with name '${name}'`);
  return wrapped(ctx, found);
}

async function setDeleted(ctx: MlflowCtx, id: string | undefined, isDeleted: boolean) {
  const found = await experimentOf(ctx, id);
  if (isDeleted && found.deletedAt) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `No Experiment with id=${id} exists`);
  if (!isDeleted && !found.deletedAt) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `No Experiment with id=${id} exists in the deleted state`);
  await setExperimentDeleted(ctx, found, isDeleted);
  return {};
}

async function rename(ctx: MlflowCtx, { experiment_id, new_name }: { experiment_id?: string | undefined; new_name?: string | undefined }) {
  const found = await activeExperimentOf(ctx, experiment_id);
  if (new_name === undefined) return {};
  const name = checkName(new_name);
  await renameExperiment(ctx, found, name).catch((error: unknown) => {
    throw error instanceof DomainError && error.code === "conflict" ? new MlflowError("RESOURCE_ALREADY_EXISTS", `Experiment(name=${name}) already exists.`) : error;
  });
  return {};
}

/** Too long a value is refused, as MLflow does it: what people write about an experiment is in a tag, and half of it is not what they wrote. */
function checkTag(tag: { key: string; value: string }): { key: string; value: string } {
  const problem = nameProblem("experiment tag", tag.key);
  if (problem) return refuse(problem);
  if (tag.value.length > MLFLOW_LIMITS.experimentTagLength) return refuse(`'value' exceeds the maximum length of ${MLFLOW_LIMITS.experimentTagLength} characters`);
  return tag;
}

async function setTag(ctx: MlflowCtx, { experiment_id, key, value }: { experiment_id?: string | undefined; key: string; value?: string | undefined }) {
  const tag = checkTag({ key, value: value ?? "" });
  const found = await activeExperimentOf(ctx, experiment_id);
  await setExperimentTag(ctx, found, tag);
  return {};
}

async function deleteTag(ctx: MlflowCtx, { experiment_id, key }: { experiment_id?: string | undefined; key: string }) {
  const found = await activeExperimentOf(ctx, experiment_id);
  if (!(await deleteExperimentTag(ctx, found, key))) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `No tag with name: ${key} in experiment with id ${found.id}`);
  return {};
}
