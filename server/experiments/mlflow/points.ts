import { MLFLOW_LIMITS, nameProblem } from "../../../domain/experiments/mlflow-words.ts";
import type { ModelPoint } from "../commands/mlflow-log.ts";
import type { Points, Series } from "../commands/metric-store.ts";
import { refuse } from "./errors.ts";
import { toDouble, toInt64 } from "./wire.ts";

/**
 * Metrics of a request, by key, in the order they came. Every one is checked before any is taken; a bad one is named.
 * A plain loop rather than a schema: a batch has a thousand of them, and this is where a training program waits.
 */
export function readPoints(runId: string, attemptId: string | null, metrics: unknown): Points[] {
  if (metrics === undefined || metrics === null) return [];
  if (!Array.isArray(metrics)) return refuse("Invalid value for parameter 'metrics': expected a list.");
  const byKey = new Map<string, Series>();
  for (let at = 0; at < metrics.length; at += 1) takePoint(byKey, { runId, attemptId }, metrics[at], at);
  return [...byKey.values()];
}

/** @param at Its place in a list of metrics; null for a request of one. */
export function takePoint(byKey: Map<string, Series>, of: { runId: string; attemptId: string | null }, metric: unknown, at: number | null): void {
  const where = (field = "") => (at === null ? `metric${field}` : `metrics[${at}]${field}`);
  if (typeof metric !== "object" || metric === null) refuse(`Invalid value for parameter '${where()}': expected an object.`);
  const { key, value, timestamp, step } = metric as Record<string, unknown>;
  const name = typeof key === "string" ? key : refuse(`Invalid value for parameter '${where(".key")}': expected a string.`);
  let series = byKey.get(name);
  const problem = series ? null : nameProblem("metric", name);
  if (problem) refuse(`Invalid value for parameter '${where(".key")}': ${problem}`);
  const number = value === undefined || value === null ? refuse(`Missing value for required parameter '${where(".value")}' of metric '${name}'.`) : toDouble(value);
  if (number === null) refuse(`Invalid value for parameter '${where(".value")}' of metric '${name}': got ${JSON.stringify(value)}, expected a number.`);
  const time = timestamp === undefined || timestamp === null ? refuse(`Missing value for required parameter '${where(".timestamp")}' of metric '${name}'.`) : toInt64(timestamp);
  if (time === null) refuse(`Invalid value for parameter '${where(".timestamp")}' of metric '${name}': expected Unix milliseconds.`);
  const place = step === undefined || step === null ? 0 : toInt64(step);
  if (place === null) refuse(`Invalid value for parameter '${where(".step")}' of metric '${name}': expected a whole number of 64 bits.`);
  if (!series) byKey.set(name, (series = { ...of, key: name, steps: [], times: [], values: [] }));
  series.steps.push(place!);
  series.times.push(time!);
  series.values.push(number!);
}

/** Those of checked metrics that name a logged model. */
export function modelPoints(metrics: unknown[]): ModelPoint[] {
  return metrics.flatMap((metric) => {
    const one = metric as Record<string, unknown>;
    if (typeof one["model_id"] !== "string" || one["model_id"] === "") return [];
    const text = (name: string) => (typeof one[name] === "string" ? one[name] : "");
    return [{ modelId: one["model_id"], key: text("key"), value: toDouble(one["value"])!, time: toInt64(one["timestamp"])!, step: toInt64(one["step"]) ?? 0, datasetName: text("dataset_name"), datasetDigest: text("dataset_digest") }];
  });
}

/** At most so many of each in one request, as MLflow has it. */
export function checkBatchSize(metrics: number, params: number, tags: number): void {
  const over = (what: string, count: number, most: number) => count > most && refuse(`A batch logging request can contain at most ${most} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`);
  over("metrics", metrics, MLFLOW_LIMITS.batchMetrics);
  over("params", params, MLFLOW_LIMITS.batchParams);
  over("tags", tags, MLFLOW_LIMITS.batchTags);
  over("items", metrics + params + tags, MLFLOW_LIMITS.batchEntities);
}
