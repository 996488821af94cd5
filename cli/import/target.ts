import pRetry from "p-retry";
import { mayPass, type MlflowHttp, MlflowRefused } from "./http.ts";
import { restSource } from "./rest-source.ts";
import type { FileOwner, Pair, Point, SourceRun, Source } from "./source.ts";

/** What an imported run or logged model was called where it came from: with it, a second import finds the first. */
export const FROM_TAG = "drover.import.from";
const SOURCE_TAG = "drover.import.source";
/** Only once all of it is there. */
const DONE_TAG = "drover.import.done";
const PARENT_TAG = "mlflow.parentRunId";
const UPLOAD_TRIES = 4;
const BATCH = 1000;
const TEXTS = 100;

export interface Imported {
  id: string;
  isDone: boolean;
  /** As its tag says: of here, or still of where it came from. */
  parent: string | undefined;
}

export interface ImportedVersion {
  from: number;
  version: number;
  source: string;
}

/** A project of Drover, spoken to as MLflow's clients speak to it. */
export class Target {
  private readonly http: MlflowHttp;
  private readonly itself: Source;
  private readonly label: string;

  /** @param label Of the source. */
  constructor(http: MlflowHttp, label: string) {
    this.http = http;
    this.itself = restSource(http, "");
    this.label = label;
  }

  async experiment(name: string, tags: Pair[]): Promise<string> {
    const found = await this.http.get("experiments/get-by-name", { experiment_name: name }).catch((error: unknown) => {
      if (error instanceof MlflowRefused && error.status === 404) return null;
      throw error;
    });
    const id = found ? String(found.experiment.experiment_id) : String((await this.http.post("experiments/create", { name })).experiment_id);
    for (const tag of tags) await this.http.post("experiments/set-experiment-tag", { experiment_id: id, ...tag });
    return id;
  }

  /** What earlier imports left in an experiment, by the names that it had there. */
  async importedRuns(experimentId: string): Promise<Map<string, Imported>> {
    const found = new Map<string, Imported>();
    for await (const { info, data } of this.itself.runs(experimentId)) note(found, info.run_id, data.tags);
    return found;
  }

  async importedModels(experimentId: string): Promise<Map<string, Imported>> {
    const found = new Map<string, Imported>();
    for await (const { info } of this.itself.loggedModels(experimentId)) note(found, info.model_id, info.tags);
    return found;
  }

  /** @returns its id here. */
  async createRun(experimentId: string, { info, data }: SourceRun): Promise<string> {
    const tags = [...data.tags.slice(0, TEXTS - 2), ...this.marks(info.run_id)];
    const { run } = await this.http.post("runs/create", { experiment_id: experimentId, user_id: info.user_id ?? undefined, run_name: info.run_name ?? undefined, start_time: info.start_time ?? undefined, tags });
    return String(run.info.run_id);
  }

  private marks(id: string): Pair[] {
    return [{ key: FROM_TAG, value: id }, { key: SOURCE_TAG, value: this.label }];
  }

  /** May be repeated: a parameter keeps its value, the last tag wins, a data set is one. */
  async logTexts(runId: string, { data, inputs }: SourceRun): Promise<void> {
    for (let at = 0; at < data.params.length; at += TEXTS) await this.http.post("runs/log-batch", { run_id: runId, params: data.params.slice(at, at + TEXTS) });
    for (let at = 0; at < data.tags.length; at += TEXTS) await this.http.post("runs/log-batch", { run_id: runId, tags: data.tags.slice(at, at + TEXTS) });
    if (inputs.dataset_inputs.length > 0) await this.http.post("runs/log-inputs", { run_id: runId, datasets: inputs.dataset_inputs.map(({ tags, dataset }) => ({ tags, dataset: present(dataset) })) });
  }

  /** Points of a key that are here: as many of the source's first ones. */
  async countPoints(runId: string, key: string): Promise<number> {
    let count = 0;
    for await (const page of this.itself.history("", runId, key)) count += page.length;
    return count;
  }

  async logPoints(runId: string, key: string, points: readonly Point[]): Promise<void> {
    for (let at = 0; at < points.length; at += BATCH) await this.http.post("runs/log-batch", { run_id: runId, metrics: points.slice(at, at + BATCH).map((point) => ({ key, ...point })) });
  }

  /** Size by path of the files that are here. */
  async files(owner: FileOwner): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for await (const { path, bytes } of this.itself.files(owner)) found.set(path, bytes);
    return found;
  }

  /** @param open Gives the bytes from their beginning, each time it is asked. */
  async putFile({ kind, experimentId, id }: FileOwner, path: string, open: () => Promise<ReadableStream<Uint8Array>>): Promise<void> {
    const home = kind === "run" ? [experimentId, id, "artifacts"] : [experimentId, "models", id, "artifacts"];
    const where = `api/2.0/mlflow-artifacts/artifacts/${[...home, ...path.split("/")].map(encodeURIComponent).join("/")}`;
    await pRetry(async () => this.http.raw(where, { method: "PUT", body: await open(), duplex: "half", headers: { "content-type": "application/octet-stream" } } as RequestInit, 1), { retries: UPLOAD_TRIES - 1, minTimeout: 1000, shouldRetry: ({ error }) => mayPass(error) });
  }

  async setParent(runId: string, parent: string): Promise<void> {
    await this.setTag(runId, PARENT_TAG, parent);
  }

  private async setTag(runId: string, key: string, value: string): Promise<void> {
    await this.http.post("runs/set-tag", { run_id: runId, key, value });
  }

  /** The last thing. @param isWhole From now on an import leaves it alone, unless it goes on where it came from. */
  async finishRun(runId: string, { info }: SourceRun, isWhole: boolean): Promise<void> {
    await this.http.post("runs/update", { run_id: runId, status: info.status, end_time: info.end_time ?? undefined, run_name: info.run_name ?? undefined });
    if (isWhole && hasEnded(info)) await this.setTag(runId, DONE_TAG, "yes");
  }

  async createModel(experimentId: string, of: { id: string; name: string; type: string | null; sourceRunId: string | null; params: Pair[]; tags: Pair[] }): Promise<string> {
    const { model } = await this.http.post("logged-models", { experiment_id: experimentId, name: of.name, model_type: of.type ?? undefined, source_run_id: of.sourceRunId ?? undefined, params: of.params, tags: [...of.tags, ...this.marks(of.id)] });
    return String(model.info.model_id);
  }

  async finishModel(id: string, status: string, isWhole: boolean): Promise<void> {
    await this.http.post(`logged-models/${id}`, { status: status === "LOGGED_MODEL_PENDING" ? "LOGGED_MODEL_UPLOAD_FAILED" : status }, "PATCH");
    if (isWhole) await this.http.post(`logged-models/${id}/tags`, { tags: [{ key: DONE_TAG, value: "yes" }] }, "PATCH");
  }

  async linkModels(runId: string, models: { model_id: string; step: number | bigint }[]): Promise<void> {
    if (models.length > 0) await this.http.post("runs/outputs", { run_id: runId, models });
  }

  /** @returns the versions that earlier imports made of it. `from`: its number there. */
  async registered(name: string, description: string | null, tags: Pair[]): Promise<ImportedVersion[]> {
    await this.http.post("registered-models/create", { name, description: description ?? undefined, tags }).catch((error: unknown) => {
      if (!(error instanceof MlflowRefused && error.code === "RESOURCE_ALREADY_EXISTS")) throw error;
    });
    return (await this.itself.versions(name)).flatMap(({ version, source, tags: told }) => {
      const from = told.find(({ key }) => key === FROM_TAG);
      return from ? [{ from: Number(from.value), version, source }] : [];
    });
  }

  async createVersion(name: string, version: number, of: { source: string; runId: string | null; description: string | null; tags: Pair[]; stage: string | null }): Promise<number> {
    const { model_version } = await this.http.post("model-versions/create", { name, source: of.source, run_id: of.runId ?? undefined, description: of.description ?? undefined, tags: [...of.tags, ...this.marks(String(version))] });
    const made = Number(model_version.version);
    if (of.stage && of.stage !== "None") await this.http.post("model-versions/transition-stage", { name, version: String(made), stage: of.stage });
    return made;
  }

  async setAlias(name: string, alias: string, version: number): Promise<void> {
    await this.http.post("registered-models/alias", { name, alias, version: String(version) });
  }
}

export const hasEnded = ({ status }: SourceRun["info"]): boolean => status !== "RUNNING" && status !== "SCHEDULED";

export const parentOf = (tags: readonly Pair[]): string | undefined => tags.find(({ key }) => key === PARENT_TAG)?.value;

function note(found: Map<string, Imported>, id: string, tags: readonly Pair[]): void {
  const from = tags.find(({ key }) => key === FROM_TAG);
  if (from) found.set(from.value, { id, isDone: tags.some(({ key }) => key === DONE_TAG), parent: parentOf(tags) });
}

const present = (fields: Record<string, string | null>) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
