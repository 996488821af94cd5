import { hash } from "node:crypto";
import { z } from "zod";
import { newId } from "../../../../db/schema/columns.ts";
import { cut, MLFLOW_LIMITS, nameProblem } from "../../../../domain/experiments/mlflow-words.ts";
import { bus } from "../../../bus.ts";
import { linkRunModels } from "../../../models/commands/logged.ts";
import { addToModelHistory, deleteTag, logInputs, logToRun, type ModelPoint } from "../../commands/mlflow-log.ts";
import type { Points, Series } from "../../commands/metric-store.ts";
import { attemptOf, callerOf, isOwn, type MlflowCtx } from "../caller.ts";
import { MlflowError, refuse } from "../errors.ts";
import { activeRunOf } from "../found.ts";
import { spend } from "../ingest-limit.ts";
import { type MlflowRoute, type RawRequest, route } from "../mount.ts";
import { checkBatchSize, modelPoints, readPoints, takePoint } from "../points.ts";
import { loggedModelOf } from "../registry-found.ts";
import { OptionalText, Pairs, parseJson, Text } from "../wire.ts";
import { RunIds } from "./runs.ts";

const LOG = { permission: "runs:log", forRuns: true } as const;
const OnePair = RunIds.extend({ key: Text, value: z.preprocess((value) => value ?? "", Text) });
const Batch = RunIds.extend({ metrics: z.unknown().optional(), params: Pairs, tags: Pairs });
const Dataset = z.object({ name: Text, digest: Text, source_type: OptionalText, source: OptionalText, schema: OptionalText, profile: OptionalText });
const Inputs = RunIds.extend({ datasets: z.array(z.object({ tags: Pairs, dataset: Dataset })).nullish(), models: z.array(z.object({ model_id: Text })).nullish() });

export const logRoutes: MlflowRoute[] = [
  route("POST", "runs/log-metric", LOG, RunIds.loose(), logMetric),
  route("POST", "runs/log-parameter", LOG, OnePair, async (ctx, input, raw) => store(ctx, input, raw, { points: [], params: [pair("param", input, MLFLOW_LIMITS.paramLength)], tags: [] })),
  route("POST", "runs/set-tag", LOG, OnePair, async (ctx, input, raw) => store(ctx, input, raw, { points: [], params: [], tags: [pair("tag", input, MLFLOW_LIMITS.tagLength)] })),
  route("POST", "runs/delete-tag", LOG, RunIds.extend({ key: Text }), dropTag),
  route("POST", "runs/log-batch", LOG, Batch, logBatch),
  route("POST", "runs/log-model", LOG, RunIds.extend({ model_json: OptionalText }), recordModel),
  route("POST", "runs/log-inputs", LOG, Inputs, putInputs),
];

interface Pair {
  key: string;
  value: string;
}

/** Checks the name; values longer than MLflow keeps are cut as it cuts them. */
function pair(what: "param" | "tag", { key, value }: Pair, length: number): Pair {
  const problem = nameProblem(what, key);
  return problem ? refuse(problem) : { key, value: cut(value, length) };
}

type Ids = z.output<typeof RunIds>;

async function store(ctx: MlflowCtx, ids: Ids, raw: RawRequest, logged: { points: Points[]; params: Pair[]; tags: Pair[]; ofModels?: ModelPoint[] }) {
  const points = logged.points.reduce((sum, { values }) => sum + values.length, 0);
  spend(callerOf(ctx), { points });
  const id = runId(ids);
  // Points alone are stored where the run is there and not deleted, in one statement; anything else is looked up first, for its answer names what is wrong.
  const isPointsOnly = points > 0 && logged.params.length + logged.tags.length === 0 && (await isOwn(ctx, id));
  if (!isPointsOnly) await activeRunOf(ctx, ids);
  const isThere = await logToRun(ctx.sql, { projectId: ctx.project.id, runId: id, ofModels: [], ...logged, digest: hash("sha256", raw.bytes, "buffer").subarray(0, 16) });
  if (!isThere) await activeRunOf(ctx, ids);
  if (points > 0) bus().publish({ orgId: ctx.orgId, topic: "run-metrics", id });
  if (logged.params.length + logged.tags.length > 0) bus().publish({ orgId: ctx.orgId, topic: "run", id });
  return {};
}

const runId = (ids: Ids): string => ids.run_id || ids.run_uuid || refuse("Missing value for required parameter 'run_id'.");

async function logMetric(ctx: MlflowCtx, input: z.output<ReturnType<typeof RunIds.loose>>, raw: RawRequest) {
  const byKey = new Map<string, Series>();
  const id = runId(input);
  takePoint(byKey, { runId: id, attemptId: attemptOf(ctx, id) }, input, null);
  return store(ctx, input, raw, { points: [...byKey.values()], params: [], tags: [], ofModels: modelPoints([input]) });
}

async function logBatch(ctx: MlflowCtx, input: z.output<typeof Batch>, raw: RawRequest) {
  checkBatchSize(Array.isArray(input.metrics) ? input.metrics.length : 0, input.params.length, input.tags.length);
  const params = input.params.map((one) => pair("param", one, MLFLOW_LIMITS.paramLength));
  const once = new Map<string, string>();
  for (const { key, value } of params) {
    if (once.has(key) && once.get(key) !== value) refuse(`Duplicate parameter keys have been submitted: '${key}' has two values in one request.`);
    once.set(key, value);
  }
  const id = runId(input);
  return store(ctx, input, raw, {
    points: readPoints(id, attemptOf(ctx, id), input.metrics),
    ofModels: modelPoints((input.metrics ?? []) as unknown[]),
    params: [...once].map(([key, value]) => ({ key, value })),
    tags: input.tags.map((one) => pair("tag", one, MLFLOW_LIMITS.tagLength)),
  });
}

async function dropTag(ctx: MlflowCtx, input: Ids & { key: string }) {
  const run = await activeRunOf(ctx, input);
  if (!(await deleteTag(ctx.sql, run.id, input.key))) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `No tag with name: ${input.key} in run with id ${run.id}`);
  return {};
}

/** How clients before MLflow 3 said that a run logged a model: kept in a tag, where their pages look for it. */
async function recordModel(ctx: MlflowCtx, input: Ids & { model_json?: string | undefined }) {
  const run = await activeRunOf(ctx, input);
  const text = input.model_json ?? refuse("Missing value for required parameter 'model_json'.");
  const model = parseJson(text);
  if (typeof model !== "object" || model === null || Array.isArray(model)) refuse("Malformed model info: expected the JSON of an object.");
  await addToModelHistory(ctx.sql, run.id, text);
  bus().publish({ orgId: run.orgId, topic: "run", id: run.id });
  return {};
}

async function putInputs(ctx: MlflowCtx, input: z.output<typeof Inputs>) {
  const run = await activeRunOf(ctx, input);
  const inputs = (input.datasets ?? []).map(({ tags, dataset }) => ({
    name: dataset.name, digest: dataset.digest, sourceType: dataset.source_type ?? "", source: dataset.source ?? "", schema: dataset.schema ?? null, profile: dataset.profile ?? null,
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
  }));
  const models = await Promise.all((input.models ?? []).map(async ({ model_id }) => ({ modelId: (await loggedModelOf(ctx, model_id)).id, step: 0 })));
  await logInputs(ctx.sql, { orgId: ctx.orgId, projectId: ctx.project.id, runId: run.id, newId: () => newId("dataset") }, inputs);
  await linkRunModels(ctx, run.id, "input", models);
  return {};
}
