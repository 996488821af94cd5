import { and, eq, inArray, isNull, or, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { datasets, runInputs } from "../../../db/schema/datasets.ts";
import { experiments, experimentTags, runs } from "../../../db/schema/experiments.ts";

export type ExperimentRecord = typeof experiments.$inferSelect;

export async function findExperiment(db: DbOrTx, projectId: string, id: string): Promise<ExperimentRecord | null> {
  const [row] = await db.select().from(experiments).where(and(eq(experiments.projectId, projectId), eq(experiments.id, id))).limit(1);
  return row ?? null;
}

export async function findExperimentByName(db: DbOrTx, projectId: string, name: string): Promise<ExperimentRecord | null> {
  const [row] = await db.select().from(experiments).where(and(eq(experiments.projectId, projectId), eq(experiments.name, name))).limit(1);
  return row ?? null;
}

/** As MLflow's Experiment, tags and all. */
export async function toWire(db: DbOrTx, rows: ExperimentRecord[]) {
  const tags = rows.length === 0 ? [] : await db.select().from(experimentTags).where(inArray(experimentTags.experimentId, rows.map(({ id }) => id))).orderBy(experimentTags.key);
  const byId = Map.groupBy(tags, ({ experimentId }) => experimentId);
  return rows.map((row) => ({
    experiment_id: row.id,
    name: row.name,
    artifact_location: row.artifactLocation ?? `mlflow-artifacts:/${row.id}`,
    lifecycle_stage: row.deletedAt ? "deleted" : "active",
    creation_time: row.createdAt.getTime(),
    last_update_time: row.updatedAt.getTime(),
    tags: (byId.get(row.id) ?? []).map(({ key, value }) => ({ key, value })),
  }));
}

/** A run of this project with what decides whether it may be written to; null when it is not here. */
export async function findRun(db: DbOrTx, projectId: string, id: string) {
  const [row] = await db
    .select({ id: runs.id, orgId: runs.orgId, name: runs.name, origin: runs.origin, status: runs.status, experimentId: runs.experimentId, deletedAt: runs.deletedAt, experimentDeletedAt: experiments.deletedAt })
    .from(runs)
    .innerJoin(experiments, eq(experiments.id, runs.experimentId))
    .where(and(eq(runs.projectId, projectId), eq(runs.id, id)))
    .limit(1);
  return row ?? null;
}
export type FoundRun = NonNullable<Awaited<ReturnType<typeof findRun>>>;

/** Experiments of this project by id, and the one of a name; with whether they are deleted. What is not here is left out. */
export async function listById(db: DbOrTx, projectId: string, ids: string[], name: string | null = null): Promise<{ id: string; name: string; isDeleted: boolean }[]> {
  if (ids.length === 0) return [];
  const rows = await db.select({ id: experiments.id, name: experiments.name, deletedAt: experiments.deletedAt }).from(experiments).where(and(eq(experiments.projectId, projectId), or(inArray(experiments.id, ids), name === null ? undefined : eq(experiments.name, name))));
  return rows.map(({ deletedAt, ...row }) => ({ ...row, isDeleted: deletedAt !== null }));
}

/** As many as MLflow's own server answers. */
const MOST_DATASETS = 1000;

/** Which data sets the active runs of these experiments read, and what for. */
export async function listDatasetsUsed(db: DbOrTx, experimentIds: string[]) {
  if (experimentIds.length === 0) return [];
  const context = sql<string | null>`${runInputs.tags} ->> 'mlflow.data.context'`;
  const rows = await db
    .selectDistinct({ experiment_id: runs.experimentId, name: datasets.name, digest: datasets.digest, context })
    .from(runs)
    .innerJoin(runInputs, eq(runInputs.runId, runs.id))
    .innerJoin(datasets, eq(datasets.id, runInputs.datasetId))
    .where(and(inArray(runs.experimentId, experimentIds), isNull(runs.deletedAt)))
    .orderBy(runs.experimentId, datasets.name, datasets.digest, context)
    .limit(MOST_DATASETS);
  return rows.map(({ context: used, ...row }) => ({ ...row, ...(used === null ? {} : { context: used }) }));
}
