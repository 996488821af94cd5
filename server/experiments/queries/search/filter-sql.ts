import { sql, type SQL } from "drizzle-orm";
import { datasets, runInputs } from "../../../../db/schema/datasets.ts";
import { metricSummaries, runParams, runs, runTags } from "../../../../db/schema/experiments.ts";
import type { Comparison, Filter } from "../../../../domain/experiments/filter/ast.ts";
import { attributeCondition } from "./attribute-sql.ts";
import { asksNumber, everySql, numberCondition, textCondition, valueCondition } from "./compare-sql.ts";

/**
 * A filter as a condition on `runs`: one semi-join per comparison, never a join per filter clause, so any number of them leaves
 * one row per run. A run without the named metric, parameter or tag matches nothing but `is null`, as in MLflow.
 * @param experimentIds Where the runs are searched, when that is known: then metrics are found by the index of those experiments.
 */
export const filterSql = (filter: Filter, experimentIds: string[] | null): SQL => everySql(filter, (one) => comparisonSql(one, experimentIds));

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

function keyedCondition(table: typeof runParams | typeof runTags, one: Comparison): SQL {
  if (one.kind === "null") {
    const there = sql`exists (select 1 from ${table} t where t.run_id = ${runs.id} and t.key = ${one.key})`;
    return one.not ? there : sql`not ${there}`;
  }
  // Equality goes through the index over the values' digests: a value itself may be longer than an index entry can be.
  const digest = one.kind === "compare" && one.op === "=" && !asksNumber(one) ? sql`md5(t.value) = md5(${one.value}::text) and ` : sql``;
  return sql`${runs.id} in (select t.run_id from ${table} t where t.key = ${one.key} and ${digest}${valueCondition(sql`t.value`, one)})`;
}

const DATASET_COLUMNS: Record<string, SQL> = { name: sql`d.name`, digest: sql`d.digest`, context: sql`i.tags ->> 'mlflow.data.context'` };

function datasetCondition(one: Comparison): SQL {
  const column = DATASET_COLUMNS[one.key]!;
  const from = sql`select 1 from ${runInputs} i join ${datasets} d on d.id = i.dataset_id where i.run_id = ${runs.id}`;
  if (one.kind === "null") return one.not ? sql`exists (${from} and ${column} is not null)` : sql`not exists (${from} and ${column} is not null)`;
  return sql`exists (${from} and ${textCondition(column, one)})`;
}
