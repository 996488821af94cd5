import { z } from "zod";
import { EXPERIMENT_NAMES } from "../../../../domain/experiments/filter/ast.ts";
import { parseFilter, parseOrder } from "../../../../domain/experiments/filter/parse.ts";
import { MLFLOW_LIMITS } from "../../../../domain/experiments/mlflow-words.ts";
import { defaultExperiment } from "../../commands/mlflow-experiments.ts";
import { listById, toWire } from "../../queries/mlflow-experiments.ts";
import { loadRunTexts } from "../../queries/mlflow-runs.ts";
import { searchExperiments, VIEW_TYPES } from "../../queries/search/search-experiments.ts";
import { searchRuns } from "../../queries/search/search-runs.ts";
import { runsOfView } from "../../queries/search/within.ts";
import type { MlflowCtx } from "../caller.ts";
import { refuse } from "../errors.ts";
import { type MlflowRoute, route } from "../mount.ts";
import { OptionalInt, OptionalText, Texts } from "../wire.ts";

const View = z.enum(VIEW_TYPES).nullish().transform((view) => view ?? "ACTIVE_ONLY");
const Page = z.object({ max_results: OptionalInt, page_token: OptionalText, filter: OptionalText, order_by: Texts });
const SearchExperiments = Page.extend({ view_type: View });
const SearchRuns = Page.extend({ experiment_ids: z.preprocess((value) => (Array.isArray(value) ? value.map(String) : value), Texts), run_view_type: View });

export const searchRoutes: MlflowRoute[] = [
  route(["GET", "POST"], "experiments/search", { permission: "runs:read" }, SearchExperiments, experimentsSearch),
  route("POST", "runs/search", { permission: "runs:read" }, SearchRuns, runsSearch),
];

function pageSize(asked: number | undefined, usual: number, most: number): number {
  if (asked === undefined || asked === 0) return usual;
  if (asked < 1 || asked > most) return refuse(`Invalid value ${asked} for parameter 'max_results': expected 1 to ${most}.`);
  return asked;
}

async function experimentsSearch(ctx: MlflowCtx, input: z.output<typeof SearchExperiments>) {
  const { rows, next } = await searchExperiments(ctx.db, {
    projectId: ctx.project.id,
    view: input.view_type,
    filter: parseFilter(input.filter ?? "", EXPERIMENT_NAMES),
    orders: input.order_by.map((text) => parseOrder(text, EXPERIMENT_NAMES)),
    limit: pageSize(input.max_results, MLFLOW_LIMITS.experimentsPageDefault, MLFLOW_LIMITS.experimentsPage),
    token: input.page_token || undefined,
  });
  return { experiments: await toWire(ctx.db, rows), ...(next ? { next_page_token: next } : {}) };
}

async function runsSearch(ctx: MlflowCtx, input: z.output<typeof SearchRuns>): Promise<Response> {
  const ids = await Promise.all([...new Set(input.experiment_ids)].map(async (id) => (id === "0" ? (await defaultExperiment(ctx, ctx.project.id)).id : id)));
  const { ids: found, next } = await searchRuns(ctx.db, {
    ...runsOfView(ctx.project.id, await listById(ctx.db, ctx.project.id, ids), input.run_view_type),
    filter: parseFilter(input.filter ?? ""),
    orders: input.order_by.map((text) => parseOrder(text)),
    limit: pageSize(input.max_results, MLFLOW_LIMITS.runsPageDefault, MLFLOW_LIMITS.runsPage),
    token: input.page_token || undefined,
  });
  const texts = await loadRunTexts(ctx.db, found);
  return new Response(`{"runs":[${texts.join(",")}]${next ? `,"next_page_token":${JSON.stringify(next)}` : ""}}`, { headers: { "content-type": "application/json" } });
}
