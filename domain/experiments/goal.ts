import type { Direction } from "./compare/baseline.ts";

/** By which metric an experiment's runs are judged, and which way it gets better. */
export interface ExperimentGoal {
  metric: string;
  better: Direction;
}

/** Tags of an experiment that hold it, as MLflow calls them. */
export const GOAL_TAGS = { metric: "mlflow.experiment.primaryMetric.name", isGreaterBetter: "mlflow.experiment.primaryMetric.greaterIsBetter" } as const;

export const tagsOfGoal = ({ metric, better }: ExperimentGoal): { key: string; value: string }[] => [
  { key: GOAL_TAGS.metric, value: metric },
  { key: GOAL_TAGS.isGreaterBetter, value: better === "higher" ? "True" : "False" }, // Python's words: MLflow's own clients write them
];

/** @param tags Of the experiment. @returns null where they name no metric, or not which way it gets better. */
export function goalOfTags(tags: ReadonlyMap<string, string>): ExperimentGoal | null {
  const metric = tags.get(GOAL_TAGS.metric);
  const isGreater = tags.get(GOAL_TAGS.isGreaterBetter)?.toLowerCase();
  return metric && (isGreater === "true" || isGreater === "false") ? { metric, better: isGreater === "true" ? "higher" : "lower" } : null;
}

/** As the URL writes it: `lower:loss`. */
export const printGoal = ({ metric, better }: ExperimentGoal): string => `${better}:${metric}`;

export function parseGoal(text: string): ExperimentGoal | null {
  const match = /^(lower|higher):(.{1,250})$/s.exec(text);
  return match ? { better: match[1] as Direction, metric: match[2]! } : null;
}
