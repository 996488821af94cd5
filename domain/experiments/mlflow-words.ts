import type { RunStatus } from "./run-status.ts";

/** MLflow's run statuses, and which of ours each of them is. */
export const MLFLOW_STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"] as const;
export type MlflowStatus = (typeof MLFLOW_STATUSES)[number];

const TO_MLFLOW: Record<RunStatus, MlflowStatus> = {
  queued: "SCHEDULED",
  starting: "SCHEDULED",
  running: "RUNNING",
  cancelling: "RUNNING",
  unreachable: "RUNNING",
  succeeded: "FINISHED",
  failed: "FAILED",
  cancelled: "KILLED",
};
/** A client's SCHEDULED run is `starting`: the queue is for runs that Drover itself places. */
const FROM_MLFLOW: Record<MlflowStatus, RunStatus> = { SCHEDULED: "starting", RUNNING: "running", FINISHED: "succeeded", FAILED: "failed", KILLED: "cancelled" };

export const toMlflowStatus = (status: RunStatus): MlflowStatus => TO_MLFLOW[status];
export const fromMlflowStatus = (status: MlflowStatus): RunStatus => FROM_MLFLOW[status];
/** All of ours that an MLflow word means. */
export const statusesOf = (word: MlflowStatus): RunStatus[] => (Object.keys(TO_MLFLOW) as RunStatus[]).filter((status) => TO_MLFLOW[status] === word);

/** What one request and one value may hold; MLflow's own figures. */
export const MLFLOW_LIMITS = {
  batchMetrics: 1000,
  batchParams: 100,
  batchTags: 100,
  batchEntities: 1000,
  keyLength: 250,
  paramLength: 6000,
  tagLength: 8000,
  runName: 500, // as long as the index over names takes it in any script; MLflow's own column has 250
  experimentName: 500,
  experimentTagLength: 20_000,
  datasetName: 500,
  datasetDigest: 36,
  runsPage: 50_000,
  runsPageDefault: 1000,
  experimentsPage: 50_000,
  experimentsPageDefault: 1000,
  historyPage: 25_000,
  bulkRuns: 100,
  bulkResults: 2500,
} as const;

/** The experiment that clients reach without naming one: id 0. */
export const DEFAULT_EXPERIMENT = "Default";

/** Letters and digits of any script, as Python's `\w` has them and MLflow checks with. */
export const WORD_CHARACTERS = String.raw`\p{L}\p{N}_`;
const NAME = new RegExp(`^[/${WORD_CHARACTERS}.\\- :]*$`, "u");

/** Why a metric, parameter or tag cannot have this name; null when it can. Names are paths in MLflow's interface, so they must be plain ones. */
export function nameProblem(what: string, name: string): string | null {
  if (name === "") return `Missing value for required parameter 'key': a ${what} needs a name.`;
  if (name.length > MLFLOW_LIMITS.keyLength) return `${what} key '${name.slice(0, 40)}…' had length ${name.length}, which exceeded length limit of ${MLFLOW_LIMITS.keyLength}.`;
  if (!NAME.test(name)) return `Invalid ${what} name: '${name}'. Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colons (:) and slashes (/).`;
  if (name.startsWith("/") || name.split("/").some((part) => part === "" || part === "." || part === "..")) return `Invalid ${what} name: '${name}'. Names may be treated as files in certain cases, and must not resolve to other names when treated as such.`;
  return null;
}

/**
 * As MLflow keeps long values: cut, not refused, since autologging writes whatever it finds.
 * @param length In characters, as Python counts them. A cut inside of one would leave a half that comes back as another.
 */
export function cut(value: string, length: number): string {
  if (value.length <= length) return value;
  let end = 0;
  for (let kept = 0; kept < length && end < value.length; kept += 1) end += value.codePointAt(end)! > 0xffff ? 2 : 1;
  return value.slice(0, end);
}

export const artifactUri = (experimentId: string, runId: string): string => `mlflow-artifacts:/${experimentId}/${runId}/artifacts`;
