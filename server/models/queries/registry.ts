import { and, asc, desc, eq, inArray, sql, type SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { DbOrTx } from "../../../db/client.ts";
import { modelAliases, modelVersions, registeredModels } from "../../../db/schema/models.ts";
import type { Comparison, Names } from "../../../domain/experiments/filter/ast.ts";
import { parseFilter, parseOrder } from "../../../domain/experiments/filter/parse.ts";
import { MODEL_NAMES, VERSION_NAMES } from "../../../domain/models/filter.ts";
import { PROMPT_TAG, type Stage } from "../../../domain/models/registry.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { everySql, numberCondition, textCondition, valueCondition } from "../../experiments/queries/search/compare-sql.ts";

export type ModelRow = typeof registeredModels.$inferSelect;
export type VersionRow = typeof modelVersions.$inferSelect;

export async function findModel(db: DbOrTx, projectId: string, name: string): Promise<ModelRow | null> {
  const [row] = await db.select().from(registeredModels).where(and(eq(registeredModels.projectId, projectId), eq(registeredModels.name, name))).limit(1);
  return row ?? null;
}

export async function findVersion(db: DbOrTx, modelId: string, version: number): Promise<VersionRow | null> {
  const [row] = await db.select().from(modelVersions).where(and(eq(modelVersions.modelId, modelId), eq(modelVersions.version, version))).limit(1);
  return row ?? null;
}

export async function findByAlias(db: DbOrTx, modelId: string, alias: string): Promise<VersionRow | null> {
  const [row] = await db
    .select({ version: modelVersions })
    .from(modelAliases)
    .innerJoin(modelVersions, and(eq(modelVersions.modelId, modelAliases.modelId), eq(modelVersions.version, modelAliases.version)))
    .where(and(eq(modelAliases.modelId, modelId), eq(modelAliases.alias, alias)))
    .limit(1);
  return row?.version ?? null;
}

/** The highest version, of all or of those in a stage. */
export async function findNewest(db: DbOrTx, modelId: string, stage: Stage | null): Promise<VersionRow | null> {
  const [row] = await db.select().from(modelVersions).where(and(eq(modelVersions.modelId, modelId), stage ? eq(modelVersions.stage, stage) : undefined)).orderBy(desc(modelVersions.version)).limit(1);
  return row ?? null;
}

/** The highest version of each stage, and every alias, of these models. */
export async function listHeads(db: DbOrTx, modelIds: string[]): Promise<{ latest: VersionRow[]; aliases: { modelId: string; alias: string; version: number }[] }> {
  if (modelIds.length === 0) return { latest: [], aliases: [] };
  const latest = await db
    .selectDistinctOn([modelVersions.modelId, modelVersions.stage])
    .from(modelVersions)
    .where(inArray(modelVersions.modelId, modelIds))
    .orderBy(modelVersions.modelId, modelVersions.stage, desc(modelVersions.version));
  const aliases = await db.select({ modelId: modelAliases.modelId, alias: modelAliases.alias, version: modelAliases.version }).from(modelAliases).where(inArray(modelAliases.modelId, modelIds)).orderBy(asc(modelAliases.alias));
  return { latest, aliases };
}

// ── search ───────────────────────────────────────────────────────────────────────────────────────────────
export interface Search {
  filter: string;
  orderBy: string[];
  limit: number;
  pageToken: string | null;
}
interface Found<Row> {
  rows: Row[];
  nextPageToken: string | null;
}

const invalid = (message: string) => new DomainError("invalid", message);

/** A tag's value; a thing without the tag matches nothing. But MLflow 3 adds to every search that it is no prompt: what never heard of them is none. */
export const tagCondition = (tags: PgColumn, one: Comparison): SQL => valueCondition(one.key === PROMPT_TAG ? sql`coalesce(${tags} ->> ${PROMPT_TAG}, 'false')` : sql`(${tags} ->> ${one.key})`, one);

/** A text that MLflow keeps empty where there is none: it is unlike any other. An index serves where a text is asked for. */
export function orEmpty(column: SQL, one: Comparison): SQL {
  const asksForText = one.kind === "null" || (one.kind === "compare" && one.op === "=" && one.value !== "") || (one.kind === "in" && !one.not && !one.values.includes(""));
  return asksForText ? column : sql`coalesce(${column}, '')`;
}

/** @throws FilterError that names the place. */
export function conditionOf(filter: string, names: Names, of: (one: Comparison) => SQL): SQL | undefined {
  const parsed = parseFilter(filter, names);
  return parsed ? everySql(parsed, of) : undefined;
}

/** Prompts are found by a filter that speaks of them and by no other, as in MLflow. @throws FilterError that names the place. */
function withoutPrompts(tags: PgColumn, filter: string, names: Names, of: (one: Comparison) => SQL): SQL | undefined {
  let isOfPrompts = false;
  const where = conditionOf(filter, names, (one) => {
    isOfPrompts ||= one.entity === "tags" && one.key === PROMPT_TAG;
    return of(one);
  });
  return isOfPrompts ? where : and(where, sql`coalesce(${tags} ->> ${PROMPT_TAG}, 'false') <> 'true'`);
}

/** Milliseconds since 1970 of a timestamp, as clients compare and sort. */
export const millis = (column: PgColumn): SQL => sql`(extract(epoch from ${column}) * 1000)::bigint`;

interface Sortable {
  field: string;
  by: SQL | PgColumn;
  type: SQL;
}
export interface Sort {
  by: SQL | PgColumn;
  type: SQL;
  descending: boolean;
}

/** @throws FilterError that names the fields. */
export function sortOf(orderBy: string[], fields: Sortable[], fallback: Sort[]): Sort[] {
  const names: Names = { attributes: Object.fromEntries(fields.map(({ field }) => [field, "text"])), aliases: {}, entities: ["attributes"] };
  const asked = orderBy.map((text) => {
    const { key, descending } = parseOrder(text, names);
    const { by, type } = fields.find(({ field }) => field === key)!;
    return { by, type, descending };
  });
  return [...asked, ...fallback.filter((one) => !asked.some(({ by }) => by === one.by))];
}

export const orderOf = (sorts: Sort[]): SQL[] => sorts.map(({ by, descending }) => (descending ? sql`${by} desc` : sql`${by} asc`));
/** The columns that a page's last row is found again by. */
export const placeColumn = (sorts: Sort[]): SQL<string> => sql<string>`jsonb_build_array(${sql.join(sorts.map(({ by }) => sql`${by}`), sql`, `)})::text`;

/** Rows after the place that a page token names. @throws DomainError "invalid" for a token that is none of ours. */
export function afterPlace(sorts: Sort[], token: string | null): SQL | undefined {
  if (!token) return undefined;
  const place = readToken(token, sorts.length);
  const terms = sorts.map(({ by, type, descending }, at) => {
    const equal = sorts.slice(0, at).map((before, index) => sql`${before.by} = ${place[index]}::${before.type}`);
    return sql`(${sql.join([...equal, sql`${by} ${descending ? sql`<` : sql`>`} ${place[at]}::${type}`], sql` and `)})`;
  });
  return sql`(${sql.join(terms, sql` or `)})`;
}

export const tokenOf = (place: string): string => Buffer.from(place).toString("base64url");

function readToken(token: string, length: number): string[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (Array.isArray(place) && place.length === length && place.every((one) => typeof one === "string" || typeof one === "number")) return place.map(String);
  } catch {
    // not one of ours
  }
  throw invalid("Invalid page token, could not be decoded: ask again from the first page.");
}

const BY_NAME: Sort = { by: registeredModels.name, type: sql`text`, descending: false };
const MODEL_FIELDS: Sortable[] = [
  { field: "name", by: registeredModels.name, type: sql`text` },
  ...["last_updated_timestamp", "timestamp"].map((field) => ({ field, by: millis(registeredModels.updatedAt), type: sql`bigint` })),
  { field: "creation_timestamp", by: millis(registeredModels.createdAt), type: sql`bigint` },
];

export async function searchModels(db: DbOrTx, projectId: string, { filter, orderBy, limit, pageToken }: Search): Promise<Found<ModelRow>> {
  const where = withoutPrompts(registeredModels.tags, filter, MODEL_NAMES, (one) => (one.entity === "tags" ? tagCondition(registeredModels.tags, one) : textCondition(sql`${registeredModels.name}`, one)));
  const sorts = sortOf(orderBy, MODEL_FIELDS, [BY_NAME]);
  const rows = await db
    .select({ row: registeredModels, place: placeColumn(sorts) })
    .from(registeredModels)
    .where(and(eq(registeredModels.projectId, projectId), where, afterPlace(sorts, pageToken)))
    .orderBy(...orderOf(sorts))
    .limit(limit + 1);
  return page(rows, limit);
}

export function page<Row>(rows: { row: Row; place: string }[], limit: number): Found<Row> {
  const shown = rows.slice(0, limit);
  return { rows: shown.map(({ row }) => row), nextPageToken: rows.length > limit ? tokenOf(shown.at(-1)!.place) : null };
}

const VERSION_SORT: Sort[] = [{ by: millis(modelVersions.updatedAt), type: sql`bigint`, descending: true }, BY_NAME, { by: modelVersions.version, type: sql`int`, descending: true }];
const VERSION_FIELDS: Sortable[] = [
  { field: "name", by: registeredModels.name, type: sql`text` },
  { field: "version_number", by: modelVersions.version, type: sql`int` },
  { field: "creation_timestamp", by: millis(modelVersions.createdAt), type: sql`bigint` },
  { field: "last_updated_timestamp", by: VERSION_SORT[0]!.by, type: sql`bigint` },
];

function versionCondition(one: Comparison): SQL {
  if (one.entity === "tags") return tagCondition(modelVersions.tags, one);
  if (one.key === "version_number") return numberCondition(sql`${modelVersions.version}`, one);
  if (one.key === "run_id") return textCondition(orEmpty(sql`${modelVersions.runId}`, one), one);
  return textCondition(sql`${one.key === "name" ? registeredModels.name : modelVersions.source}`, one);
}

export async function searchVersions(db: DbOrTx, projectId: string, { filter, orderBy, limit, pageToken }: Search): Promise<Found<{ version: VersionRow; name: string }>> {
  const where = withoutPrompts(modelVersions.tags, filter, VERSION_NAMES, versionCondition);
  const sorts = sortOf(orderBy, VERSION_FIELDS, VERSION_SORT);
  const rows = await db
    .select({ version: modelVersions, name: registeredModels.name, place: placeColumn(sorts) })
    .from(modelVersions)
    .innerJoin(registeredModels, eq(registeredModels.id, modelVersions.modelId))
    .where(and(eq(registeredModels.projectId, projectId), where, afterPlace(sorts, pageToken)))
    .orderBy(...orderOf(sorts))
    .limit(limit + 1);
  return page(rows.map(({ version, name, place }) => ({ row: { version, name }, place })), limit);
}

/** Aliases of these versions, by `<model id> <version>`. */
export async function aliasesOf(db: DbOrTx, versions: Pick<VersionRow, "modelId" | "version">[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  if (versions.length === 0) return found;
  const rows = await db.select({ modelId: modelAliases.modelId, alias: modelAliases.alias, version: modelAliases.version }).from(modelAliases).where(inArray(modelAliases.modelId, [...new Set(versions.map(({ modelId }) => modelId))])).orderBy(asc(modelAliases.alias));
  for (const { modelId, alias, version } of rows) found.set(`${modelId} ${version}`, [...(found.get(`${modelId} ${version}`) ?? []), alias]);
  return found;
}
