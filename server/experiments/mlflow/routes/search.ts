import { z } from "zod";
import { EXPERIMENT_NAMES, MLFLOW_RUN_NAMES } from "../../../../domain/experiments/filter/ast.ts";
import { parseFilter, parseOrder } from "../../../../domain/experiments/filter/parse.ts";
import { DEFAULT_EXPERIMENT, MLFLOW_LIMITS } from "../../../../domain/experiments/mlflow-words.ts";
import { JSON_NOT_KEPT } from "../../../not-kept.ts";
import { defaultExperiment } from "../../commands/mlflow-experiments.ts";
import { listById, listDatasetsUsed, toWire } from "../../queries/mlflow-experiments.ts";
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
const Ids = z.preprocess((value) => (Array.isArray(value) ? value.map(String) : value), Texts);
const SearchRuns = Page.extend({ experiment_ids: Ids, run_view_type: View });

export const searchRoutes: MlflowRoute[] = [
  route(["GET", "POST"], "experiments/search", { permission: "runs:read" }, SearchExperiments, experimentsSearch),
  route("POST", "experiments/search-datasets", { permission: "runs:read" }, z.object({ experiment_ids: Ids }), datasetsSearch),
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

/** Those of them that are of this project; 0 is the one called Default. */
async function experimentsOf(ctx: MlflowCtx, given: string[]) {
  const named = given.includes("0");
  const known = await listById(ctx.db, ctx.project.id, given, named ? DEFAULT_EXPERIMENT : null);
  if (!named || known.some(({ name }) => name === DEFAULT_EXPERIMENT)) return known;
  await defaultExperiment(ctx, ctx.project.id); // asked for before there is one
  return listById(ctx.db, ctx.project.id, given, DEFAULT_EXPERIMENT);
}

/** Most experiments of one question, as MLflow's own pages ask. */
const MOST_EXPERIMENTS = 20;

async function datasetsSearch(ctx: MlflowCtx, { experiment_ids }: { experiment_ids: string[] }) {
  if (experiment_ids.length === 0) refuse("SearchDatasets request must specify at least one experiment_id.");
  if (experiment_ids.length > MOST_EXPERIMENTS) refuse(`SearchDatasets request cannot specify more than ${MOST_EXPERIMENTS} experiment_ids. Received ${experiment_ids.length} experiment_ids.`);
  const known = await experimentsOf(ctx, experiment_ids);
  return { dataset_summaries: await listDatasetsUsed(ctx.db, known.map(({ id }) => id)) };
}

async function runsSearch(ctx: MlflowCtx, input: z.output<typeof SearchRuns>): Promise<Response> {
  const { ids: found, next } = await searchRuns(ctx.db, {
    ...runsOfView(ctx.project.id, await experimentsOf(ctx, input.experiment_ids), input.run_view_type),
    filter: parseFilter(input.filter ?? "", MLFLOW_RUN_NAMES),
    orders: input.order_by.map((text) => parseOrder(text, MLFLOW_RUN_NAMES)),
    words: "mlflow",
    limit: pageSize(input.max_results, MLFLOW_LIMITS.runsPageDefault, MLFLOW_LIMITS.runsPage),
    token: input.page_token || undefined,
  });
  const texts = await loadRunTexts(ctx.db, found);
  return new Response(`{"runs":[${texts.join(",")}]${next ? `,"next_page_token":${JSON.stringify(next)}` : ""}}`, { headers: JSON_NOT_KEPT });
}
