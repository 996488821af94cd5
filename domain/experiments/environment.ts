import type { AttemptView } from "./run-view.ts";
import { isElastic } from "./node-count.ts";
import type { RunSpec } from "./run-spec.ts";

const SECRET = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY/i;
export const HIDDEN = "••••••";

/** The same variables with the values hidden whose names say that they are secret. */
export function withoutSecrets(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, SECRET.test(name) ? HIDDEN : value]));
}

/** What the last attempt's process found in its environment, as far as the run decides it; secrets hidden. */
export function runEnvironment(run: { id: string; name: string; experimentId: string; spec: RunSpec }, attempt: Pick<AttemptView, "id" | "number" | "acceleratorIndexes" | "nodeNames"> | null): Record<string, string> {
  const { spec } = run;
  return {
    ...("MLFLOW_TRACKING_URI" in spec.env ? {} : { MLFLOW_TRACKING_URI: `…/mlflow/p/${spec.project}`, MLFLOW_RUN_ID: run.id, MLFLOW_EXPERIMENT_ID: run.experimentId, MLFLOW_TRACKING_TOKEN: HIDDEN }),
    ...withoutSecrets(spec.env),
    DROVER_RUN_ID: run.id,
    DROVER_RUN_NAME: run.name,
    DROVER_PROJECT: spec.project,
    DROVER_PARAMS: JSON.stringify(spec.params),
    DROVER_NUM_NODES: String((isElastic(spec.resources) && attempt?.nodeNames.length) || spec.resources.nodes),
    ...(attempt ? { DROVER_ATTEMPT: String(attempt.number), DROVER_ATTEMPT_ID: attempt.id } : {}),
    ...(attempt && attempt.acceleratorIndexes.length > 0 ? { CUDA_VISIBLE_DEVICES: attempt.acceleratorIndexes.join(",") } : {}),
  };
}
