import { modelArtifactUri, placeOfUri } from "../../../domain/experiments/mlflow-artifact-path.ts";
import { artifactUri } from "../../../domain/experiments/mlflow-words.ts";
import { aliasProblem, LATEST, type ModelSource, PROMPT_SOURCES, PROMPT_TAG, readSource, versionNumber } from "../../../domain/models/registry.ts";
import { noModel, noVersion } from "../../models/commands/change.ts";
import { findLoggedModel, type LoggedModelRow } from "../../models/queries/logged.ts";
import { findByAlias, findModel, findNewest, findVersion, type ModelRow, type VersionRow } from "../../models/queries/registry.ts";
import { isOwn, type MlflowCtx } from "./caller.ts";
import { MlflowError, refuse } from "./errors.ts";
import { runOf } from "./found.ts";

/** @throws MlflowError 400 without a name, DomainError "not_found". */
export async function modelOf(ctx: MlflowCtx, name: string | undefined): Promise<ModelRow> {
  if (!name) return refuse("Missing value for required parameter 'name'.");
  const found = await findModel(ctx.db, ctx.project.id, name);
  if (!found) throw noModel(name);
  return found;
}

export function numberOf(version: string | undefined): number {
  if (!version) return refuse("Missing value for required parameter 'version'.");
  return versionNumber(version) ?? refuse(`Model version must be an integer, got '${version}'`);
}

export async function versionOf(ctx: MlflowCtx, name: string | undefined, version: string | undefined): Promise<{ model: ModelRow; row: VersionRow }> {
  if (!name) return refuse("Missing value for required parameter 'name'.");
  const number = numberOf(version);
  const model = await findModel(ctx.db, ctx.project.id, name);
  const row = model ? await findVersion(ctx.db, model.id, number) : null;
  if (!model || !row) throw noVersion(name, version!);
  return { model, row };
}

/** @throws MlflowError 404: another project's model, and for the token of an attempt another run's, is a missing one. */
export async function loggedModelOf(ctx: MlflowCtx, id: string): Promise<LoggedModelRow> {
  const found = await findLoggedModel(ctx.db, ctx.project.id, id);
  if (!found || !(await isOwn(ctx, found.sourceRunId))) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `Logged model with ID '${id}' not found.`);
  return found;
}

/** The version that carries an alias; `latest` is the newest one's, whatever others it has. */
export async function versionByAlias(ctx: MlflowCtx, name: string | undefined, alias: string | undefined): Promise<{ model: ModelRow; row: VersionRow }> {
  const model = await modelOf(ctx, name);
  const isLatest = alias?.toLowerCase() === LATEST;
  const problem = isLatest ? null : aliasProblem(alias ?? "");
  if (problem) return refuse(problem);
  const row = isLatest ? await findNewest(ctx.db, model.id, null) : await findByAlias(ctx.db, model.id, alias!);
  if (row) return { model, row };
  throw isLatest ? new MlflowError("RESOURCE_DOES_NOT_EXIST", `Latest version not found for model ${name}.`) : new MlflowError("INVALID_PARAMETER_VALUE", `Registered model alias ${alias} not found.`);
}

async function versionAt(ctx: MlflowCtx, source: Exclude<ModelSource, { kind: "logged" | "uri" }>): Promise<VersionRow> {
  if (source.kind === "version") return (await versionOf(ctx, source.name, String(source.version))).row;
  if (source.kind === "alias") return (await versionByAlias(ctx, source.name, source.alias)).row;
  const model = await modelOf(ctx, source.name);
  return (await findNewest(ctx.db, model.id, source.stage)) ?? refuse(`No versions of model with name '${source.name}' and stage '${source.stage}' found`);
}

interface Given {
  source: string;
  run_id?: string | undefined;
  model_id?: string | undefined;
  tags: { key: string; value: string }[];
}
interface Origin {
  /** As given, but for what points to another version later: that names the one that it is now. */
  source: string;
  location: string;
  runId: string | null;
  loggedModelId: string | null;
}

/** Where the files of a new version are, and what it was made of. */
export async function originOf(ctx: MlflowCtx, given: Given): Promise<Origin> {
  const runId = given.run_id ? (await runOf(ctx, { run_id: given.run_id })).id : null;
  if (PROMPT_SOURCES.includes(given.source) && given.tags.some(({ key, value }) => key === PROMPT_TAG && value === "true")) return { source: given.source, location: given.source, runId, loggedModelId: null };
  const source = readSource(given.source);
  if (typeof source === "string") return refuse(source);
  const named = given.model_id ? await loggedModelOf(ctx, given.model_id) : null;
  if (source.kind === "logged") {
    const model = await loggedModelOf(ctx, source.modelId);
    return { source: given.source, location: modelArtifactUri(model.experimentId, model.id), runId: runId ?? model.sourceRunId, loggedModelId: named?.id ?? model.id };
  }
  if (source.kind === "uri") return { source: given.source, location: await locationOf(ctx, source.uri), runId: runId ?? named?.sourceRunId ?? null, loggedModelId: named?.id ?? (await loggedIn(ctx, source.uri)) };
  const row = await versionAt(ctx, source);
  const exact = source.kind === "version" ? given.source : `models:/${source.name.replaceAll("%", "%25")}/${row.version}`;
  return { source: exact, location: row.location, runId: runId ?? row.runId, loggedModelId: named?.id ?? row.loggedModelId };
}

/** `runs:/<run>/<path>` and paths of the proxy must lead to something that the caller may see. */
async function locationOf(ctx: MlflowCtx, uri: string): Promise<string> {
  const ofRun = /^runs:\/+([^/]+)\/?(.*)$/s.exec(uri);
  if (ofRun) {
    const run = await runOf(ctx, { run_id: ofRun[1]! });
    return `${artifactUri(run.experimentId, run.id)}${ofRun[2] ? `/${ofRun[2]}` : ""}`;
  }
  const place = placeOfUri(uri);
  if (place?.kind === "run") await runOf(ctx, { run_id: place.id });
  if (place?.kind === "model") await loggedModelOf(ctx, place.id);
  if (uri.startsWith("mlflow-artifacts:") && !place) refuse(`Invalid model version source: '${uri}'. It names no run and no logged model.`);
  if (ctx.onlyRun && !place) throw new MlflowError("PERMISSION_DENIED", "The token of a run can register what its own run and its children logged, and nothing else.");
  return uri;
}

async function loggedIn(ctx: MlflowCtx, uri: string): Promise<string | null> {
  const place = placeOfUri(uri);
  return place?.kind === "model" ? (await loggedModelOf(ctx, place.id)).id : null;
}
