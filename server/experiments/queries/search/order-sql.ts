import { sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { metricSummaries, runParams, runs, runTags } from "../../../../db/schema/experiments.ts";
import type { Attribute, Order } from "../../../../domain/experiments/filter/ast.ts";
import { DomainError } from "../../../../domain/shared/errors.ts";
import { START } from "../mlflow-runs.ts";
import { attributeValue, MLFLOW_STATUS } from "./attribute-sql.ts";

/** One thing to sort by. Runs without a value come last either way, as in MLflow. */
export interface SortKey {
  expression: SQL;
  type: "text" | "float8" | "timestamptz" | "numeric";
  descending: boolean;
  /** Every run has it: then an index gives the order, and a page can begin inside it. */
  total: boolean;
}

/**
 * Every order ends in one that no two runs share, so that a page begins exactly where the one before it ended.
 * @param words Whose words for a status it is sorted by: those that the reader sees.
 */
export function sortKeys(orders: Order[], words: "drover" | "mlflow" = "drover"): SortKey[] {
  const asked = orders.map((order) => (words === "mlflow" && order.entity === "attributes" && order.key === "status" ? { expression: MLFLOW_STATUS, type: "text" as const, descending: order.descending, total: false } : sortKey(order)));
  const newest: SortKey[] = asked.some(({ expression }) => expression === START) ? [] : [{ expression: START, type: "timestamptz", descending: true, total: true }];
  return [...asked, ...newest, { expression: sql`${runs.id}`, type: "text", descending: false, total: true }];
}

/** A metric that is NaN has no place among numbers: it counts as none. */
export function sortKey({ entity, key, descending }: Order): SortKey {
  if (entity === "attributes") return { ...attributeValue(key as Attribute), descending, total: key === "start_time" || key === "created" || key === "run_id" };
  if (entity === "metrics") return { expression: sql`(select nullif(m.last, 'NaN'::float8) from ${metricSummaries} m where m.run_id = ${runs.id} and m.key = ${key})`, type: "float8", descending, total: false };
  if (entity === "datasets") throw new DomainError("invalid", "Runs cannot be sorted by a data set: a run may have read several.");
  const table = entity === "params" ? runParams : runTags;
  return { expression: sql`(select t.value from ${table} t where t.run_id = ${runs.id} and t.key = ${key})`, type: "text", descending, total: false };
}

const direction = ({ descending, total }: SortKey): string => `${descending ? "desc" : "asc"}${total ? "" : " nulls last"}`;
export const orderBy = (keys: SortKey[]): SQL => sql.join(keys.map((key) => sql`${key.expression} ${sql.raw(direction(key))}`), sql`, `);

// The values of a run that a subquery gives, by their place in the order.
const nameAt = (at: number): SQL => sql.raw(`k${at}`);
export const namedKeys = (keys: SortKey[]): SQL => sql.join(keys.map(({ expression }, at) => sql`${expression} as ${nameAt(at)}`), sql`, `);
export const named = (keys: SortKey[]): SortKey[] => keys.map((key, at) => ({ ...key, expression: nameAt(at) }));
export const namedOrder = (keys: SortKey[]): SQL => orderBy(named(keys));
export const valuesOf = (keys: SortKey[]): SQL => sql.raw(`json_build_array(${keys.map((_, at) => `k${at}::text`).join(", ")})::text as values`);

/** A found run: the values that it is sorted by, the last of them its id. */
export interface Row {
  values: (string | null)[];
}
export async function readRows(db: DbOrTx, select: SQL): Promise<Row[]> {
  const rows = await db.execute<{ values: string }>(select);
  return rows.map(({ values }) => ({ values: JSON.parse(values) as Row["values"] }));
}

/** What comes after a row with these values, in the order of the keys. */
export function after(keys: SortKey[], values: (string | null)[]): SQL {
  const alternatives = keys.map((key, at) => sql`(${sql.join([...keys.slice(0, at).map((before, place) => equal(before, values[place] ?? null)), beyond(key, values[at] ?? null)], sql` and `)})`);
  return sql`(${sql.join(alternatives, sql` or `)})`;
}

const cast = (value: string, type: SortKey["type"]): SQL => sql`${value}::${sql.raw(type)}`;
const equal = ({ expression, type }: SortKey, value: string | null): SQL => (value === null ? sql`${expression} is null` : sql`${expression} = ${cast(value, type)}`);

function beyond({ expression, type, descending, total }: SortKey, value: string | null): SQL {
  if (value === null) return sql`false`; // nothing comes after the last
  const more = sql`${expression} ${descending ? sql`<` : sql`>`} ${cast(value, type)}`;
  return total ? more : sql`(${more} or ${expression} is null)`;
}
