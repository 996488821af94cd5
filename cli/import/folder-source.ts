import { createReadStream, existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { type FileOwner, type Pair, type Point, type Source, SourceExperiment, type SourceFile, SourceModel, SourceRegistered, SourceRun, SourceVersion } from "./source.ts";

/** Points of one page. */
const PAGE = 25_000;
const STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
const MODEL_STATUSES = ["LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"];
/** Of model versions and registered models, beside the experiments. */
const REGISTRY = "models";
type Meta = Record<string, unknown>;

/** The folder `mlruns` as MLflow's file store keeps it: nothing of MLflow is needed to read it. */
export function folderSource(folder: string): Source {
  const root = resolve(folder);
  const at = (...parts: string[]) => join(root, ...parts);
  return {
    label: basename(root),
    experiments: async function* () {
      for (const { name, meta } of await metasIn(root)) if (meta.experiment_id !== undefined) yield SourceExperiment.parse({ ...meta, tags: await pairsIn(at(name, "tags")) });
    },
    runs: async function* (experimentId) {
      const found = (await metasIn(at(experimentId))).filter(({ meta }) => meta.run_id !== undefined);
      for (const { name, meta } of found.toSorted((a, b) => Number(a.meta.start_time) - Number(b.meta.start_time))) yield runOf(at(experimentId), name, meta);
    },
    history: (experimentId, runId, key) => pointsOf(at(experimentId, runId, "metrics", ...key.split("/"))),
    loggedModels: async function* (experimentId) {
      for (const { name, meta } of await metasIn(at(experimentId, "models"))) yield SourceModel.parse({ info: { ...meta, status: MODEL_STATUSES[Number(meta.status) - 1], tags: await pairsIn(at(experimentId, "models", name, "tags")) }, data: { params: await pairsIn(at(experimentId, "models", name, "params")) } });
    },
    registered: async function* () {
      for (const { name, meta } of await metasIn(at(REGISTRY))) {
        const aliases = (await pairsIn(at(REGISTRY, name, "aliases"))).map(({ key, value }) => ({ alias: key, version: value.trim() }));
        yield SourceRegistered.parse({ ...meta, tags: await pairsIn(at(REGISTRY, name, "tags")), aliases });
      }
    },
    versions: async (name) => {
      const found = (await metasIn(at(REGISTRY, name))).filter(({ name: folderName }) => folderName.startsWith("version-"));
      const versions = await Promise.all(found.map(async ({ name: folderName, meta }) => SourceVersion.parse({ ...meta, tags: await pairsIn(at(REGISTRY, name, folderName, "tags")) })));
      return versions.toSorted((a, b) => a.version - b.version);
    },
    files: async function* (owner) {
      const home = await artifactsOf(root, owner);
      if (home) yield* filesIn(home);
    },
    open: async (owner, path) => Readable.toWeb(createReadStream(join((await artifactsOf(root, owner)) ?? "", path))) as ReadableStream<Uint8Array>,
  };
}

/** As Python's yaml wrote it, to which a text like 1e-3, without a point, is no number and needs no quotes. */
const metaOf = async (file: string): Promise<Meta> => parse(await readFile(file, "utf8"), { customTags: (tags) => tags.filter((tag) => typeof tag === "string" || tag.format !== "EXP") }) as Meta;

/** Folders below that say what they are, and are not deleted. */
async function metasIn(folder: string): Promise<{ name: string; meta: Meta }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: { name: string; meta: Meta }[] = [];
  for (const entry of entries) {
    const file = join(folder, entry.name, "meta.yaml");
    if (!entry.isDirectory() || entry.name.startsWith(".") || !existsSync(file)) continue;
    const meta = await metaOf(file);
    if (meta.lifecycle_stage !== "deleted") found.push({ name: entry.name, meta });
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function runOf(experiment: string, name: string, meta: Meta): Promise<SourceRun> {
  const home = join(experiment, name);
  const metrics: { key: string }[] = [];
  for await (const { path } of filesIn(join(home, "metrics"))) metrics.push({ key: path });
  const datasets = await Promise.all((await metasIn(join(home, "inputs"))).filter(({ meta: input }) => input.source_type === undefined || input.source_type === "DATASET" || input.source_type === 1).map(({ meta: input }) => datasetOf(experiment, input)));
  const outputs = (await metasIn(join(home, "outputs"))).map(({ meta: output }) => ({ model_id: output.destination_id, step: output.step }));
  return SourceRun.parse({
    info: { ...meta, run_id: name, status: STATUSES[Number(meta.status) - 1] ?? meta.status },
    data: { metrics, params: await pairsIn(join(home, "params")), tags: await pairsIn(join(home, "tags")) },
    inputs: { dataset_inputs: datasets.filter((one) => one !== null) },
    outputs: { model_outputs: outputs },
  });
}

async function datasetOf(experiment: string, input: Meta) {
  const file = join(experiment, "datasets", String(input.source_id), "meta.yaml");
  if (!existsSync(file)) return null;
  const tags = Object.entries((input.tags ?? {}) as Record<string, string>).map(([key, value]) => ({ key, value }));
  return { tags, dataset: await metaOf(file) };
}

/** One file for each key, whose content is the value; keys with slashes lie in folders. */
async function pairsIn(folder: string): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for await (const { path } of filesIn(folder)) pairs.push({ key: path, value: await readFile(join(folder, path), "utf8") });
  return pairs;
}

async function* filesIn(folder: string): AsyncGenerator<SourceFile> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue; // a link could lead anywhere
    const file = join(entry.parentPath, entry.name);
    yield { path: relative(folder, file).split(sep).join("/"), bytes: (await stat(file)).size };
  }
}

const WORDS: Record<string, string> = { nan: "NaN", inf: "Infinity", "-inf": "-Infinity" };
const whole = (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text));

/** A line for each point: time, value, step. */
async function* pointsOf(file: string): AsyncGenerator<Point[]> {
  let page: Point[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const [timestamp = "", value = "", step = "0"] = line.trim().split(/\s+/);
    if (value === "") continue;
    page.push({ timestamp: whole(timestamp), value: WORDS[value.toLowerCase()] ?? Number(value), step: whole(step) });
    if (page.length === PAGE) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

/** Where an owner's files are, if this machine has them: beside its meta.yaml, or where that says. */
async function artifactsOf(root: string, { kind, experimentId, id }: FileOwner): Promise<string | null> {
  const home = kind === "run" ? join(root, experimentId, id) : join(root, experimentId, "models", id);
  const beside = join(home, "artifacts");
  if (existsSync(beside)) return beside;
  const meta = await metaOf(join(home, "meta.yaml"));
  const told = String(meta.artifact_uri ?? meta.artifact_location ?? "");
  const place = told.startsWith("file:") ? fileURLToPath(told) : told;
  return place.startsWith("/") && existsSync(place) ? place : null;
}
