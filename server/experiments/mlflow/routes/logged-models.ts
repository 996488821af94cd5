import { z } from "zod";
import { LOGGED_MODEL_STATUSES, MODEL_LIMITS, tagKeyProblem } from "../../../../domain/models/registry.ts";
import { modelArtifactUri } from "../../../../domain/experiments/mlflow-artifact-path.ts";
import { addLoggedParams, createLoggedModel, deleteLoggedModel, finishLoggedModel, linkRunModels, tagLoggedModel, untagLoggedModel } from "../../../models/commands/logged.ts";
import { type LoggedModelRow, searchLoggedModels } from "../../../models/queries/logged.ts";
import { listArtifacts } from "../artifact-proxy.ts";
import { type MlflowCtx, ownRuns } from "../caller.ts";
import { createOnce } from "../create-once.ts";
import { MlflowError, refuse } from "../errors.ts";
import { activeExperimentOf, activeRunOf, experimentOf, runOf } from "../found.ts";
import { type MlflowRoute, type RawRequest, route } from "../mount.ts";
import { loggedModelOf } from "../registry-found.ts";
import { loggedToWire, textsOf } from "../registry-wire.ts";
import { IdText, listOf, OptionalInt, OptionalText, Pairs, Text } from "../wire.ts";
import { checkLimit } from "./registered-models.ts";

const READ = { permission: "runs:read", forRuns: true } as const;
const LOG = { permission: "runs:log", forRuns: true } as const;

const Id = z.object({ model_id: Text });
const Create = z.object({ experiment_id: IdText.optional(), name: OptionalText, model_type: OptionalText, source_run_id: OptionalText, params: Pairs, tags: Pairs });
const OrderBy = z.object({ field_name: Text, ascending: z.boolean().nullish(), dataset_name: OptionalText, dataset_digest: OptionalText });
const Search = z.object({
  experiment_ids: listOf(IdText),
  filter: OptionalText,
  datasets: z.array(z.object({ dataset_name: Text, dataset_digest: OptionalText })).nullish(),
  max_results: OptionalInt,
  order_by: z.array(OrderBy).nullish(),
  page_token: OptionalText,
});
const Outputs = z.object({ run_id: OptionalText, models: z.array(z.object({ model_id: Text, step: OptionalInt })).nullish() });

export const loggedModelRoutes: MlflowRoute[] = [
  route("POST", "logged-models", LOG, Create, create),
  route(["POST", "GET"], "logged-models/search", READ, Search, search),
  route("GET", "logged-models/:model_id", READ, Id, async (ctx, { model_id }) => send(ctx, await loggedModelOf(ctx, model_id))),
  route("PATCH", "logged-models/:model_id", LOG, Id.extend({ status: z.enum(LOGGED_MODEL_STATUSES) }), async (ctx, { model_id, status }) => send(ctx, await finishLoggedModel(ctx, (await loggedModelOf(ctx, model_id)).id, status))),
  route("DELETE", "logged-models/:model_id", { permission: "runs:log" }, Id, async (ctx, { model_id }) => {
    await deleteLoggedModel(ctx, await loggedModelOf(ctx, model_id));
    return {};
  }),
  route("PATCH", "logged-models/:model_id/tags", LOG, Id.extend({ tags: Pairs }), setTags),
  route("DELETE", "logged-models/:model_id/tags/:tag_key", LOG, Id.extend({ tag_key: Text }), deleteTag),
  route("POST", "logged-models/:model_id/params", LOG, Id.extend({ params: Pairs }), async (ctx, { model_id, params }) => {
    await addLoggedParams(ctx, (await loggedModelOf(ctx, model_id)).id, checkParams(params));
    return {};
  }),
  route("GET", "logged-models/:model_id/artifacts/directories", READ, Id.extend({ artifact_directory_path: OptionalText, page_token: OptionalText }), directories),
  route("POST", "runs/outputs", LOG, Outputs, outputs),
];

async function send(ctx: MlflowCtx, row: LoggedModelRow) {
  const [model] = await loggedToWire(ctx.db, [row]);
  return { model };
}

function checkParams(params: { key: string; value: string }[]): Record<string, string> {
  for (const { key, value } of params) {
    if (key === "" || key.length > MODEL_LIMITS.tagKey) refuse(`Param key '${key.slice(0, 40)}' must have 1 to ${MODEL_LIMITS.tagKey} characters.`);
    if (value.length > MODEL_LIMITS.paramValue) refuse(`Param value of '${key}' had length ${value.length}, which exceeded length limit of ${MODEL_LIMITS.paramValue}`);
  }
  return textsOf(params);
}

function checkTags(tags: { key: string; value: string }[]): Record<string, string> {
  for (const { key } of tags) {
    const problem = tagKeyProblem(key);
    if (problem) refuse(problem);
  }
  return textsOf(tags);
}

async function create(ctx: MlflowCtx, input: z.output<typeof Create>, request: RawRequest) {
  const experiment = await activeExperimentOf(ctx, input.experiment_id || "0");
  const run = input.source_run_id ? await runOf(ctx, { run_id: input.source_run_id }) : null;
  if (ctx.onlyRun && !run) throw new MlflowError("PERMISSION_DENIED", "The token of a run can log models of its own run: set source_run_id.");
  const name = input.name || "model";
  if (name.length > MODEL_LIMITS.name || /[/:.%"'\\]/.test(name)) refuse(`Invalid model name: '${name.slice(0, 80)}'. It must be at most ${MODEL_LIMITS.name} characters, without any of / : . % " '.`);
  const of = { projectId: ctx.project.id, experimentId: experiment.id, name, modelType: input.model_type || null, sourceRunId: run?.id ?? null, params: checkParams(input.params), tags: checkTags(input.tags) };
  return send(ctx, await loggedModelOf(ctx, await createOnce(ctx, request, (claim) => createLoggedModel(ctx, of, claim))));
}

async function search(ctx: MlflowCtx, input: z.output<typeof Search>) {
  if (input.experiment_ids.length === 0) refuse("Missing value for required parameter 'experiment_ids'.");
  const limit = checkLimit(input.max_results, 50, 1000);
  const experimentIds: string[] = [];
  for (const id of input.experiment_ids.slice(0, 1000)) experimentIds.push((await experimentOf(ctx, id)).id);
  const { rows, nextPageToken } = await searchLoggedModels(ctx.db, ctx.project.id, {
    experimentIds,
    filter: input.filter ?? "",
    orderBy: (input.order_by ?? []).map((one) => ({ field: one.field_name, ascending: one.ascending ?? true, datasetName: one.dataset_name, datasetDigest: one.dataset_digest })),
    datasets: (input.datasets ?? []).map((one) => ({ name: one.dataset_name, digest: one.dataset_digest })),
    limit,
    pageToken: input.page_token || null,
  });
  const own = await ownRuns(ctx, rows.map((row) => row.sourceRunId));
  return { models: await loggedToWire(ctx.db, rows.filter((row) => own.has(row.sourceRunId))), ...(nextPageToken ? { next_page_token: nextPageToken } : {}) };
}

async function setTags(ctx: MlflowCtx, { model_id, tags }: { model_id: string; tags: { key: string; value: string }[] }) {
  const model = await loggedModelOf(ctx, model_id);
  return send(ctx, await tagLoggedModel(ctx, model.id, checkTags(tags)));
}

async function deleteTag(ctx: MlflowCtx, { model_id, tag_key }: { model_id: string; tag_key: string }) {
  const model = await loggedModelOf(ctx, model_id);
  if (!(await untagLoggedModel(ctx, model.id, tag_key))) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `No tag with key ${tag_key} found for model with ID '${model_id}'.`);
  return {};
}

async function directories(ctx: MlflowCtx, input: { model_id: string; artifact_directory_path?: string | undefined; page_token?: string | undefined }) {
  const model = await loggedModelOf(ctx, input.model_id);
  const { files, ...page } = await listArtifacts(ctx, { kind: "model", id: model.id }, input.artifact_directory_path ?? "", input.page_token);
  return { root_uri: modelArtifactUri(model.experimentId, model.id), files, ...page };
}

async function outputs(ctx: MlflowCtx, { run_id, models }: z.output<typeof Outputs>) {
  const run = await activeRunOf(ctx, { run_id });
  const links: { modelId: string; step: number }[] = [];
  for (const { model_id, step } of models ?? []) links.push({ modelId: (await loggedModelOf(ctx, model_id)).id, step: step ?? 0 });
  await linkRunModels(ctx, run.id, "output", links);
  return {};
}
