import { and, desc, eq, inArray, isNull, sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { loggedModelMetrics, loggedModels, modelVersions, registeredModels } from "../../../db/schema/models.ts";
import type { Comparison } from "../../../domain/experiments/filter/ast.ts";
import { LOGGED_MODEL_NAMES } from "../../../domain/models/filter.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { numberCondition, textCondition } from "../../experiments/queries/search/compare-sql.ts";
import { afterPlace, conditionOf, millis, orderOf, orEmpty, page, placeColumn, type Sort, tagCondition } from "./registry.ts";

export type LoggedModelRow = typeof loggedModels.$inferSelect;

/** Deleted ones are as good as gone. */
export async function findLoggedModel(db: DbOrTx, projectId: string, id: string): Promise<LoggedModelRow | null> {
  const [row] = await db.select().from(loggedModels).where(and(eq(loggedModels.projectId, projectId), eq(loggedModels.id, id), isNull(loggedModels.deletedAt))).limit(1);
  return row ?? null;
}

export async function loadModelExtras(db: DbOrTx, ids: string[]) {
  if (ids.length === 0) return { metrics: [], registrations: [] };
  const metrics = await db.select().from(loggedModelMetrics).where(inArray(loggedModelMetrics.modelId, ids)).orderBy(loggedModelMetrics.key, desc(loggedModelMetrics.time)).limit(10_000);
  const registrations = await db
    .select({ loggedModelId: modelVersions.loggedModelId, name: registeredModels.name, version: modelVersions.version })
    .from(modelVersions)
    .innerJoin(registeredModels, eq(registeredModels.id, modelVersions.modelId))
    .where(inArray(modelVersions.loggedModelId, ids))
    .orderBy(modelVersions.version);
  return { metrics, registrations };
}

export interface LoggedSearch {
  experimentIds: string[];
  filter: string;
  orderBy: { field: string; ascending: boolean; datasetName?: string | undefined; datasetDigest?: string | undefined }[];
  datasets: { name: string; digest?: string | undefined }[];
  limit: number;
  pageToken: string | null;
}

const invalid = (message: string) => new DomainError("invalid", message);
const m = loggedModels;
const ATTRIBUTES: Record<string, SQL> = {
  name: sql`${m.name}`, model_type: sql`${m.modelType}`, status: sql`substr(${m.status}, 14)`, source_run_id: sql`${m.sourceRunId}`, model_id: sql`${m.id}`, experiment_id: sql`${m.experimentId}`,
  ...Object.fromEntries(["creation_timestamp", "creation_timestamp_ms", "creation_time"].map((name) => [name, millis(m.createdAt)])),
  ...Object.fromEntries(["last_updated_timestamp", "last_updated_timestamp_ms", "last_updated_time"].map((name) => [name, millis(m.updatedAt)])),
};

function conditionOn(one: Comparison, datasets: LoggedSearch["datasets"]): SQL {
  if (one.entity === "tags") return tagCondition(m.tags, one);
  if (one.entity === "params") return tagCondition(m.params, one);
  if (one.entity === "metrics") {
    const there = sql`select 1 from ${loggedModelMetrics} x where x.model_id = ${m.id} and x.key = ${one.key} ${onDatasets(datasets)}`;
    if (one.kind === "null") return one.not ? sql`exists (${there})` : sql`not exists (${there})`;
    return sql`exists (${there} and ${numberCondition(sql`x.value`, one)})`;
  }
  const column = ATTRIBUTES[one.key]!;
  return LOGGED_MODEL_NAMES.attributes[one.key] === "text" ? textCondition(orEmpty(column, one), one) : numberCondition(column, one);
}

function onDatasets(datasets: LoggedSearch["datasets"]): SQL {
  if (datasets.length === 0) return sql``;
  return sql`and (${sql.join(datasets.map(({ name, digest }) => (digest ? sql`(x.dataset_name = ${name} and x.dataset_digest = ${digest})` : sql`x.dataset_name = ${name}`)), sql` or `)})`;
}

function sortsOf(orderBy: LoggedSearch["orderBy"]): Sort[] {
  const asked = orderBy.map(({ field, ascending, datasetName, datasetDigest }): Sort => {
    const key = /^metrics?\.(.+)$/s.exec(field)?.[1]?.replaceAll("`", "");
    if (key !== undefined) {
      const on = datasetName ? onDatasets([{ name: datasetName, digest: datasetDigest }]) : sql``;
      // Those without the metric come last, whichever way one sorts.
      const last = ascending ? sql`'Infinity'::float8` : sql`'-Infinity'::float8`;
      return { by: sql`coalesce((select x.value from ${loggedModelMetrics} x where x.model_id = ${m.id} and x.key = ${key} ${on} order by x.time desc limit 1), ${last})`, type: sql`float8`, descending: !ascending };
    }
    const column = ATTRIBUTES[field.replace(/^attributes?\./, "")];
    if (!column) throw invalid(`Invalid order by field name: ${field}. Use one of ${Object.keys(ATTRIBUTES).join(", ")} or metrics.<key>.`);
    return { by: sql`coalesce(${column}::text, '')`, type: sql`text`, descending: !ascending };
  });
  return [...asked, { by: millis(m.createdAt), type: sql`bigint`, descending: true }, { by: m.id, type: sql`text`, descending: false }];
}

export async function searchLoggedModels(db: DbOrTx, projectId: string, { experimentIds, filter, orderBy, datasets, limit, pageToken }: LoggedSearch) {
  let hasMetric = false;
  const where = conditionOf(filter, LOGGED_MODEL_NAMES, (one) => {
    hasMetric ||= one.entity === "metrics";
    return conditionOn(one, datasets);
  });
  // Data sets say where a metric was measured. Where the filter names none, any will do.
  const measured = datasets.length > 0 && !hasMetric ? sql`exists (select 1 from ${loggedModelMetrics} x where x.model_id = ${m.id} ${onDatasets(datasets)})` : undefined;
  const sorts = sortsOf(orderBy);
  const rows = await db
    .select({ row: loggedModels, place: placeColumn(sorts) })
    .from(loggedModels)
    .where(and(eq(m.projectId, projectId), inArray(m.experimentId, experimentIds), isNull(m.deletedAt), where, measured, afterPlace(sorts, pageToken)))
    .orderBy(...orderOf(sorts))
    .limit(limit + 1);
  return page(rows, limit);
}
