import { and, inArray, or, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { metricSummaries, runParams, runs, runTags } from "../../../../db/schema/experiments.ts";
import type { Grant } from "../../../../domain/access/roles.ts";
import { cellOf } from "../../../../domain/experiments/compare/axes.ts";
import { diffRows, flatten } from "../../../../domain/experiments/compare/diff.ts";
import type { CompareDiff, CompareValues, DiffPart, ValueColumn } from "../../../../domain/experiments/compare/inputs.ts";
import type { ComparedDiff, ComparedKeys, ComparedValues } from "../../../../domain/experiments/compare/view.ts";
import { withoutSecrets } from "../../../../domain/experiments/environment.ts";
import { CODE_TAGS, codeOf, ENVIRONMENT_TAGS, environmentOf } from "../../../../domain/experiments/run-code.ts";
import type { RunSpec } from "../../../../domain/experiments/run-spec.ts";
import { visibleRuns } from "./heads.ts";

/** Names of one kind that a page offers to choose from. */
const MAX_KEYS = 1000;
const MAX_DIFF_ROWS = 500;
const MAX_DIFF_TEXT = 300;

export async function readKeys(db: DbOrTx, grant: Grant, ids: string[]): Promise<ComparedKeys> {
  const seen = (await visibleRuns(db, grant, ids)).map(({ id }) => id);
  if (seen.length === 0) return { metrics: [], params: [], tags: [], more: 0 };
  const pairs = (table: typeof runParams | typeof runTags) =>
    db
      .select({ key: table.key, runs: sql<number>`count(*)::int`, distinct: sql<number>`(count(distinct ${table.value}) + case when count(*) < ${seen.length} then 1 else 0 end)::int` })
      .from(table)
      .where(inArray(table.runId, seen))
      .groupBy(table.key)
      .orderBy(sql`count(distinct ${table.value}) > 1 or count(*) < ${seen.length} desc`, table.key)
      .limit(MAX_KEYS + 1);
  const s = metricSummaries;
  const [metrics, params, tags] = await Promise.all([
    db.select({ key: s.key, runs: sql<number>`count(*)::int` }).from(s).where(inArray(s.runId, seen)).groupBy(s.key).orderBy(s.key).limit(MAX_KEYS + 1),
    pairs(runParams),
    pairs(runTags),
  ]);
  const more = [metrics, params, tags].filter(({ length }) => length > MAX_KEYS).length;
  return { metrics: metrics.slice(0, MAX_KEYS), params: params.slice(0, MAX_KEYS), tags: tags.slice(0, MAX_KEYS), more };
}

/** Chosen columns of the runs. Runs that may not be seen have nulls, like runs that do not exist. */
export async function readValues(db: DbOrTx, grant: Grant, { ids, columns }: CompareValues): Promise<ComparedValues> {
  return cellsOf(db, ids, columns, (await visibleRuns(db, grant, ids)).map(({ id }) => id));
}

/** By run in the order of `ids`, by column within. @param seen Those of them that may be looked at; the others have nulls. */
export async function cellsOf(db: DbOrTx, ids: string[], columns: readonly ValueColumn[], seen: string[] = ids): Promise<ComparedValues> {
  const cells = new Map<string, number | string>();
  const put: Put = (kind, runId, key, cell) => cell !== null && cells.set(`${kind} ${runId} ${key}`, cell);
  if (seen.length > 0 && columns.length > 0) await Promise.all([metricCells(db, seen, columns, put), textCells(db, seen, columns, "param", put), textCells(db, seen, columns, "tag", put)]);
  return ids.map((id) => columns.map((column) => cells.get(`${column.kind === "metric" ? column.of : column.kind} ${id} ${column.key}`) ?? null));
}

type Put = (kind: string, runId: string, key: string, cell: number | string | null) => void;

async function metricCells(db: DbOrTx, ids: string[], columns: readonly ValueColumn[], put: Put): Promise<void> {
  const keys = columns.flatMap((column) => (column.kind === "metric" ? [column.key] : []));
  if (keys.length === 0) return;
  const s = metricSummaries;
  for (const row of await db.select({ runId: s.runId, key: s.key, last: s.last, min: s.min, max: s.max }).from(s).where(and(inArray(s.runId, ids), inArray(s.key, keys)))) {
    for (const name of ["last", "min", "max"] as const) put(name, row.runId, row.key, row[name]);
  }
}

async function textCells(db: DbOrTx, ids: string[], columns: readonly ValueColumn[], kind: "param" | "tag", put: Put): Promise<void> {
  const keys = columns.flatMap((column) => (column.kind === kind ? [column.key] : []));
  if (keys.length === 0) return;
  const table = kind === "param" ? runParams : runTags;
  for (const row of await db.select().from(table).where(and(inArray(table.runId, ids), inArray(table.key, keys)))) put(kind, row.runId, row.key, cellOf(row.value));
}

/** What the runs share and where they differ, of one part. */
export async function readDiff(db: DbOrTx, grant: Grant, { ids, part, all }: CompareDiff): Promise<ComparedDiff> {
  const seen = (await visibleRuns(db, grant, ids)).map(({ id }) => id);
  const settings = seen.length > 0 ? await settingsOf(db, seen, part) : new Map<string, Record<string, string>>();
  const rows = diffRows(seen.map((id) => settings.get(id) ?? {}), !all);
  const cut = rows.slice(0, MAX_DIFF_ROWS).map((row) => ({ ...row, values: row.values.map((value) => (value && value.length > MAX_DIFF_TEXT ? `${value.slice(0, MAX_DIFF_TEXT)}…` : value)) }));
  return { rows: cut, more: rows.length - cut.length };
}

async function settingsOf(db: DbOrTx, ids: string[], part: DiffPart): Promise<Map<string, Record<string, string>>> {
  if (part === "params" || part === "tags") {
    const table = part === "params" ? runParams : runTags;
    const found = new Map<string, Record<string, string>>();
    for (const { runId, key, value } of await db.select().from(table).where(inArray(table.runId, ids))) found.set(runId, { ...found.get(runId), [key]: value });
    return found;
  }
  const rows = await db.select({ id: runs.id, spec: runs.spec }).from(runs).where(inArray(runs.id, ids));
  const noted = part === "spec" ? new Map<string, Map<string, string>>() : await notedBy(db, ids);
  return new Map(rows.map(({ id, spec }) => [id, partOf(spec, noted.get(id) ?? new Map(), part)]));
}

/** By run: what MLflow's clients noted of their code and of where they ran. */
async function notedBy(db: DbOrTx, ids: string[]): Promise<Map<string, Map<string, string>>> {
  const named = or(inArray(runTags.key, [...CODE_TAGS]), ...ENVIRONMENT_TAGS.map((start) => sql`starts_with(${runTags.key}, ${start})`));
  const found = new Map<string, Map<string, string>>();
  for (const { runId, key, value } of await db.select().from(runTags).where(and(inArray(runTags.runId, ids), named))) found.set(runId, (found.get(runId) ?? new Map<string, string>()).set(key, value));
  return found;
}

/** Values of secret-looking variables stay hidden here as everywhere. A client's run has no spec: nothing was submitted. */
function partOf(spec: RunSpec | null, noted: ReadonlyMap<string, string>, part: "spec" | "code" | "environment"): Record<string, string> {
  if (part === "environment") return flatten(withoutSecrets(environmentOf(spec, noted)));
  if (part === "code") return flatten({ command: spec?.command, code: codeOf(spec, noted) });
  return spec ? flatten(spec, ["name", "params", "tags", "env", "code", "command"]) : {};
}
