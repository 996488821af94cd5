import { sql, type SQL } from "drizzle-orm";
import { projects, serviceAccounts, users } from "../../../../db/schema/access.ts";
import { clusters } from "../../../../db/schema/clusters.ts";
import { experiments, runs } from "../../../../db/schema/experiments.ts";
import type { Attribute, Comparison } from "../../../../domain/experiments/filter/ast.ts";
import { toMlflowStatus } from "../../../../domain/experiments/mlflow-words.ts";
import { RUN_STATUSES, type RunStatus } from "../../../../domain/experiments/run-status.ts";
import { START } from "../mlflow-runs.ts";
import { numberCondition, textCondition } from "./compare-sql.ts";
import { COST, costCondition } from "./cost-sql.ts";

const TEXTS: Partial<Record<Attribute, SQL>> = {
  run_id: sql`${runs.id}`,
  run_name: sql`${runs.name}`,
  status: sql`${runs.status}`,
  user_id: sql`${runs.clientUser}`,
  artifact_uri: sql`coalesce((select rtrim(artifact_location, '/') from ${experiments} where id = ${runs.experimentId}), 'mlflow-artifacts:/' || ${runs.experimentId}) || '/' || ${runs.id} || '/artifacts'`,
  experiment_id: sql`${runs.experimentId}`,
  experiment: sql`(select name from ${experiments} where id = ${runs.experimentId})`,
  project: sql`(select name from ${projects} where id = ${runs.projectId})`,
  origin: sql`${runs.origin}`,
  failure_class: sql`${runs.failureClass}`,
  owner: sql`coalesce((select name from ${users} where id = ${runs.ownerId}), (select name from ${serviceAccounts} where id = ${runs.ownerId}))`,
  cluster: sql`(select name from ${clusters} where id = ${runs.clusterId})`,
};
const NUMBERS: Partial<Record<Attribute, SQL>> = {
  duration: sql`extract(epoch from coalesce(${runs.endedAt}, now()) - ${runs.startedAt})::float8`,
  priority: sql`${runs.priority}::float8`,
  gpus: sql`(${runs.gpus} * ${runs.nodes})::float8`,
  nodes: sql`${runs.nodes}::float8`,
  attempts: sql`${runs.attemptCount}::float8`,
};
const MOMENTS: Partial<Record<Attribute, SQL>> = { start_time: START, end_time: sql`${runs.endedAt}`, created: sql`${runs.createdAt}` };

/** A run's status as MLflow's clients read it: several of ours are one of theirs. */
export const MLFLOW_STATUS = sql`case ${runs.status} ${sql.join(RUN_STATUSES.map((status) => sql.raw(`when '${status}' then '${toMlflowStatus(status)}'`)), sql` `)} end`;

/** What an attribute is sorted by. */
export function attributeValue(name: Attribute): { expression: SQL; type: "text" | "float8" | "timestamptz" | "numeric" } {
  if (name === "cost") return { expression: COST, type: "numeric" };
  if (TEXTS[name]) return { expression: TEXTS[name], type: "text" };
  if (NUMBERS[name]) return { expression: NUMBERS[name], type: "float8" };
  return { expression: MOMENTS[name]!, type: "timestamptz" };
}

export function attributeCondition(one: Comparison): SQL {
  const name = one.key as Attribute;
  if (name === "status" && one.kind !== "null") return sql`${runs.status} = any(${sql.param(statusesThat(one))}::text[])`;
  if (name === "cost") return costCondition(one);
  if (TEXTS[name]) return textCondition(TEXTS[name], one);
  if (NUMBERS[name]) return numberCondition(NUMBERS[name], one);
  return momentCondition(MOMENTS[name]!, one);
}

/** A status is known by MLflow's word and by ours. */
function statusesThat(one: Comparison): RunStatus[] {
  const test = (text: string): boolean => {
    if (one.kind === "compare") return text === one.value;
    if (one.kind === "in") return one.values.includes(text);
    return one.kind === "like" && likePattern(one.pattern, one.caseless).test(text);
  };
  const negated = (one.kind === "compare" && one.op === "!=") || (one.kind === "in" && one.not);
  return RUN_STATUSES.filter((status) => (test(status) || test(toMlflowStatus(status))) !== negated);
}

function likePattern(pattern: string, caseless: boolean): RegExp {
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("%", ".*").replaceAll("_", ".");
  return new RegExp(`^${source}$`, caseless ? "is" : "s");
}

/** Milliseconds that a timestamp can hold. */
const [FIRST, LAST] = [-62_135_596_800_000, 253_402_300_799_999];
const moment = (ms: number): SQL => sql`to_timestamp(${Math.min(LAST, Math.max(FIRST, Number.isNaN(ms) ? LAST : ms)) / 1000}::float8)`;

/** Compares moments themselves, so that an index over them serves. */
export function momentCondition(column: SQL, one: Comparison): SQL {
  if (one.kind === "compare") return sql`${column} ${sql.raw(one.op === "!=" ? "<>" : one.op)} ${moment(Number(one.value))}`;
  if (one.kind === "in") return sql`${one.not ? sql`not ` : sql``}${column} in (${sql.join(one.values.map((value) => moment(Number(value))), sql`, `)})`;
  return textCondition(column, one);
}
