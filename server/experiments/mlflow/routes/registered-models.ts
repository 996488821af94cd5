import { z } from "zod";
import { aliasProblem, modelNameProblem, MODEL_LIMITS, STAGES, stageOf, tagKeyProblem } from "../../../../domain/models/registry.ts";
import { DomainError } from "../../../../domain/shared/errors.ts";
import { createModel, deleteModel, describeModel, renameModel, tagModel } from "../../../models/commands/registered.ts";
import { deleteAlias, setAlias } from "../../../models/commands/versions.ts";
import { listHeads, searchModels } from "../../../models/queries/registry.ts";
import type { MlflowCtx } from "../caller.ts";
import { MlflowError, refuse } from "../errors.ts";
import { type MlflowRoute, route } from "../mount.ts";
import { modelOf, numberOf, versionByAlias } from "../registry-found.ts";
import { modelsToWire, textsOf, versionsToWire } from "../registry-wire.ts";
import { IdText, OptionalInt, OptionalText, Pairs, Texts } from "../wire.ts";

const READ = { permission: "models:read", forRuns: true } as const;
/** A run may register what it logged; whom it serves is not for a run to say. */
const REGISTER = { permission: "models:write", forRuns: true } as const;
const WRITE = { permission: "models:write" } as const;
const PROMOTE = { permission: "models:promote" } as const;

const Name = z.object({ name: OptionalText });
const Alias = Name.extend({ alias: OptionalText });
const PageOf = { filter: OptionalText, max_results: OptionalInt, order_by: Texts, page_token: OptionalText };

export const registeredModelRoutes: MlflowRoute[] = [
  route("POST", "registered-models/create", REGISTER, Name.extend({ description: OptionalText, tags: Pairs }), create),
  route("GET", "registered-models/get", READ, Name, async (ctx, { name }) => sendModel(ctx, name)),
  route("POST", "registered-models/rename", WRITE, Name.extend({ new_name: OptionalText }), rename),
  route("PATCH", "registered-models/update", WRITE, Name.extend({ description: OptionalText }), async (ctx, { name, description }) => {
    await describeModel(ctx, await modelOf(ctx, name), checkDescription(description));
    return sendModel(ctx, name);
  }),
  route("DELETE", "registered-models/delete", PROMOTE, Name, async (ctx, { name }) => {
    await deleteModel(ctx, await modelOf(ctx, name));
    return {};
  }),
  route(["GET", "POST"], "registered-models/search", READ, z.object(PageOf), search),
  route(["GET", "POST"], "registered-models/get-latest-versions", READ, Name.extend({ stages: Texts }), latest),
  route("POST", "registered-models/set-tag", WRITE, Name.extend({ key: OptionalText, value: OptionalText }), async (ctx, { name, key, value }) => {
    await tagModel(ctx, await modelOf(ctx, name), checkTag(key, value), value ?? "");
    return {};
  }),
  route("DELETE", "registered-models/delete-tag", WRITE, Name.extend({ key: OptionalText }), async (ctx, { name, key }) => {
    await tagModel(ctx, await modelOf(ctx, name), checkTag(key), null);
    return {};
  }),
  route("POST", "registered-models/alias", PROMOTE, Alias.extend({ version: IdText.optional() }), async (ctx, { name, alias, version }) => {
    await setAlias(ctx, await modelOf(ctx, name), checkAlias(alias), numberOf(version));
    return {};
  }),
  route("DELETE", "registered-models/alias", PROMOTE, Alias, async (ctx, { name, alias }) => {
    await deleteAlias(ctx, await modelOf(ctx, name), checkAlias(alias));
    return {};
  }),
  route("GET", "registered-models/alias", READ, Alias, byAlias),
];

async function sendModel(ctx: MlflowCtx, name: string | undefined) {
  const [registered_model] = await modelsToWire(ctx.db, [await modelOf(ctx, name)]);
  return { registered_model };
}

export function checkDescription(description: string | undefined): string {
  if ((description ?? "").length > MODEL_LIMITS.description) refuse(`Description exceeds the maximum length of ${MODEL_LIMITS.description} characters.`);
  return description ?? "";
}

export function checkTag(key: string | undefined, value = ""): string {
  const problem = tagKeyProblem(key ?? "");
  if (problem) refuse(problem);
  if (value.length > MODEL_LIMITS.tagValue) refuse(`Tag value exceeds the maximum length of ${MODEL_LIMITS.tagValue} characters.`);
  return key!;
}

function checkName(name: string | undefined): string {
  const problem = modelNameProblem(name ?? "");
  return problem ? refuse(problem) : name!;
}

function checkAlias(alias: string | undefined): string {
  const problem = aliasProblem(alias ?? "");
  return problem ? refuse(problem) : alias!;
}

/** MLflow says "exists already" with 400 and its own code. */
const orTaken = (error: unknown): never => {
  throw error instanceof DomainError && error.code === "conflict" ? new MlflowError("RESOURCE_ALREADY_EXISTS", error.message) : error;
};

async function create(ctx: MlflowCtx, input: { name?: string | undefined; description?: string | undefined; tags: { key: string; value: string }[] }) {
  for (const { key, value } of input.tags) checkTag(key, value);
  const made = await createModel(ctx, ctx.project.id, { name: checkName(input.name), description: checkDescription(input.description), tags: textsOf(input.tags) }).catch(orTaken);
  const [registered_model] = await modelsToWire(ctx.db, [made]);
  return { registered_model };
}

async function rename(ctx: MlflowCtx, { name, new_name }: { name?: string | undefined; new_name?: string | undefined }) {
  const model = await modelOf(ctx, name);
  await renameModel(ctx, model, checkName(new_name)).catch(orTaken);
  return sendModel(ctx, new_name);
}

export function checkLimit(given: number | undefined, fallback: number, most: number): number {
  const limit = given || fallback;
  return limit >= 1 && limit <= most ? limit : refuse(`Invalid value for request parameter max_results. It must be at most ${most}, but got value ${given}`);
}

async function search(ctx: MlflowCtx, input: { filter?: string | undefined; max_results?: number | undefined; order_by: string[]; page_token?: string | undefined }) {
  const limit = checkLimit(input.max_results, 100, MODEL_LIMITS.modelsPage);
  const { rows, nextPageToken } = await searchModels(ctx.db, ctx.project.id, { filter: input.filter ?? "", orderBy: input.order_by, limit, pageToken: input.page_token || null });
  return { registered_models: await modelsToWire(ctx.db, rows), ...(nextPageToken ? { next_page_token: nextPageToken } : {}) };
}

async function latest(ctx: MlflowCtx, { name, stages }: { name?: string | undefined; stages: string[] }) {
  const model = await modelOf(ctx, name);
  const wanted = stages.map((text) => stageOf(text) ?? refuse(`Invalid Model Version stage: ${text}. Value must be one of ${STAGES.join(", ")}.`));
  const { latest: rows } = await listHeads(ctx.db, [model.id]);
  const shown = rows.filter(({ stage }) => wanted.length === 0 || wanted.includes(stage));
  return { model_versions: await versionsToWire(ctx.db, shown.map((version) => ({ version, name: model.name }))) };
}

async function byAlias(ctx: MlflowCtx, { name, alias }: { name?: string | undefined; alias?: string | undefined }) {
  const { model, row } = await versionByAlias(ctx, name, alias);
  const [model_version] = await versionsToWire(ctx.db, [{ version: row, name: model.name }]);
  return { model_version };
}
