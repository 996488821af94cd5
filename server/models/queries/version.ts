import { and, asc, desc, eq, inArray, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { datasets, runInputs } from "../../../db/schema/datasets.ts";
import { artifacts, experiments, metricSummaries, runParams, runs, runTags } from "../../../db/schema/experiments.ts";
import { loggedModelFiles, modelVersions } from "../../../db/schema/models.ts";
import { reaches } from "../../../domain/access/roles.ts";
import { placeOfUri } from "../../../domain/experiments/mlflow-artifact-path.ts";
import { CODE_TAGS, codeOf, type RunCode } from "../../../domain/experiments/run-code.ts";
import type { VersionDetail } from "../../../domain/models/model-view.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { getVisibleModel, modelActions, versionRow } from "./pages.ts";
import { aliasesOf } from "./registry.ts";

const MAX_FILES = 200;
const MAX_PAIRS = 50;

/** Everything the page of one version shows. @throws DomainError "not_found" */
export async function getVersion(ctx: Ctx, id: string, number: number): Promise<VersionDetail> {
  const { db } = ctx;
  const { model, project } = await getVisibleModel(db, ctx.grant, id);
  const [found] = await db.select({ row: modelVersions, runName: runs.name }).from(modelVersions).leftJoin(runs, eq(runs.id, modelVersions.runId)).where(and(eq(modelVersions.modelId, id), eq(modelVersions.version, number)));
  if (!found) throw notFound();
  const { row } = found;
  const aliases = await aliasesOf(db, [row]);
  const seesRuns = ctx.grantFor("runs:read");
  const reachesRuns = seesRuns !== null && reaches(seesRuns, project);
  return {
    ...versionRow(row, found.runName, aliases.get(`${id} ${number}`) ?? []),
    model: { id: model.id, name: model.name },
    source: row.source,
    location: row.location,
    loggedModelId: row.loggedModelId,
    tags: row.tags,
    updatedAt: row.updatedAt,
    lineage: row.runId && reachesRuns ? await lineageOf(db, row.runId) : { run: null, metrics: [], params: [], datasets: [], code: null },
    files: await filesAt(db, ctx.orgId, row.location),
    can: modelActions(ctx, project),
  };
}

async function lineageOf(db: DbOrTx, runId: string): Promise<VersionDetail["lineage"]> {
  const [run] = await db
    .select({ id: runs.id, name: runs.name, status: runs.status, spec: runs.spec, experiment: { id: experiments.id, name: experiments.name } })
    .from(runs)
    .innerJoin(experiments, eq(experiments.id, runs.experimentId))
    .where(eq(runs.id, runId));
  const metrics = await db.select({ key: metricSummaries.key, last: metricSummaries.last }).from(metricSummaries).where(eq(metricSummaries.runId, runId)).orderBy(desc(metricSummaries.lastTime), asc(metricSummaries.key)).limit(MAX_PAIRS);
  const params = await db.select({ key: runParams.key, value: runParams.value }).from(runParams).where(eq(runParams.runId, runId)).orderBy(asc(runParams.key)).limit(MAX_PAIRS);
  const read = await db
    .select({ id: datasets.id, name: datasets.name, digest: datasets.digest, tags: runInputs.tags })
    .from(runInputs)
    .innerJoin(datasets, eq(datasets.id, runInputs.datasetId))
    .where(eq(runInputs.runId, runId))
    .orderBy(asc(runInputs.createdAt))
    .limit(MAX_PAIRS);
  const tags = await db.select({ key: runTags.key, value: runTags.value }).from(runTags).where(and(eq(runTags.runId, runId), inArray(runTags.key, [...CODE_TAGS])));
  if (!run) return { run: null, metrics: [], params: [], datasets: [], code: null };
  const { spec, ...named } = run;
  return { run: named, metrics, params, datasets: read.map(({ tags: context, ...one }) => ({ ...one, context: context["mlflow.data.context"] ?? null })), code: labelled(codeOf(spec, new Map(tags.map(({ key, value }) => [key, value])))) };
}

function labelled(code: RunCode | null): VersionDetail["lineage"]["code"] {
  if (!code) return null;
  if (code.kind === "archive") return { label: "Archive", detail: code.sha256 };
  if (code.kind === "script") return { label: "Script", detail: code.script };
  return { label: code.url ?? ("script" in code ? code.script : null) ?? "Commit", detail: code.ref };
}

/** The files of a version that are kept here, the first few by path. */
async function filesAt(db: DbOrTx, orgId: string, location: string): Promise<VersionDetail["files"]> {
  const place = placeOfUri(location);
  if (!place) return [];
  const table = place.kind === "model" ? loggedModelFiles : artifacts;
  const owner = place.kind === "model" ? eq(loggedModelFiles.modelId, place.id) : eq(artifacts.runId, place.id);
  const under = place.path === "" ? undefined : sql`(${table.path} = ${place.path} or starts_with(${table.path}, ${`${place.path}/`}))`;
  return db.selectDistinctOn([table.path], { path: table.path, bytes: table.bytes, sha256: table.sha256 }).from(table).where(and(eq(table.orgId, orgId), owner, under)).orderBy(table.path, desc(table.createdAt)).limit(MAX_FILES);
}
