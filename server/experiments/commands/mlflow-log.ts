import type { Sql, TransactionSql } from "postgres";
import { cut, MLFLOW_LIMITS } from "../../../domain/experiments/mlflow-words.ts";
import { ordered } from "../../../domain/shared/ordered.ts";
import { MlflowRefusal } from "./mlflow-refusal.ts";
import { type PointBatch, storeBatches, writePoints } from "./point-writer.ts";

interface Pair {
  key: string;
  value: string;
}

export interface ModelPoint {
  modelId: string;
  key: string;
  value: number;
  time: number | bigint;
  step: number | bigint;
  datasetName: string;
  datasetDigest: string;
}

/** What one request logs to one run. */
export interface Logged extends PointBatch {
  params: Pair[];
  tags: Pair[];
  /** Those of the points that were said to be of a logged model too. */
  ofModels: ModelPoint[];
}

/**
 * Stores all of it or nothing, and its points once: a request whose bytes were taken lately for this run adds no points again,
 * without looking at the history. Reported by the run's own program, so it is in no audit log.
 * @returns false when there is no such run, or a deleted one: nothing was stored.
 * @throws MlflowRefusal when a parameter has another value already, or a data set's name is too long.
 */
export async function logToRun(sql: Sql, logged: Logged): Promise<boolean> {
  const { runId, params, tags, points, ofModels } = logged;
  for (const { datasetName, datasetDigest } of ofModels) checkDataset(datasetName, datasetDigest);
  if (params.length + tags.length + ofModels.length === 0) return points.length === 0 || (await writePoints(sql, logged)) !== "absent";
  return sql.begin(async (tx) => {
    // One after the other: what still ran when another was refused would write after the rollback.
    if (params.length > 0) await putParams(tx, runId, params);
    if (tags.length > 0) await putTags(tx, runId, tags);
    if (points.length === 0) return true;
    const taken = (await storeBatches(tx, [logged])).get(runId);
    if (!taken && params.length + tags.length === 0) return false;
    if (!taken) throw new MlflowRefusal(`The run ${runId} must be in the 'active' state. It was deleted meanwhile.`);
    if (taken === "stored" && ofModels.length > 0) await putModelPoints(tx, runId, ofModels);
    return true;
  });
}

/** The last value of each key stays with the model that it was measured on, where that is of the run's project. */
async function putModelPoints(tx: TransactionSql, runId: string, points: ModelPoint[]): Promise<void> {
  const last = [...new Map(points.map((one) => [[one.modelId, one.key, one.datasetName, one.datasetDigest].join("\n"), one])).values()];
  const column = <Value>(of: (one: ModelPoint) => Value) => last.map(of);
  await tx`
    insert into logged_model_metrics as m (model_id, run_id, key, value, time, step, dataset_name, dataset_digest)
    select f.model_id, ${runId}, f.key, f.value::float8, f.time, f.step, f.dataset_name, f.dataset_digest
    from unnest(${column((one) => one.modelId)}::text[], ${column((one) => one.key)}::text[], ${column((one) => String(one.value))}::text[], ${column((one) => String(one.time))}::bigint[], ${column((one) => String(one.step))}::bigint[],
      ${column((one) => one.datasetName)}::text[], ${column((one) => one.datasetDigest)}::text[]) as f (model_id, key, value, time, step, dataset_name, dataset_digest)
    join logged_models l on l.id = f.model_id join runs r on r.id = ${runId} and r.project_id = l.project_id
    on conflict (model_id, key, run_id, dataset_name, dataset_digest) do update set value = excluded.value, time = excluded.time, step = excluded.step
    where (excluded.step, excluded.time) >= (m.step, m.time)`;
}

/** Each key once, its last value, in one order for all: requests that write the same keys at once then wait for each other and never in a ring. */
const inOrder = (pairs: Pair[]): [key: string, value: string][] => [...new Map(pairs.map(({ key, value }) => [key, value]))].sort(([a], [b]) => (a < b ? -1 : 1));

/** A parameter is written once. The same value again is fine: that is a client's second try. */
async function putParams(tx: TransactionSql, runId: string, params: Pair[]): Promise<void> {
  const rows = inOrder(params);
  const [keys, values] = [rows.map(([key]) => key), rows.map(([, value]) => value)];
  const taken = await tx<{ key: string; value: string }[]>`
    insert into run_params as p (run_id, key, value, experiment_id)
    select ${runId}, key, value, coalesce((select experiment_id from runs where id = ${runId}), '') from unnest(${keys}::text[], ${values}::text[]) as fresh (key, value)
    on conflict (run_id, key) do update set value = p.value where p.value is distinct from excluded.value returning key, value`;
  const wanted = new Map(rows);
  const changed = taken.find(({ key, value }) => wanted.get(key) !== value);
  if (changed) {
    throw new MlflowRefusal(`Changing param values is not allowed. Param with key='${changed.key}' was already logged with value='${changed.value}' for run ID='${runId}'. Attempted logging new value '${wanted.get(changed.key)}'.`);
  }
}

async function putTags(tx: TransactionSql, runId: string, tags: Pair[]): Promise<void> {
  const rows = inOrder(tags);
  await tx`
    insert into run_tags (run_id, key, value) select ${runId}, key, value from unnest(${rows.map(([key]) => key)}::text[], ${rows.map(([, value]) => value)}::text[]) as fresh (key, value)
    on conflict (run_id, key) do update set value = excluded.value`;
  const name = rows.find(([key]) => key === "mlflow.runName");
  if (name?.[1]) await tx`update runs set name = ${cut(name[1], MLFLOW_LIMITS.runName)}, updated_at = now() where id = ${runId}`;
}

/** @returns whether there was such a tag. */
export async function deleteTag(sql: Sql, runId: string, key: string): Promise<boolean> {
  return (await sql`delete from run_tags where run_id = ${runId} and key = ${key} returning 1`).length > 0;
}

const MODEL_HISTORY = "mlflow.log-model.history";

/** The same model again is a client's second try: it says when it was made, so no two are equal. @param model JSON of an object. */
export async function addToModelHistory(sql: Sql, runId: string, model: string): Promise<void> {
  await sql`
    insert into run_tags as t (run_id, key, value) values (${runId}, ${MODEL_HISTORY}, json_build_array(${model}::text::json)::text)
    on conflict (run_id, key) do update set value = case
      when t.value is not json array then excluded.value
      when exists (select from jsonb_array_elements(t.value::jsonb) as one where one = excluded.value::jsonb -> 0) then t.value
      else (t.value::jsonb || excluded.value::jsonb)::text end`;
}

export interface Input {
  name: string;
  digest: string;
  sourceType: string;
  source: string;
  schema: string | null;
  profile: string | null;
  tags: Record<string, string>;
}

/** Longer ones would not fit into the indexes by which they are found. */
function checkDataset(name: string, digest: string): void {
  const over = (what: string, text: string, most: number) => {
    if (text.length > most) throw new MlflowRefusal(`Dataset ${what} exceeds the maximum length of ${most}`);
  };
  over("name", name, MLFLOW_LIMITS.datasetName);
  over("digest", digest, MLFLOW_LIMITS.datasetDigest);
}

const byNameAndDigest = (a: Input, b: Input): number => ordered(a.name, b.name) || ordered(a.digest, b.digest);

/**
 * Data sets that a run read. The same data set is one row however many runs read it, so all lock them in one order; of what is said
 * of it twice, as in MLflow, the first is kept.
 * @throws MlflowRefusal when a name or digest is too long.
 */
export async function logInputs(sql: Sql, of: { orgId: string; projectId: string; runId: string; newId: () => string }, inputs: Input[]): Promise<void> {
  for (const { name, digest } of inputs) checkDataset(name, digest);
  await sql.begin(async (tx) => {
    for (const input of inputs.toSorted(byNameAndDigest)) {
      const [row] = await tx<{ id: string }[]>`
        insert into datasets as d (id, org_id, project_id, name, digest, source_type, source, schema, profile)
        values (${of.newId()}, ${of.orgId}, ${of.projectId}, ${input.name}, ${input.digest}, ${input.sourceType}, ${input.source}, ${input.schema}, ${input.profile})
        on conflict (project_id, name, digest) do update set updated_at = now() returning id`;
      await tx`
        insert into run_inputs as i (run_id, dataset_id, tags) values (${of.runId}, ${row!.id}, ${JSON.stringify(input.tags)}::text::jsonb)
        on conflict (run_id, dataset_id) do update set tags = excluded.tags || i.tags`;
    }
  });
}
