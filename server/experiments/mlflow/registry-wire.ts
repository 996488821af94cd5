import type { DbOrTx } from "../../../db/client.ts";
import { modelArtifactUri } from "../../../domain/experiments/mlflow-artifact-path.ts";
import { type LoggedModelRow, loadModelExtras } from "../../models/queries/logged.ts";
import { aliasesOf, listHeads, type ModelRow, type VersionRow } from "../../models/queries/registry.ts";
import { fromDouble } from "./wire.ts";

const pairs = (texts: Record<string, string>) => Object.entries(texts).map(([key, value]) => ({ key, value }));
export const textsOf = (given: { key: string; value: string }[]): Record<string, string> => Object.fromEntries(given.map(({ key, value }) => [key, value]));

/** MLflow's ModelVersion. */
export function versionToWire(name: string, row: VersionRow, aliases: string[] = []) {
  return {
    name,
    version: String(row.version),
    creation_timestamp: row.createdAt.getTime(),
    last_updated_timestamp: row.updatedAt.getTime(),
    user_id: row.createdBy,
    current_stage: row.stage,
    description: row.description ?? "",
    source: row.source,
    run_id: row.runId ?? "",
    status: row.status,
    ...(row.statusMessage ? { status_message: row.statusMessage } : {}),
    ...(row.runLink ? { run_link: row.runLink } : {}),
    tags: pairs(row.tags),
    aliases,
    ...(row.loggedModelId ? { model_id: row.loggedModelId } : {}),
  };
}

/** Versions with their aliases. */
export async function versionsToWire(db: DbOrTx, rows: { version: VersionRow; name: string }[]) {
  const aliases = await aliasesOf(db, rows.map(({ version }) => version));
  return rows.map(({ version, name }) => versionToWire(name, version, aliases.get(`${version.modelId} ${version.version}`)));
}

/** MLflow's RegisteredModel, with the newest version of each stage. */
export async function modelsToWire(db: DbOrTx, rows: ModelRow[]) {
  const { latest, aliases } = await listHeads(db, rows.map(({ id }) => id));
  return rows.map((row) => ({
    name: row.name,
    creation_timestamp: row.createdAt.getTime(),
    last_updated_timestamp: row.updatedAt.getTime(),
    user_id: row.createdBy,
    description: row.description ?? "",
    tags: pairs(row.tags),
    aliases: aliases.filter(({ modelId }) => modelId === row.id).map(({ alias, version }) => ({ alias, version: String(version) })),
    latest_versions: latest.filter(({ modelId }) => modelId === row.id).map((version) => versionToWire(row.name, version, aliases.filter((one) => one.modelId === row.id && one.version === version.version).map(({ alias }) => alias))),
  }));
}

/** MLflow's LoggedModel. */
export async function loggedToWire(db: DbOrTx, rows: LoggedModelRow[]) {
  const { metrics, registrations } = await loadModelExtras(db, rows.map(({ id }) => id));
  return rows.map((row) => ({
    info: {
      model_id: row.id,
      experiment_id: row.experimentId,
      name: row.name,
      creation_timestamp_ms: row.createdAt.getTime(),
      last_updated_timestamp_ms: row.updatedAt.getTime(),
      artifact_uri: modelArtifactUri(row.experimentId, row.id),
      status: row.status,
      ...(row.modelType ? { model_type: row.modelType } : {}),
      ...(row.sourceRunId ? { source_run_id: row.sourceRunId } : {}),
      ...(row.statusMessage ? { status_message: row.statusMessage } : {}),
      tags: pairs(row.tags),
      registrations: registrations.filter(({ loggedModelId }) => loggedModelId === row.id).map(({ name, version }) => ({ name, version: String(version) })),
    },
    data: {
      params: pairs(row.params),
      metrics: metrics
        .filter(({ modelId }) => modelId === row.id)
        .map((one) => ({ key: one.key, value: fromDouble(one.value), timestamp: one.time, step: one.step, model_id: row.id, run_id: one.runId, ...(one.datasetName ? { dataset_name: one.datasetName, dataset_digest: one.datasetDigest } : {}) })),
    },
  }));
}
