import { sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { experiments, runs } from "../../../db/schema/experiments.ts";
import { artifactUri, toMlflowStatus } from "../../../domain/experiments/mlflow-words.ts";
import type { RunStatus } from "../../../domain/experiments/run-status.ts";

/**
 * When a run began as lists sort it: its own start, else the moment it was asked for. The index has the same words, and not
 * `coalesce`: Postgres takes that for something that may leak rows, and for tenants would compare it with every run, not along the index.
 */
export const START = sql`case when ${runs.startedAt} is null then ${runs.createdAt} else ${runs.startedAt} end`;

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
/** Of what a page has thousands of, columns rather than objects: each a JSON array, null where the run has none, or has a text. */
interface Row extends InfoRow {
  body: string | null;
  metric_keys: string | null;
  metric_values: string;
  metric_times: string;
  metric_steps: string;
  param_keys: string | null;
  param_values: string;
  tag_keys: string | null;
  tag_values: string;
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

// Lists as JSON text: Postgres writes NaN and the infinities as proto3 wants them, and int64 exactly. It takes half as long over a
// list of each column as over an object of each row; those are put together here.

const column = (of: string) => `array_to_json(array_agg(t.${of} order by t.key))::text`;
/** What only a run without a text is asked for. */
const OF_RUN = "run_id = runs.id and run_texts.body is null";
const METRICS = `(select ${column("key")} as metric_keys, ${column("last")} as metric_values, ${column("last_time")} as metric_times, ${column("last_step")} as metric_steps from metric_summaries t where t.${OF_RUN})`;
const pairs = (table: "run_params" | "run_tags", name: "param" | "tag") => `(select ${column("key")} as ${name}_keys, ${column("value")} as ${name}_values from ${table} t where t.${OF_RUN})`;
const INPUTS = `(select json_agg(json_build_object(
    'tags', (select coalesce(json_agg(json_build_object('key', k, 'value', v)), '[]') from jsonb_each_text(i.tags) as e(k, v)),
    'dataset', json_strip_nulls(json_build_object('name', d.name, 'digest', d.digest, 'source_type', d.source_type, 'source', d.source, 'schema', d.schema, 'profile', d.profile))) order by i.created_at)::text
  from run_inputs i join datasets d on d.id = i.dataset_id where i.${OF_RUN})`;
const modelsOf = (role: "input" | "output") => `(select json_agg(json_build_object('model_id', l.model_id${role === "output" ? ", 'step', l.step" : ""}) order by l.step, l.model_id)::text from run_models l where l.${OF_RUN} and l.role = '${role}')`;

const ms = (moment: string) => `(extract(epoch from ${moment}) * 1000)::bigint::float8`;
const INFO = `runs.id, runs.name, runs.experiment_id, runs.client_user as user_id, runs.status, ${ms("coalesce(runs.started_at, runs.created_at)")} as start_time, ${ms("runs.ended_at")} as end_time,
      experiments.artifact_location as location, (runs.deleted_at is not null or experiments.deleted_at is not null) as is_deleted`;
const TEXT = `${INFO}, run_texts.body, metrics.*, params.*, tags.*, ${INPUTS} as inputs, ${modelsOf("input")} as used, ${modelsOf("output")} as made`;

/** Runs by id, in the order of `ids`, each as the JSON text of MLflow's Run. Ids that are not there are left out. */
export async function loadRunTexts(db: DbOrTx, ids: string[]): Promise<string[]> {
  return (await readRuns(db, ids)).map(({ row, body }) => `{"info":${JSON.stringify(toInfo(row))},${body}}`);
}

/** What these runs logged, as their texts hold it. */
export async function loadRunBodies(db: DbOrTx, ids: string[]): Promise<{ id: string; body: string }[]> {
  return (await readRuns(db, ids)).map(({ row, body }) => ({ id: row.id, body }));
}

async function readRuns(db: DbOrTx, ids: string[]): Promise<{ row: InfoRow; body: string }[]> {
  if (ids.length === 0) return [];
  const rows = await db.execute<Row>(sql`
    select ${sql.raw(TEXT)}
    from unnest(${sql.param(ids)}::text[]) with ordinality as wanted (id, place)
    join runs on runs.id = wanted.id join experiments on experiments.id = runs.experiment_id left join run_texts on run_texts.run_id = runs.id
    ${sql.raw(`cross join lateral ${METRICS} metrics cross join lateral ${pairs("run_params", "param")} params cross join lateral ${pairs("run_tags", "tag")} tags`)}
    order by wanted.place`);
  const keyed = keyTexts();
  return rows.map((row) => ({ row, body: row.body ?? bodyOf(row, keyed) }));
}

function bodyOf(row: Row, keyed: KeyTexts): string {
  const data = `{"metrics":${metricsText(row, keyed)},"params":${pairsText(row.param_keys, row.param_values, keyed)},"tags":${pairsText(row.tag_keys, row.tag_values, keyed)}}`;
  return `"data":${data},"inputs":{"dataset_inputs":${row.inputs ?? "[]"},"model_inputs":${row.used ?? "[]"}},"outputs":{"model_outputs":${row.made ?? "[]"}}`;
}

type KeyTexts = (key: string) => string;

/** How an entry of a key begins. The runs of a page mostly have the same ones. */
function keyTexts(): KeyTexts {
  const known = new Map<string, string>();
  return (key) => {
    const text = known.get(key) ?? `{"key":${JSON.stringify(key)},"value":`;
    known.set(key, text);
    return text;
  };
}

/** Numbers need not be read to be written again: no comma stands inside of one, and words come in quotes. */
const numbersOf = (array: string): string[] => array.slice(1, -1).split(",");

function metricsText({ metric_keys, metric_values, metric_times, metric_steps }: Row, keyed: KeyTexts): string {
  if (metric_keys === null) return "[]";
  const [values, times, steps] = [metric_values, metric_times, metric_steps].map(numbersOf) as [string[], string[], string[]];
  return `[${(JSON.parse(metric_keys) as string[]).map((key, at) => `${keyed(key)}${values[at]},"timestamp":${times[at]},"step":${steps[at]}}`).join(",")}]`;
}

function pairsText(keys: string | null, values: string, keyed: KeyTexts): string {
  if (keys === null) return "[]";
  const texts = JSON.parse(values) as string[];
  return `[${(JSON.parse(keys) as string[]).map((key, at) => `${keyed(key)}${JSON.stringify(texts[at])}}`).join(",")}]`;
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
