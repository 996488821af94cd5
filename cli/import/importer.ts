import pMap from "p-map";
import { CliError, isUnreachable, toCliError } from "../errors.ts";
import { MlflowRefused, OF_THE_REQUEST } from "./http.ts";
import type { FileOwner, Source, SourceExperiment, SourceModel, SourceRegistered, SourceRun, SourceVersion } from "./source.ts";
import { hasEnded, type Imported, parentOf, type Target } from "./target.ts";

const AT_ONCE = 4;

export interface ImportOptions {
  /** Only these; null: all. */
  experiments: readonly string[] | null;
  artifacts: boolean;
  /** Runs that have not ended, too. */
  running: boolean;
  /** Called whenever a count grew. */
  onProgress: (summary: ImportSummary) => void;
}

export interface ImportSummary {
  experiments: number;
  runs: number;
  /** Were here already, whole. */
  present: number;
  /** Have not ended where they come from. */
  running: number;
  points: number;
  files: number;
  bytes: number;
  models: number;
  versions: number;
  /** One line for each thing that could not be imported; the rest was. */
  failures: string[];
}

/** Problems that are told of one run or model. */
const TOLD = 5;

/** Metrics and files of a run or model: one that can be no part of it here, such as a name that is refused, keeps no other from coming. */
class Parts {
  private readonly problems: string[] = [];

  get areWhole(): boolean {
    return this.problems.length === 0;
  }

  /** @throws what concerns the others too: a server out of reach, a token that may not. */
  async take(name: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const isAbout = error instanceof MlflowRefused ? OF_THE_REQUEST.has(error.status) : !isUnreachable(error);
      if (!isAbout) throw error;
      this.problems.push(`${name}: ${toCliError(error, null).message}`);
    }
  }

  /** @throws CliError */
  complain(): void {
    if (this.areWhole) return;
    const more = this.problems.length - TOLD;
    throw new CliError(`${this.problems.slice(0, TOLD).join("; ")}${more > 0 ? `; and ${more} more` : ""}`);
  }
}

/** What was called so there, and what it is called here. */
interface Names {
  runs: Map<string, string>;
  models: Map<string, string>;
}

/**
 * Copies experiments with their runs, logged models and registered models into a project. May be cut off anywhere and begun
 * again: what is here whole is left alone, what is here in part goes on where it ended.
 */
export class Importer {
  private readonly source: Source;
  private readonly target: Target;
  private readonly options: ImportOptions;
  private readonly names: Names = { runs: new Map(), models: new Map() };
  readonly summary: ImportSummary = { experiments: 0, runs: 0, present: 0, running: 0, points: 0, files: 0, bytes: 0, models: 0, versions: 0, failures: [] };

  constructor(source: Source, target: Target, options: ImportOptions) {
    this.source = source;
    this.target = target;
    this.options = options;
  }

  async run(): Promise<ImportSummary> {
    const { experiments } = this.options;
    for await (const experiment of this.source.experiments()) {
      if (experiments && !experiments.includes(experiment.name)) continue;
      await this.experiment(experiment);
      this.count({ experiments: 1 });
    }
    for await (const model of this.source.registered()) await this.attempt(`registered model ${model.name}`, () => this.registered(model));
    return this.summary;
  }

  private count(more: Partial<Omit<ImportSummary, "failures">>): void {
    for (const [key, by] of Object.entries(more) as [keyof typeof more, number][]) this.summary[key] += by;
    this.options.onProgress(this.summary);
  }

  /** One that fails keeps no other from being imported. */
  private async attempt(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.summary.failures.push(`${what}: ${toCliError(error, null).message}`);
    }
  }

  private async experiment({ experiment_id: id, name, tags }: SourceExperiment): Promise<void> {
    const here = await this.target.experiment(name, tags);
    const known = await this.target.importedRuns(here);
    for (const [from, { id: runId }] of known) this.names.runs.set(from, runId);
    const seen: SourceRun[] = [];
    await pMap(this.source.runs(id), (run) => this.attempt(`run ${run.info.run_name ?? run.info.run_id}`, async () => {
      seen.push({ ...run, data: { ...run.data, params: [] } });
      await this.oneRun({ there: id, here }, run, known.get(run.info.run_id));
    }), { concurrency: AT_ONCE });
    for (const run of seen) await this.attempt(`parent of run ${run.info.run_id}`, () => this.setParent(run, known.get(run.info.run_id)?.parent));
    const knownModels = await this.target.importedModels(here);
    for (const [from, { id: modelId }] of knownModels) this.names.models.set(from, modelId);
    await pMap(this.source.loggedModels(id), (model) => this.attempt(`logged model ${model.info.name}`, () => this.oneModel({ there: id, here }, model, knownModels.get(model.info.model_id))), { concurrency: AT_ONCE });
    for (const run of seen) await this.attempt(`models of run ${run.info.run_id}`, () => this.linkModels(run));
  }

  private async oneRun({ there, here }: { there: string; here: string }, run: SourceRun, known: Imported | undefined): Promise<void> {
    const { run_id: from } = run.info;
    if (known?.isDone) return this.count({ present: 1 });
    if (!this.options.running && !hasEnded(run.info)) return this.count({ running: 1 });
    const id = known?.id ?? (await this.target.createRun(here, run));
    this.names.runs.set(from, id);
    await this.target.logTexts(id, run);
    const parts = new Parts();
    for (const key of run.data.metrics) await parts.take(key, () => this.metric({ there, from, id, key }, known !== undefined));
    if (this.options.artifacts) await this.files({ kind: "run", experimentId: there, id: from }, { kind: "run", experimentId: here, id }, parts);
    await this.target.finishRun(id, run, parts.areWhole);
    this.count({ runs: 1 });
    parts.complain();
  }

  private async metric({ there, from, id, key }: { there: string; from: string; id: string; key: string }, isBegun: boolean): Promise<void> {
    let here = isBegun ? await this.target.countPoints(id, key) : 0;
    for await (const page of this.source.history(there, from, key)) {
      const fresh = page.slice(Math.min(here, page.length));
      here -= page.length - fresh.length;
      await this.target.logPoints(id, key, fresh);
      this.count({ points: fresh.length });
    }
  }

  private async files(there: FileOwner, here: FileOwner, parts: Parts): Promise<void> {
    const present = await this.target.files(here);
    for await (const { path, bytes } of this.source.files(there)) {
      if (present.get(path) === bytes) continue;
      await parts.take(path, async () => {
        await this.target.putFile(here, path, () => this.source.open(there, path));
        this.count({ files: 1, bytes });
      });
    }
  }

  /** Only now, when all have their names here. @param told What an earlier import left it with. */
  private async setParent({ info, data }: SourceRun, told: string | undefined): Promise<void> {
    const parent = parentOf(data.tags);
    const [child, to] = [this.names.runs.get(info.run_id), parent && this.names.runs.get(parent)];
    if (child && to && told !== to) await this.target.setParent(child, to);
  }

  private async oneModel({ there, here }: { there: string; here: string }, { info, data }: SourceModel, known: Imported | undefined): Promise<void> {
    if (known?.isDone) return;
    const sourceRunId = info.source_run_id ? (this.names.runs.get(info.source_run_id) ?? null) : null;
    const id = known?.id ?? (await this.target.createModel(here, { id: info.model_id, name: info.name, type: info.model_type, sourceRunId, params: data.params, tags: info.tags }));
    this.names.models.set(info.model_id, id);
    const parts = new Parts();
    if (this.options.artifacts) await this.files({ kind: "model", experimentId: there, id: info.model_id }, { kind: "model", experimentId: here, id }, parts);
    await this.target.finishModel(id, info.status ?? "LOGGED_MODEL_READY", parts.areWhole);
    this.count({ models: 1 });
    parts.complain();
  }

  private async linkModels({ info, outputs }: SourceRun): Promise<void> {
    const models = outputs.model_outputs.flatMap(({ model_id, step }) => (this.names.models.has(model_id) ? [{ model_id: this.names.models.get(model_id)!, step: step ?? 0 }] : []));
    const run = this.names.runs.get(info.run_id);
    if (run) await this.target.linkModels(run, models);
  }

  /** Versions whose run or model was imported; others would point to nothing, unless all was. */
  private async registered({ name, description, tags, aliases }: SourceRegistered): Promise<void> {
    const versions = (await this.source.versions(name)).map((version) => ({ ...version, place: this.sourceHere(version) }));
    const isWanted = ({ place, source }: (typeof versions)[number]) => this.options.experiments === null || place !== source;
    if (!versions.some(isWanted)) return;
    const known = await this.target.registered(name, description, tags);
    const here = new Map<number, number>();
    for (const one of versions) {
      // Another source may have a model of this name, whose versions count from 1 too: only what it is made of tells them apart.
      const before = known.find(({ from, source }) => from === one.version && (source === one.place || source === one.source));
      if (before) here.set(one.version, before.version);
      else if (isWanted(one)) {
        here.set(one.version, await this.target.createVersion(name, one.version, { source: one.place, runId: one.run_id ? (this.names.runs.get(one.run_id) ?? null) : null, description: one.description, tags: one.tags, stage: one.current_stage }));
        this.count({ versions: 1 });
      }
    }
    for (const { alias, version } of aliases) if (here.has(version)) await this.target.setAlias(name, alias, here.get(version)!);
  }

  /** Where a version's files are here; as it was where they are not. */
  private sourceHere({ source, run_id }: SourceVersion): string {
    const model = /(?:^models:\/|\/models\/)(m-[0-9a-f]{32})(?:\/|$)/.exec(source)?.[1];
    if (model && this.names.models.has(model)) return `models:/${this.names.models.get(model)!}`;
    const [, run = run_id, path = ""] = /^runs:\/([^/]+)\/?(.*)$/.exec(source) ?? /\/([^/]+)\/artifacts\/?(.*)$/.exec(source) ?? [];
    const here = run ? this.names.runs.get(run) : undefined;
    return here ? `runs:/${here}/${path}`.replace(/\/$/, "") : source;
  }
}
