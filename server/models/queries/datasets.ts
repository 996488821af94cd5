import { and, count, desc, eq, ilike, inArray, lt, or, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { datasets, runInputs } from "../../../db/schema/datasets.ts";
import { runs } from "../../../db/schema/experiments.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { ListDatasets } from "../../../domain/models/inputs.ts";
import type { DatasetView } from "../../../domain/models/model-view.ts";
import { reachedProjects } from "../../experiments/queries/visible.ts";
import { containing } from "../../like.ts";

const RUNS_SHOWN = 3;

/** Data sets that runs said they read, the newest first, each with where it is used. */
export async function listDatasets(db: DbOrTx, grant: Grant, { project, text, cursor, limit }: ListDatasets): Promise<{ items: DatasetView[]; nextCursor: string | null }> {
  const found = await db
    .select({ set: datasets, project: { slug: projects.slug, name: projects.name } })
    .from(datasets)
    .innerJoin(projects, eq(projects.id, datasets.projectId))
    .where(and(eq(datasets.orgId, grant.orgId), reachedProjects(grant), project ? eq(projects.slug, project) : undefined, text ? or(ilike(datasets.name, containing(text)), eq(datasets.digest, text)) : undefined, cursor ? lt(datasets.id, cursor) : undefined))
    .orderBy(desc(datasets.id))
    .limit(limit + 1);
  const shown = found.slice(0, limit);
  const ids = shown.map(({ set }) => set.id);
  const uses = ids.length === 0 ? [] : await db.select({ id: runInputs.datasetId, runs: count() }).from(runInputs).where(inArray(runInputs.datasetId, ids)).groupBy(runInputs.datasetId);
  const newest = ids.length === 0 ? [] : await newestRuns(db, ids);
  return {
    items: shown.map(({ set, project: of }) => ({
      id: set.id, name: set.name, digest: set.digest, sourceType: set.sourceType, source: set.source, createdAt: set.createdAt, project: of,
      runs: newest.filter((run) => run.datasetId === set.id).map(({ id, name }) => ({ id, name })),
      runCount: uses.find(({ id }) => id === set.id)?.runs ?? 0,
    })),
    nextCursor: found.length > limit ? shown.at(-1)!.set.id : null,
  };
}

async function newestRuns(db: DbOrTx, ids: string[]): Promise<{ datasetId: string; id: string; name: string }[]> {
  const rows = await db.execute<{ dataset_id: string; id: string; name: string }>(sql`
    select wanted.id as dataset_id, used.id, used.name
    from unnest(${sql.param(ids)}::text[]) as wanted (id)
    cross join lateral (
      select ${runs.id} as id, ${runs.name} as name from ${runInputs} join ${runs} on ${runs.id} = ${runInputs.runId}
      where ${runInputs.datasetId} = wanted.id order by ${runInputs.runId} desc limit ${RUNS_SHOWN}
    ) used`);
  return [...rows].map((row) => ({ datasetId: row.dataset_id, id: row.id, name: row.name }));
}
