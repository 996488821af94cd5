import { sql, type SQL } from "drizzle-orm";
import { datasets, runInputs } from "../../../../db/schema/datasets.ts";
import { experiments, INDEXED_VALUE, metricSummaries, runParams, runs, runTags } from "../../../../db/schema/experiments.ts";
import type { Comparison, Filter } from "../../../../domain/experiments/filter/ast.ts";
import { attributeCondition } from "./attribute-sql.ts";
import { costIdsSql, isCost } from "./cost-sql.ts";
import { asksNumber, everySql, numberCondition, textCondition, valueCondition } from "./compare-sql.ts";

/**
 * A filter as a condition on `runs`: one semi-join per comparison, never a join per filter clause, so any number of them leaves
 * one row per run. A run without the named metric, parameter or tag matches nothing but `is null`, as in MLflow.
 * @param experimentIds Where the runs are searched, when that is known; else in all experiments that the caller's organization has.
 */
export const filterSql = (filter: Filter, experimentIds: string[] | null): SQL =>
  everySql(filter, (one) => {
    const found = runIdsSql(one, experimentIds);
    return found ? sql`${runs.id} in (${found})` : comparisonSql(one);
  });

/** The same condition, looked up run by run: for few runs, whatever the others have. */
export const checkSql = (filter: Filter): SQL => everySql(filter, comparisonSql);

/** The runs that a comparison of a metric, a parameter or the cost holds for, along an index that has all of it; null where none has. */
export function runIdsSql(one: Comparison, experimentIds: string[] | null): SQL | null {
  if (isCost(one)) return costIdsSql(one, experimentIds);
  if (one.kind === "null" || (one.entity !== "metrics" && one.entity !== "params")) return null;
  const there = experimentIds ? sql`any(${sql.param(experimentIds)}::text[])` : sql`any(array(select id from ${experiments}))`;
  if (one.entity === "metrics") return sql`select m.run_id from ${metricSummaries} m where m.experiment_id = ${there} and m.key = ${one.key} and ${numberCondition(sql`m.last`, one)}`;
  const ofLength = (holds: "<=" | ">") =>
    sql`select t.run_id from ${runParams} t where t.experiment_id = ${there} and t.key = ${one.key} and length(t.value) ${sql.raw(`${holds} ${INDEXED_VALUE}`)} and ${valueCondition(sql`t.value`, one)}`;
  return sql.join(lengthsOf(one).map(ofLength), sql` union all `);
}

/** Those of few runs that a comparison of a metric or a parameter holds for, all looked up at once. @param few As `run_id`. */
export function holdersSql(one: Comparison, few: SQL): SQL {
  const of = (table: typeof metricSummaries | typeof runParams, holds: SQL) => sql`select t.run_id from ${table} t where t.run_id = any(array(select run_id from ${few})) and t.key = ${one.key} and ${holds}`;
  return one.entity === "metrics" ? of(metricSummaries, numberCondition(sql`t.last`, one)) : of(runParams, valueCondition(sql`t.value`, one));
}

/** On which side of the longest indexed value the values lie that a comparison may hold for. */
function lengthsOf(one: Comparison): ("<=" | ">")[] {
  const exact = one.kind === "compare" && one.op === "=" ? [one.value] : one.kind === "in" && !one.not ? one.values : null;
  if (!exact || asksNumber(one)) return ["<=", ">"];
  const isLong = (value: string | number) => Array.from(String(value)).length > INDEXED_VALUE; // characters, as Postgres counts them
  return [...new Set(exact.map((value) => (isLong(value) ? ">" : "<=")))];
}

function comparisonSql(one: Comparison): SQL {
  switch (one.entity) {
    case "attributes":
      return attributeCondition(one);
    case "metrics":
      return keyedCondition(metricSummaries, one, () => numberCondition(sql`t.last`, one));
    case "params":
      return keyedCondition(runParams, one, () => valueCondition(sql`t.value`, one));
    case "tags":
      return tagCondition(one);
    case "datasets":
      return datasetCondition(one);
  }
}

function keyedCondition(table: typeof metricSummaries | typeof runParams | typeof runTags, one: Comparison, holds: () => SQL): SQL {
  const there = sql`select 1 from ${table} t where t.run_id = ${runs.id} and t.key = ${one.key}`;
  if (one.kind === "null") return one.not ? sql`exists (${there})` : sql`not exists (${there})`;
  return sql`exists (${there} and ${holds()})`;
}

function tagCondition(one: Comparison): SQL {
  // Equality goes through the index over the values' digests: a value itself may be longer than an index entry can be.
  const digest = one.kind === "compare" && one.op === "=" && !asksNumber(one) ? sql`md5(t.value) = md5(${one.value}::text) and ` : sql``;
  return keyedCondition(runTags, one, () => sql`${digest}${valueCondition(sql`t.value`, one)}`);
}

const DATASET_COLUMNS: Record<string, SQL> = { name: sql`d.name`, digest: sql`d.digest`, context: sql`i.tags ->> 'mlflow.data.context'` };

function datasetCondition(one: Comparison): SQL {
  const column = DATASET_COLUMNS[one.key]!;
  const from = sql`select 1 from ${runInputs} i join ${datasets} d on d.id = i.dataset_id where i.run_id = ${runs.id}`;
  if (one.kind === "null") return one.not ? sql`exists (${from} and ${column} is not null)` : sql`not exists (${from} and ${column} is not null)`;
  return sql`exists (${from} and ${textCondition(column, one)})`;
}
