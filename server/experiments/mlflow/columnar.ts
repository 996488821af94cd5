import { hash } from "node:crypto";
import type { Hono } from "hono";
import { type ColumnarSeries, readColumnar } from "../../../domain/experiments/columnar.ts";
import { nameProblem } from "../../../domain/experiments/mlflow-words.ts";
import { declareAccess } from "../../access/guard.ts";
import { bus } from "../../bus.ts";
import type { Points } from "../commands/metric-store.ts";
import { writePoints } from "../commands/point-writer.ts";
import { attemptOf, callerOf, enterProject, isOwn } from "./caller.ts";
import { refuse, toResponse } from "./errors.ts";
import { activeRunOf } from "./found.ts";
import { spend } from "./ingest-limit.ts";
import { bodyOf, MLFLOW_ROOT } from "./mount.ts";

const LOG = "runs:log";
/** Points of one stored row: as many as compaction would put together. */
const ROW_POINTS = 16_384;

/** Our own way in for a great many points, beside MLflow's: the same token, limits and errors, and the same bytes again add nothing. */
export function mountColumnar(app: Hono): void {
  app.post(`${MLFLOW_ROOT}/drover/points`, declareAccess(LOG), async (c) => {
    try {
      const ctx = await enterProject(c.req.raw, c.req.param("project"), LOG, true);
      const bytes = await bodyOf(c.req.raw);
      const read = readColumnar(bytes);
      const { runId, series } = typeof read === "string" ? refuse(read) : read;
      const points = series.flatMap((one, at) => rowsOf(one, `series.${at}`, { runId, attemptId: attemptOf(ctx, runId) }));
      const count = series.reduce((sum, { values }) => sum + values.length, 0);
      spend(callerOf(ctx), { points: count });
      const taken = (await isOwn(ctx, runId)) ? await writePoints(ctx.sql, { projectId: ctx.project.id, runId, points, digest: hash("sha256", bytes, "buffer").subarray(0, 16) }) : "absent";
      if (taken === "absent") await activeRunOf(ctx, { run_id: runId });
      bus().publish({ orgId: ctx.orgId, topic: "run-metrics", id: runId });
      return c.json({ points: count, repeated: taken === "repeated" });
    } catch (error) {
      return toResponse(error, c.req.path);
    }
  });
}

function rowsOf({ key, steps, times, values }: ColumnarSeries, where: string, of: { runId: string; attemptId: string | null }): Points[] {
  const problem = nameProblem("metric", key);
  if (problem) refuse(`Invalid value for parameter '${where}.key': ${problem}`);
  return Array.from({ length: Math.ceil(values.length / ROW_POINTS) }, (_, at) => {
    const [from, to] = [at * ROW_POINTS, (at + 1) * ROW_POINTS];
    return { ...of, key, steps: steps.subarray(from, to), times: times.subarray(from, to), values: values.subarray(from, to) };
  });
}
