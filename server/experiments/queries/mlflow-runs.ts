import { sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { experiments, runs } from "../../../db/schema/experiments.ts";
import { artifactUri, toMlflowStatus } from "../../../domain/experiments/mlflow-words.ts";
import type { RunStatus } from "../../../domain/experiments/run-status.ts";

/** When a run began as lists sort it: its own start, else the moment it was asked for. The index has the same words. */
export const START = sql`coalesce(${runs.startedAt}, ${runs.createdAt})`;

interface InfoRow extends Record<string, unknown> {
  id: string;
  name: string;
  experiment_id: string;
  user_id: string | null;
  status: RunStatus;
  start_time: number;
  end_time: number | null;
  location: string | null;
  is_deleted: boolean;
}
interface Row extends InfoRow {
  metrics: string | null;
  params: string | null;
  tags: string | null;
  inputs: string | null;
  used: string | null;
  made: string | null;
}

export interface RunInfo {
  run_id: string;
  run_uuid: string;
  run_name: string;
  experiment_id: string;
  user_id: string;
  status: string;
  start_time: number;
  end_time?: number;
  artifact_uri: string;
  lifecycle_stage: "active" | "deleted";
}

// Lists as JSON text: Postgres writes NaN and the infinities as proto3 wants them, and int64 exactly. Those of which a page has
// thousands are put together from their values, as json_build_object would, in half the time.

const list = (fields: string, key: string) => `select '[' || string_agg('{' || ${fields} || '}', ', ' order by ${key}) || ']'`;
const METRICS = `(${list(`'"key" : ' || to_json(m.key)::text || ', "value" : ' || to_json(m.last)::text || ', "timestamp" : ' || m.last_time || ', "step" : ' || m.last_step`, "m.key")} from metric_summaries m where m.run_id = runs.id)`;
const pairs = (table: "run_params" | "run_tags") => `(${list(`'"key" : ' || to_json(t.key)::text || ', "value" : ' || to_json(t.value)::text`, "t.key")} from ${table} t where t.run_id = runs.id)`;
const INPUTS = `(select json_agg(json_build_object(
    'tags', (select coalesce(json_agg(json_build_object('key', k, 'value', v)), '[]') from jsonb_each_text(i.tags) as e(k, v)),
    'dataset', json_strip_nulls(json_build_object('name', d.name, 'digest', d.digest, 'source_type', d.source_type, 'source', d.source, 'schema', d.schema, 'profile', d.profile))) order by i.created_at)::text
  from run_inputs i join datasets d on d.id = i.dataset_id where i.run_id = runs.id)`;
const modelsOf = (role: "input" | "output") => `(select json_agg(json_build_object('model_id', l.model_id${role === "output" ? ", 'step', l.step" : ""}) order by l.step, l.model_id)::text from run_models l where l.run_id = runs.id and l.role = '${role}')`;

const ms = (moment: string) => `(extract(epoch from ${moment}) * 1000)::bigint::float8`;
const INFO = `runs.id, runs.name, runs.experiment_id, runs.client_user as user_id, runs.status, ${ms("coalesce(runs.started_at, runs.created_at)")} as start_time, ${ms("runs.ended_at")} as end_time,
      experiments.artifact_location as location, (runs.deleted_at is not null or experiments.deleted_at is not null) as is_deleted`;
const TEXT = `${INFO}, ${METRICS} as metrics, ${pairs("run_params")} as params, ${pairs("run_tags")} as tags, ${INPUTS} as inputs, ${modelsOf("input")} as used, ${modelsOf("output")} as made`;

/** Runs by id, in the order of `ids`, each as the JSON text of MLflow's Run. Ids that are not there are left out. */
export async function loadRunTexts(db: DbOrTx, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db.execute<Row>(sql`
    select ${sql.raw(TEXT)}
    from unnest(${sql.param(ids)}::text[]) with ordinality as wanted (id, place)
    join runs on runs.id = wanted.id join experiments on experiments.id = runs.experiment_id
    order by wanted.place`);
  return rows.map((row) => {
    const data = `{"metrics":${row.metrics ?? "[]"},"params":${row.params ?? "[]"},"tags":${row.tags ?? "[]"}}`;
    return `{"info":${JSON.stringify(toInfo(row))},"data":${data},"inputs":{"dataset_inputs":${row.inputs ?? "[]"},"model_inputs":${row.used ?? "[]"}},"outputs":{"model_outputs":${row.made ?? "[]"}}}`;
  });
}

function toInfo(row: InfoRow): RunInfo {
  return {
    run_id: row.id,
    run_uuid: row.id,
    run_name: row.name,
    experiment_id: row.experiment_id,
    user_id: row.user_id ?? "",
    status: toMlflowStatus(row.status),
    start_time: Number(row.start_time),
    ...(row.end_time === null ? {} : { end_time: Number(row.end_time) }),
    artifact_uri: row.location ? `${row.location.replace(/\/+$/, "")}/${row.id}/artifacts` : artifactUri(row.experiment_id, row.id),
    lifecycle_stage: row.is_deleted ? "deleted" : "active",
  };
}

/** What updating a run answers. */
export async function loadRunInfo(db: DbOrTx, id: string): Promise<RunInfo> {
  const [row] = await db.execute<InfoRow>(sql`
    select ${sql.raw(INFO)}
    from ${runs} join ${experiments} on ${experiments}.id = ${runs}.experiment_id where ${runs}.id = ${id}`);
  return toInfo(row!);
}
