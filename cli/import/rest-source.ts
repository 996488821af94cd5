import { z } from "zod";
import { type MlflowHttp, MlflowRefused, pagesOf } from "./http.ts";
import { type FileOwner, Point, type Source, type SourceFile, SourceExperiment, SourceModel, SourceRegistered, SourceRun, SourceVersion } from "./source.ts";

const HISTORY_PAGE = 25_000;
const Files = z.array(z.object({ path: z.string(), is_dir: z.boolean().nullish(), file_size: z.coerce.number().nullish() })).nullish().transform((all) => all ?? []);

/** A running MLflow server, or another project of a Drover. */
export function restSource(http: MlflowHttp, label: string): Source {
  const list = <Item>(schema: z.ZodType<Item>, field: string, read: (page_token: string | undefined) => Promise<Record<string, unknown>>) =>
    pagesOf<Item>(async (token) => {
      const answer = await read(token);
      return { items: z.array(schema).parse(answer[field] ?? []), next: (answer.next_page_token as string | undefined) || undefined };
    });
  return {
    label,
    experiments: () => list(SourceExperiment, "experiments", (page_token) => http.post("experiments/search", { max_results: 1000, view_type: "ACTIVE_ONLY", page_token })),
    runs: (experimentId) => list(SourceRun, "runs", (page_token) => http.post("runs/search", { experiment_ids: [experimentId], run_view_type: "ACTIVE_ONLY", max_results: 200, order_by: ["attributes.start_time ASC"], page_token })),
    history: (_experimentId, run_id, metric_key) =>
      pagesOf(async (page_token) => {
        const answer = await http.get("metrics/get-history", { run_id, metric_key, max_results: HISTORY_PAGE, page_token });
        return { items: [z.array(Point).parse(answer.metrics ?? [])], next: answer.next_page_token || undefined };
      }),
    loggedModels: (experimentId) => orNone(list(SourceModel, "models", (page_token) => http.post("logged-models/search", { experiment_ids: [experimentId], max_results: 50, page_token }))),
    registered: () => list(SourceRegistered, "registered_models", (page_token) => http.get("registered-models/search", { max_results: 100, page_token })),
    versions: async (name) => {
      const found: SourceVersion[] = [];
      const filter = `name='${name.replaceAll("'", "''")}'`;
      for await (const one of list(SourceVersion, "model_versions", (page_token) => http.get("model-versions/search", { filter, max_results: 1000, page_token }))) found.push(one);
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
  const entries = pagesOf(async (token) => {
    const answer = await page(token);
    return { items: Files.parse(answer.files), next: answer.next_page_token || undefined };
  });
  for await (const entry of entries) {
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
