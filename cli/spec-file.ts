import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { isMap, isScalar, parse } from "yaml";
import type { RunSpec } from "../domain/experiments/run-spec.ts";
import { readSpecDocument, type SpecDocument, specOf } from "../domain/experiments/spec-yaml.ts";
import { CliError, EXIT, usage } from "./errors.ts";
import { readStdin } from "./prompt.ts";

export interface SpecOptions {
  name?: string;
  project?: string;
  cluster?: string;
  experiment?: string;
  code?: string;
  /** `key=value`, dots for inner fields. */
  set: string[];
}

export interface LoadedSpec {
  document: SpecDocument;
  /** Where it was read, for messages. */
  source: string;
  /** A folder to pack; null when the code is something else, or there is none. */
  folder: string | null;
}

/** Read a YAML file (`-`: standard input) or start from nothing but a command, then apply what the command line says. */
export async function loadSpec(file: string | null, command: string[], options: SpecOptions): Promise<LoadedSpec> {
  if (!file && command.length === 0) throw usage("Name a YAML file, or a command after --.", "For example: drover run train.yaml, or: drover run --code . -- python train.py");
  const source = file === "-" ? "standard input" : (file ?? "the command line");
  const document = readSpecDocument(await readText(file));
  if (document.issues.length > 0) throw new CliError(`${source} is not a run.`, { exitCode: EXIT.usage, issues: document.issues });
  const { doc } = document;
  for (const field of ["name", "project", "cluster", "experiment"] as const) if (options[field] !== undefined) doc.set(field, options[field]);
  if (command.length > 0) doc.set("command", command);
  if (!doc.has("name") && command.length > 0) doc.set("name", basename(command[0]!).slice(0, 128) || "run");
  for (const pair of options.set) applySet(document, pair);
  const from = !file || file === "-" ? process.cwd() : dirname(resolve(file));
  const folder = options.code !== undefined ? resolve(options.code) : folderOf(document, from);
  if (folder !== null && (!file || options.code !== undefined || doc.has("code"))) setArchive({ document, source, folder }, "0".repeat(64), 0);
  return { document, source, folder };
}

async function readText(file: string | null): Promise<string> {
  if (file === null) return "{}";
  if (file === "-") return readStdin();
  if (!existsSync(file)) throw usage(`There is no file ${file}.`, "A command goes after --, for example: drover run -- python train.py");
  if (statSync(file).isDirectory()) throw usage(`${file} is a folder.`, `Name a YAML file in it, or pack it: drover run --code ${file} -- python train.py`);
  return readFileSync(file, "utf8");
}

/** `env.A.B=x` sets the variable `A.B`: only these three hold names that may have dots. */
const FREE_NAMES = new Set(["env", "params", "tags"]);

function applySet({ doc }: SpecDocument, pair: string): void {
  const at = pair.indexOf("=");
  if (at < 1) throw usage(`--set ${pair}: expected key=value, such as resources.gpus=2.`);
  const [first, ...rest] = pair.slice(0, at).split(".") as [string, ...string[]];
  const path = FREE_NAMES.has(first) && rest.length > 0 ? [first, rest.join(".")] : [first, ...rest];
  const text = pair.slice(at + 1);
  const isText = first === "env" || first === "tags" || path[0] === "command" || path[0] === "name";
  const value = isText ? text : valueOf(text, pair);
  try {
    doc.setIn(path, value);
  } catch {
    throw usage(`--set ${pair}: ${path.slice(0, -1).join(".")} is not a group of fields.`);
  }
}

function valueOf(text: string, pair: string): unknown {
  try {
    return parse(text);
  } catch {
    throw usage(`--set ${pair}: ${text} is not YAML.`, `Quotes make it a text: --set '${pair.slice(0, pair.indexOf("="))}="…"'`);
  }
}

/** `code: .` and `code: {folder: .}` name a folder beside the file; git URLs and archives pass as they are. */
function folderOf({ doc, lines }: SpecDocument, from: string): string | null {
  const code = doc.get("code", true);
  if (isMap(code) && code.has("folder")) {
    const folder = code.get("folder");
    const others = code.items.map(({ key }) => String(isScalar(key) ? key.value : key)).filter((key) => key !== "folder" && key !== "kind");
    const line = lines.linePos(code.range?.[0] ?? 0).line;
    if (typeof folder !== "string" || others.length > 0) throw new CliError("code is not understood.", { exitCode: EXIT.usage, issues: [{ field: "code", message: "A folder is `code: { folder: PATH }`, and nothing else.", line }] });
    return resolve(from, folder);
  }
  if (!isScalar(code) || typeof code.value !== "string") return null;
  if (/^(https:\/\/|ssh:\/\/|git@|file:\/\/)/.test(code.value)) {
    const [url, ref] = code.value.split("#") as [string, string | undefined];
    doc.set("code", doc.createNode({ kind: "git", url, ...(ref ? { ref } : {}) }));
    return null;
  }
  return resolve(from, code.value);
}

/** Put the packed folder's archive in the place of its name. The line of `code:` stays known. */
export function setArchive({ document: { doc } }: LoadedSpec, sha256: string, bytes: number): void {
  const before = doc.get("code", true) as { range?: unknown } | undefined;
  const node = doc.createNode({ kind: "archive", sha256, bytes });
  if (before?.range) (node as { range?: unknown }).range = before.range;
  doc.set("code", node);
}

/** @throws CliError that names each field and its line. */
export function parseSpec({ document, source }: LoadedSpec): RunSpec {
  const { spec, issues } = specOf(document);
  if (spec) return spec;
  throw new CliError(`${source} is not a run.`, { exitCode: EXIT.usage, issues });
}
