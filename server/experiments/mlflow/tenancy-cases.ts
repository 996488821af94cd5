import type { Exchange } from "./wire-corpus.ts";

/** Things of a project that a request may name. */
export type Name = "$exp" | "$run" | "$model" | "$name" | "$title" | "$hook" | "$upload";

const PART = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const point = { key: "loss", value: 1, timestamp: 1, step: 1 };
const version = { name: "$name", version: "1" };
const ofRun = (path: string, more: object = {}): Exchange[] => [["POST", path, { run_id: "$run", ...more }], ["POST", path, { run_uuid: "$run", ...more }]];
const ofExperiment = (path: string, more: object = {}): Exchange => ["POST", path, { experiment_id: "$exp", ...more }];
const of = (method: Exchange[0], path: string, ...parts: string[]): Exchange[] => parts.map((part) => [method, `${path}${part}`]);
const versionOf = (source: string, more: object = {}): Exchange => ["POST", "model-versions/create", { name: "$name", source, ...more }];
const [FILES, MPU] = ["!2.0/mlflow-artifacts/artifacts", "!2.0/mlflow-artifacts/mpu"];
/** What stands before the run or the model says nothing: clients that moved keep old paths. */
const [RUN_FILES, MODEL_FILES] = ["e/$run/artifacts", "e/models/$model/artifacts"];

/**
 * Each route of MLflow's that takes the name of something, once for every place where a name may stand. Paths below `api/2.0/mlflow/`,
 * or below `api/` after a `!`, or below the project after a `/`. The test puts another organization's, another project's and nobody's
 * in the place of each name in turn, and the caller's own in that of the others.
 */
export const NAMED: Exchange[] = [
  ...of("GET", "experiments/get", "?experiment_id=$exp"),
  ...of("GET", "experiments/get-by-name", "?experiment_name=$title"),
  ...["experiments/delete", "experiments/restore"].map((path) => ofExperiment(path)),
  ofExperiment("experiments/update", { new_name: "renamed" }),
  ofExperiment("experiments/set-experiment-tag", { key: "k", value: "v" }),
  ofExperiment("experiments/delete-experiment-tag", { key: "k" }),
  ...of("GET", "experiments/search", "?max_results=10&filter=name%3D%27$title%27"),
  ["POST", "experiments/search", { max_results: 10, filter: "name = '$title'" }],
  ["POST", "experiments/search-datasets", { experiment_ids: ["$exp"] }],
  ofExperiment("runs/create", { run_name: "r" }),
  ...of("GET", "runs/get", "?run_id=$run", "?run_uuid=$run"),
  ...ofRun("runs/update", { status: "FAILED" }), ...ofRun("runs/delete"), ...ofRun("runs/restore"),
  ...ofRun("runs/log-metric", point), ...ofRun("runs/log-parameter", { key: "lr", value: "1" }), ...ofRun("runs/set-tag", { key: "k", value: "v" }), ...ofRun("runs/delete-tag", { key: "k" }),
  ...ofRun("runs/log-batch", { metrics: [point], params: [], tags: [] }),
  ...ofRun("runs/log-metric", { ...point, model_id: "$model" }), ...ofRun("runs/log-batch", { metrics: [{ ...point, model_id: "$model" }] }),
  ...ofRun("runs/log-model", { model_json: "{}" }),
  ...ofRun("runs/log-inputs", { datasets: [{ dataset: { name: "d", digest: "1", source_type: "local", source: "{}" } }], models: [{ model_id: "$model" }] }),
  ["POST", "runs/outputs", { run_id: "$run", models: [{ model_id: "$model", step: 1 }] }],
  ["POST", "runs/search", { experiment_ids: ["$exp"] }],
  ["POST", "/drover/points", "$run"],
  ...of("GET", "metrics/get-history", "?run_id=$run&metric_key=loss", "?run_uuid=$run&metric_key=loss"),
  ...of("GET", "metrics/get-history-bulk", "?run_id=$run&metric_key=loss"),
  ...of("GET", "metrics/get-history-bulk-interval", "?run_ids=$run&metric_key=loss&max_results=10"),
  ...of("GET", "artifacts/list", "?run_id=$run", "?run_uuid=$run&path=notes"),
  ...of("GET", "get-artifact", "?run_id=$run&path=notes/a.txt", "?run_uuid=$run&path=notes/a.txt"),
  ...of("GET", "/get-artifact", "?run_id=$run&path=notes/a.txt"),
  ...of("GET", FILES, `?path=${RUN_FILES}`, `?path=${MODEL_FILES}`),
  ...of("GET", `${FILES}/`, `${RUN_FILES}/notes/a.txt`, `${MODEL_FILES}/w.bin`),
  ...of("DELETE", `${FILES}/`, `${RUN_FILES}/notes/a.txt`, `${MODEL_FILES}/w.bin`),
  ["PUT", `${FILES}/${RUN_FILES}/x.txt`, "hello"], ["PUT", `${FILES}/${MODEL_FILES}/x.txt`, "hello"],
  ...[RUN_FILES, MODEL_FILES].flatMap((files): Exchange[] => [
    ["POST", `${MPU}/create/${files}`, { path: "/w.bin", num_parts: 1 }],
    ["PUT", `${MPU}/part/$upload/1/${files}/w.bin`, "hello"],
    ["POST", `${MPU}/complete/${files}`, { path: "/w.bin", upload_id: "$upload", parts: [{ part_number: 1, etag: PART }] }],
    ["POST", `${MPU}/abort/${files}`, { path: "/w.bin", upload_id: "$upload" }],
  ]),
  ofExperiment("logged-models", { name: "m", source_run_id: "$run" }),
  ...of("GET", "logged-models/$model", "", "/artifacts/directories", "/artifacts/files?artifact_file_path=w.bin"),
  ["PATCH", "logged-models/$model", { status: "LOGGED_MODEL_READY" }],
  ["DELETE", "logged-models/$model"],
  ["PATCH", "logged-models/$model/tags", { tags: [{ key: "k", value: "v" }] }],
  ["DELETE", "logged-models/$model/tags/team"],
  ["POST", "logged-models/$model/params", { params: [{ key: "k", value: "v" }] }],
  ["POST", "logged-models/search", { experiment_ids: ["$exp"] }],
  ...of("GET", "logged-models/search", "?experiment_ids=$exp"),
  ...of("GET", "registered-models/get", "?name=$name"),
  ["POST", "registered-models/rename", { name: "$name", new_name: "renamed" }],
  ["PATCH", "registered-models/update", { name: "$name", description: "d" }],
  ["DELETE", "registered-models/delete", { name: "$name" }],
  ...of("GET", "registered-models/search", "?filter=name%3D%27$name%27"), ["POST", "registered-models/search", { filter: "name = '$name'" }],
  ...of("GET", "registered-models/get-latest-versions", "?name=$name"), ["POST", "registered-models/get-latest-versions", { name: "$name" }],
  ["POST", "registered-models/set-tag", { name: "$name", key: "k", value: "v" }],
  ["DELETE", "registered-models/delete-tag", { name: "$name", key: "k" }],
  ["POST", "registered-models/alias", { ...version, alias: "best" }],
  ["DELETE", "registered-models/alias", { name: "$name", alias: "champion" }],
  ...of("GET", "registered-models/alias", "?name=$name&alias=champion"),
  ...["models:/$model", "models:/$name/1", "models:/$name@champion", "runs:/$run/notes", "mlflow-artifacts:/e/$run/artifacts/notes", "mlflow-artifacts:/e/models/$model/artifacts"].map((source) => versionOf(source)),
  versionOf("s3://bucket/model", { run_id: "$run" }), versionOf("s3://bucket/model", { model_id: "$model" }),
  ...of("GET", "model-versions/get", "?name=$name&version=1"),
  ...of("GET", "model-versions/get-download-uri", "?name=$name&version=1"),
  ...of("GET", "/model-versions/get-artifact", "?name=$name&version=1&path=w.bin"),
  ["PATCH", "model-versions/update", { ...version, description: "d" }],
  ["DELETE", "model-versions/delete", version],
  ["POST", "model-versions/transition-stage", { ...version, stage: "Production" }],
  ["POST", "model-versions/set-tag", { ...version, key: "k", value: "v" }],
  ["DELETE", "model-versions/delete-tag", { ...version, key: "eval" }],
  ...of("GET", "model-versions/search", "?filter=name%3D%27$name%27", "?filter=run_id%3D%27$run%27"),
  ["POST", "model-versions/search", { filter: "name = '$name'" }],
  ...of("GET", "webhooks/$hook", ""), ["PATCH", "webhooks/$hook", { description: "d" }], ["DELETE", "webhooks/$hook"], ["POST", "webhooks/$hook/test", {}],
  ["POST", "experiments/create", { name: "$title" }],
  ["POST", "registered-models/create", { name: "$name" }],
];

/** They answer a name that leads nowhere by finding nothing, by leaving it out, or by making something of that name. */
export const GOOD = [
  "experiments/create $title", "experiments/search $title", "experiments/search-datasets $exp", "runs/search $exp",
  "runs/log-metric $model", "runs/log-batch $model", // a point is the run's; a model that is not there gets none
  "!2.0/mlflow-artifacts/mpu/abort $upload", // what was never begun is left as it is
  "registered-models/create $name", "registered-models/search $name", "model-versions/search $name", "model-versions/search $run",
];

/** Routes that take no name of anything, and why. */
export const NAMELESS: Record<string, string> = {
  "GET /health": "says that the process answers",
  "GET /version": "says a number",
  "GET /api/2.0/mlflow-artifacts/presigned/*": "refuses whatever it is asked",
  "GET /api/2.0/mlflow/webhooks": "lists the project's own",
  "POST /api/2.0/mlflow/webhooks": "makes one of the project",
};
