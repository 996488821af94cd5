import { z } from "zod";
import { itemsOf, type MlflowHttp, MlflowRefused, pagesOf } from "./http.ts";
import { type FileOwner, Point, type Source, type SourceFile, SourceExperiment, SourceModel, SourceRegistered, SourceRun, SourceVersion } from "./source.ts";

const HISTORY_PAGE = 25_000;
const Entry = z.object({ path: z.string(), is_dir: z.boolean().nullish(), file_size: z.coerce.number().nullish() });

/** A running MLflow server, or another project of a Drover. */
export function restSource(http: MlflowHttp, label: string): Source {
  return {
    label,
    experiments: () => itemsOf(SourceExperiment, "experiments", (page_token) => http.post("experiments/search", { max_results: 1000, view_type: "ACTIVE_ONLY", page_token })),
    runs: (experimentId) => itemsOf(SourceRun, "runs", (page_token) => http.post("runs/search", { experiment_ids: [experimentId], run_view_type: "ACTIVE_ONLY", max_results: 200, order_by: ["attributes.start_time ASC"], page_token })),
    history: (_experimentId, run_id, metric_key) => pagesOf(Point, "metrics", (page_token) => http.get("metrics/get-history", { run_id, metric_key, max_results: HISTORY_PAGE, page_token })),
    loggedModels: (experimentId) => orNone(itemsOf(SourceModel, "models", (page_token) => http.post("logged-models/search", { experiment_ids: [experimentId], max_results: 50, page_token }))),
    registered: () => itemsOf(SourceRegistered, "registered_models", (page_token) => http.get("registered-models/search", { max_results: 100, page_token })),
    versions: async (name) => {
      const found: SourceVersion[] = [];
      const filter = `name='${name.replaceAll("'", "''")}'`;
      for await (const one of itemsOf(SourceVersion, "model_versions", (page_token) => http.get("model-versions/search", { filter, max_results: 1000, page_token }))) found.push(one);
      return found.toSorted((a, b) => a.version - b.version);
    },
    files: (owner) => filesBelow(http, owner, ""),
    open: async ({ kind, id }, path) => {
      const query = new URLSearchParams(kind === "run" ? { path, run_id: id, run_uuid: id } : { artifact_file_path: path }).toString();
      const { body } = await http.raw(kind === "run" ? `get-artifact?${query}` : `ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(id)}/artifacts/files?${query}`);
      return body ?? new Blob().stream();
    },
  };
}

async function* filesBelow(http: MlflowHttp, owner: FileOwner, folder: string): AsyncGenerator<SourceFile> {
  const page = (page_token: string | undefined) => (owner.kind === "run" ? http.get("artifacts/list", { run_id: owner.id, path: folder, page_token }) : http.get(`logged-models/${encodeURIComponent(owner.id)}/artifacts/directories`, { artifact_directory_path: folder, page_token }));
  for await (const entry of itemsOf(Entry, "files", page)) {
    if (entry.is_dir) yield* filesBelow(http, owner, entry.path);
    else yield { path: entry.path, bytes: entry.file_size ?? 0 };
  }
}

/** Servers before MLflow 3 have no such thing. */
async function* orNone<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  try {
    yield* items;
  } catch (error) {
    if (!(error instanceof MlflowRefused && error.status === 404)) throw error;
  }
}
