import { sql, type SQL } from "drizzle-orm";
import { datasets, runInputs } from "../../../../db/schema/datasets.ts";
import { metricSummaries, runParams, runs, runTags } from "../../../../db/schema/experiments.ts";
import { type Comparison, type Filter, isGroup } from "../../../../domain/experiments/filter/ast.ts";
import { attributeCondition } from "./attribute-sql.ts";
import { numberCondition, textCondition } from "./compare-sql.ts";

/**
 * A filter as a condition on `runs`: one semi-join per comparison, never a join per filter clause, so any number of them leaves
 * one row per run. A run without the named metric, parameter or tag matches nothing but `is null`, as in MLflow.
 * @param experimentIds Where the runs are searched, when that is known: then metrics are found by the index of those experiments.
 */
export function filterSql(filter: Filter, experimentIds: string[] | null): SQL {
  if (!isGroup(filter)) return comparisonSql(filter, experimentIds);
  return sql`(${sql.join(filter.items.map((item) => filterSql(item, experimentIds)), filter.kind === "and" ? sql` and ` : sql` or `)})`;
}

function comparisonSql(one: Comparison, experimentIds: string[] | null): SQL {
  switch (one.entity) {
    case "attributes":
      return attributeCondition(one);
    case "metrics":
      return metricCondition(one, experimentIds);
    case "params":
      return keyedCondition(runParams, one);
    case "tags":
      return keyedCondition(runTags, one);
    case "datasets":
      return datasetCondition(one);
  }
}

function metricCondition(one: Comparison, experimentIds: string[] | null): SQL {
  const there = sql`select m.run_id from ${metricSummaries} m where m.key = ${one.key}${experimentIds ? sql` and m.experiment_id = any(${sql.param(experimentIds)}::text[])` : sql``}`;
  if (one.kind === "null") return one.not ? sql`${runs.id} in (${there})` : sql`not exists (select 1 from ${metricSummaries} m where m.run_id = ${runs.id} and m.key = ${one.key})`;
  return sql`${runs.id} in (${there} and ${numberCondition(sql`m.last`, one)})`;
}

/** Text that float8 reads without failing, so that numbers in parameters can be compared as such. */
const NUMERIC = String.raw`^\s*[+-]?([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?\s*$`;

function keyedCondition(table: typeof runParams | typeof runTags, one: Comparison): SQL {
  if (one.kind === "null") {
    const there = sql`exists (select 1 from ${table} t where t.run_id = ${runs.id} and t.key = ${one.key})`;
    return one.not ? there : sql`not ${there}`;
  }
  const value = sql`t.value`;
  const isNumber = (one.kind === "compare" && typeof one.value === "number") || (one.kind === "in" && one.values.some((each) => typeof each === "number"));
  // Equality goes through the index over the values' digests: a value itself may be longer than an index entry can be.
  const digest = one.kind === "compare" && one.op === "=" && !isNumber ? sql`md5(t.value) = md5(${one.value}::text) and ` : sql``;
  const matches = isNumber ? sql`case when t.value ~ ${NUMERIC} then ${numberCondition(sql`t.value::float8`, one)} else false end` : textCondition(value, one);
  return sql`${runs.id} in (select t.run_id from ${table} t where t.key = ${one.key} and ${digest}${matches})`;
}

const DATASET_COLUMNS: Record<string, SQL> = { name: sql`d.name`, digest: sql`d.digest`, context: sql`i.tags ->> 'mlflow.data.context'` };

function datasetCondition(one: Comparison): SQL {
  const column = DATASET_COLUMNS[one.key]!;
  const from = sql`select 1 from ${runInputs} i join ${datasets} d on d.id = i.dataset_id where i.run_id = ${runs.id}`;
  if (one.kind === "null") return one.not ? sql`exists (${from} and ${column} is not null)` : sql`not exists (${from} and ${column} is not null)`;
  return sql`exists (${from} and ${textCondition(column, one)})`;
}
