import { z } from "zod";
import { MLFLOW_LIMITS } from "../../../../domain/experiments/mlflow-words.ts";
import { countPoints, type HistoryCursor, type HistoryPoint, readHistory, readInterval } from "../../queries/history.ts";
import type { MlflowCtx } from "../caller.ts";
import { refuse } from "../errors.ts";
import { runOf } from "../found.ts";
import { type MlflowRoute, route } from "../mount.ts";
import { fromDouble, OptionalInt, OptionalText, Texts } from "../wire.ts";
import { RunIds } from "./runs.ts";

const READ = { permission: "runs:read", forRuns: true } as const;
const History = RunIds.extend({ metric_key: OptionalText, max_results: OptionalInt, page_token: OptionalText });
const Bulk = z.object({ run_id: Texts, metric_key: OptionalText, max_results: OptionalInt });
const Interval = z.object({ run_ids: Texts, metric_key: OptionalText, start_step: OptionalInt, end_step: OptionalInt, max_results: OptionalInt });

export const historyRoutes: MlflowRoute[] = [
  route("GET", "metrics/get-history", READ, History, getHistory),
  route("GET", "metrics/get-history-bulk", READ, Bulk, getBulk),
  route("GET", "metrics/get-history-bulk-interval", READ, Interval, getInterval),
];

const keyOf = (key: string | undefined): string => key || refuse("Missing value for required parameter 'metric_key'.");
const byTime = (a: HistoryPoint, b: HistoryPoint): number => order(a.time, b.time) || order(a.step, b.step);
const order = (a: number | bigint, b: number | bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** Metrics as JSON text: an int64 that no number holds stays exact. */
function metricsText(key: string, points: HistoryPoint[], runId?: string): string {
  const tail = runId === undefined ? "" : `,"run_id":${JSON.stringify(runId)}`;
  const name = JSON.stringify(key);
  return points.map(({ step, time, value }) => `{"key":${name},"value":${JSON.stringify(fromDouble(value))},"timestamp":${time},"step":${step}${tail}}`).join(",");
}

const json = (text: string) => new Response(text, { headers: { "content-type": "application/json" } });

const Cursor = z.object({ minStep: z.string().regex(/^-?\d{1,19}$/), id: z.string().max(64), offset: z.int().nonnegative() });

function cursorOf(token: string | undefined): HistoryCursor | null {
  if (!token) return null;
  try {
    return Cursor.parse(JSON.parse(Buffer.from(token, "base64url").toString("utf8")));
  } catch {
    return refuse("Invalid page token. It must come from the page before.");
  }
}

/** A history that fits into one answer comes in the order of time, a longer one in pages in the order of steps. */
async function getHistory(ctx: MlflowCtx, input: z.output<typeof History>): Promise<Response> {
  const run = await runOf(ctx, input);
  const key = keyOf(input.metric_key);
  const limit = input.max_results === undefined || input.max_results === 0 ? MLFLOW_LIMITS.historyPage : Math.min(input.max_results, MLFLOW_LIMITS.historyPage);
  if (limit < 1) refuse(`Invalid value ${input.max_results} for parameter 'max_results': expected a positive number.`);
  const { sql } = ctx;
  const cursor = cursorOf(input.page_token);
  // A client that names no limit knows no pages: it gets all there is.
  const isWhole = !cursor && (input.max_results ? (await countPoints(sql, run.id, key)) <= limit : true);
  const { points, next } = await readHistory(sql, { runId: run.id, key }, isWhole ? Number.MAX_SAFE_INTEGER : limit, cursor);
  if (isWhole) points.sort(byTime);
  const token = next ? `,"next_page_token":"${Buffer.from(JSON.stringify(next)).toString("base64url")}"` : "";
  return json(`{"metrics":[${metricsText(key, points)}]${token}}`);
}

async function visibleRuns(ctx: MlflowCtx, ids: string[], name: string): Promise<string[]> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) refuse(`Missing value for required parameter '${name}'.`);
  if (wanted.length > MLFLOW_LIMITS.bulkRuns) refuse(`At most ${MLFLOW_LIMITS.bulkRuns} runs at once. Got ${wanted.length}.`);
  return (await Promise.all(wanted.map((run_id) => runOf(ctx, { run_id })))).map(({ id }) => id);
}

async function getBulk(ctx: MlflowCtx, input: z.output<typeof Bulk>): Promise<Response> {
  const ids = await visibleRuns(ctx, input.run_id, "run_id");
  const key = keyOf(input.metric_key);
  const limit = Math.min(input.max_results || MLFLOW_LIMITS.historyPage, MLFLOW_LIMITS.historyPage);
  const found = await readInterval(ctx.sql, ids, key, null);
  const texts = ids.flatMap((id) => metricsText(key, (found.get(id) ?? []).sort(byTime).slice(0, limit), id) || []);
  return json(`{"metrics":[${texts.join(",")}]}`);
}

/** As MLflow samples: steps of all runs together, every so many of them, and each run's first and last. */
async function getInterval(ctx: MlflowCtx, input: z.output<typeof Interval>): Promise<Response> {
  const ids = await visibleRuns(ctx, input.run_ids, "run_ids");
  const key = keyOf(input.metric_key);
  const { start_step: from, end_step: to } = input;
  if ((from === undefined) !== (to === undefined)) refuse("If either start step or end step are specified, both must be specified.");
  if (from !== undefined && to !== undefined && from > to) refuse(`End step must be greater than start step. Found start_step=${from} and end_step=${to}.`);
  const limit = input.max_results || MLFLOW_LIMITS.bulkResults;
  if (limit < 1 || limit > MLFLOW_LIMITS.bulkResults) refuse(`max_results must be between 1 and ${MLFLOW_LIMITS.bulkResults}.`);
  const found = await readInterval(ctx.sql, ids, key, from === undefined ? null : { from, to: to! });
  const kept = sampledSteps([...found.values()], limit);
  const texts = ids.flatMap((id) => metricsText(key, (found.get(id) ?? []).filter(({ step }) => kept.has(step)).sort((a, b) => order(a.step, b.step) || order(a.time, b.time)), id) || []);
  return json(`{"metrics":[${texts.join(",")}]}`);
}

function sampledSteps(series: HistoryPoint[][], limit: number): Set<number | bigint> {
  const steps = [...new Set(series.flatMap((points) => points.map(({ step }) => step)))].sort(order);
  if (steps.length <= limit) return new Set(steps);
  const every = steps.length / limit;
  const kept = new Set(Array.from({ length: limit }, (_, at) => steps[Math.floor(at * every)]!));
  for (const points of series) {
    if (points.length === 0) continue;
    kept.add(points.reduce((least, { step }) => (step < least ? step : least), points[0]!.step));
    kept.add(points.reduce((most, { step }) => (step > most ? step : most), points[0]!.step));
  }
  return kept;
}
