import { Readable } from "node:stream";
import type { TransactionSql } from "postgres";
import { z } from "zod";
import { MLFLOW_LIMITS } from "../../../../domain/experiments/mlflow-words.ts";
import { ordered } from "../../../../domain/shared/ordered.ts";
import { JSON_NOT_KEPT } from "../../../not-kept.ts";
import { asOfOneMoment, countPoints, FirstPoints, type HistoryCursor, type HistoryPoint, readFirst, readHistory, readWhole, type StepRange, visitPoints } from "../../queries/history.ts";
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
const byStep = (a: HistoryPoint, b: HistoryPoint): number => ordered(a.step, b.step) || ordered(a.time, b.time);
const byTime = (a: HistoryPoint, b: HistoryPoint): number => ordered(a.time, b.time) || ordered(a.step, b.step);

/** Metrics as JSON text: an int64 that no number holds stays exact. */
function metricsText(key: string, points: HistoryPoint[], runId?: string): string {
  const tail = runId === undefined ? "" : `,"run_id":${JSON.stringify(runId)}`;
  const name = JSON.stringify(key);
  return points.map(({ step, time, value }) => `{"key":${name},"value":${JSON.stringify(fromDouble(value))},"timestamp":${time},"step":${step}${tail}}`).join(",");
}

const json = (text: string | ReadableStream) => new Response(text, { headers: JSON_NOT_KEPT });

const Cursor = z.object({ minStep: z.string().regex(/^-?\d{1,19}$/), id: z.string().max(64), offset: z.int().nonnegative() });

function cursorOf(token: string | undefined): HistoryCursor | null {
  if (!token) return null;
  try {
    return Cursor.parse(JSON.parse(Buffer.from(token, "base64url").toString("utf8")));
  } catch {
    return refuse("Invalid page token. It must come from the page before.");
  }
}

function pageOf(asked: number | undefined): number {
  const limit = Math.min(asked || MLFLOW_LIMITS.historyPage, MLFLOW_LIMITS.historyPage);
  return limit < 1 ? refuse(`Invalid value ${asked} for parameter 'max_results': expected a positive number.`) : limit;
}

/** A history that fits into one answer comes in the order of time, a longer one in pages in the order of steps. */
async function getHistory(ctx: MlflowCtx, input: z.output<typeof History>): Promise<Response> {
  const run = await runOf(ctx, input);
  const key = keyOf(input.metric_key);
  const limit = pageOf(input.max_results);
  const { sql } = ctx;
  const cursor = cursorOf(input.page_token);
  // A client that names no limit knows no pages: it gets all there is.
  const isWhole = !cursor && (input.max_results ? (await countPoints(sql, run.id, key)) <= limit : true);
  if (isWhole) return wholeHistory(key, readWhole(sql, { runId: run.id, key }));
  const { points, next } = await readHistory(sql, { runId: run.id, key }, limit, cursor);
  const token = next ? `,"next_page_token":"${Buffer.from(JSON.stringify(next)).toString("base64url")}"` : "";
  return json(`{"metrics":[${metricsText(key, points)}]${token}}`);
}

/** What fails, fails before the answer begins: all is read with the first part. */
async function wholeHistory(key: string, parts: AsyncGenerator<HistoryPoint[]>): Promise<Response> {
  const first = await parts.next();
  const texts = async function* (): AsyncGenerator<string> {
    if (!first.done) yield metricsText(key, first.value);
    for await (const part of parts) yield metricsText(key, part);
  };
  return streamed(texts());
}

const streamed = (texts: AsyncIterable<string>) => json(Readable.toWeb(Readable.from(listText(texts))) as ReadableStream);

/** One list of what comes part by part. */
async function* listText(texts: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let before = '{"metrics":[';
  for await (const text of texts) {
    if (text === "") continue;
    yield Buffer.from(before + text);
    before = ",";
  }
  yield Buffer.from(before === "," ? "]}" : `${before}]}`);
}

async function visibleRuns(ctx: MlflowCtx, ids: string[], name: string): Promise<string[]> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) refuse(`Missing value for required parameter '${name}'.`);
  if (wanted.length > MLFLOW_LIMITS.bulkRuns) refuse(`At most ${MLFLOW_LIMITS.bulkRuns} runs at once. Got ${wanted.length}.`);
  return (await Promise.all(wanted.map((run_id) => runOf(ctx, { run_id })))).map(({ id }) => id);
}

async function getBulk(ctx: MlflowCtx, input: z.output<typeof Bulk>): Promise<Response> {
  const ids = await visibleRuns(ctx, input.run_id, "run_id");
  const [key, limit] = [keyOf(input.metric_key), pageOf(input.max_results)];
  return streamed(bulkTexts(ctx, ids, key, limit));
}

/** Run by run: no run's points wait for those of another. */
async function* bulkTexts(ctx: MlflowCtx, ids: string[], key: string, limit: number): AsyncGenerator<string> {
  for (const id of ids) yield metricsText(key, await readFirst(ctx.sql, { runId: id, key }, limit, byTime), id);
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
  const range = from === undefined ? null : { from, to: to! };
  const texts = await asOfOneMoment(ctx.sql, async (tx) => {
    const kept = await sampledSteps(tx, { ids, key, range }, limit);
    const written: string[] = [];
    for (const id of ids) {
      const points = new FirstPoints(MLFLOW_LIMITS.historyPage, byStep); // a series that names no steps has all of its points in one
      await visitPoints(tx, { runId: id, key }, range, (point) => void (kept.has(point.step) && points.take(point)));
      const text = metricsText(key, points.all(), id);
      if (text !== "") written.push(text);
    }
    return written;
  });
  return json(`{"metrics":[${texts.join(",")}]}`);
}

/** Only the steps are remembered, each once: the points are read a second time, when it is known which. */
async function sampledSteps(tx: TransactionSql, of: { ids: string[]; key: string; range: StepRange | null }, limit: number): Promise<Set<number | bigint>> {
  const all = new Set<number | bigint>();
  const ends = new Set<number | bigint>();
  for (const runId of of.ids) {
    let [least, most]: (number | bigint | undefined)[] = [];
    await visitPoints(tx, { runId, key: of.key }, of.range, ({ step }) => {
      all.add(step);
      if (least === undefined || step < least) least = step;
      if (most === undefined || step > most) most = step;
    });
    if (least !== undefined) ends.add(least).add(most!);
  }
  if (all.size <= limit) return all;
  const steps = [...all].sort(ordered);
  const every = steps.length / limit;
  for (let at = 0; at < limit; at += 1) ends.add(steps[Math.floor(at * every)]!);
  return ends;
}
