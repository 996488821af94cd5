import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { costInWords } from "../../domain/costs/plan-words.ts";
import type { RunSpec } from "../../domain/experiments/run-spec.ts";
import { paths } from "../../paths.ts";
import { type Api, connectApi, type Outputs } from "../api.ts";
import { CliError, EXIT, isUnreachable, usage } from "../errors.ts";
import { followRun } from "../follow.ts";
import { bytes, note, paint, printable, printJson, say, table } from "../output.ts";
import { packFolder, type PackedFolder } from "../pack.ts";
import { type LoadedSpec, loadSpec, parseSpec, setArchive, type SpecOptions } from "../spec-file.ts";
import { showCommand } from "./show.ts";

type Plan = Outputs["experiments"]["plan"];
interface RunOptions extends SpecOptions {
  plan?: boolean;
  follow?: boolean;
  json?: boolean;
  key?: string;
}

const SUBMIT_TRIES = 6;
const collect = (value: string, all: string[]) => [...all, value];

/** @param command What stood after `--`. */
export function runCommand(command: string[]): Command {
  return new Command("run")
    .description("Submit a run: a YAML file, or a command after --")
    .argument("[file]", "YAML file; - reads standard input")
    .option("--name <name>", "the run's name")
    .option("--project <slug>", "the project it belongs to")
    .option("--experiment <name>", "the experiment it is filed under")
    .option("--cluster <name>", "where it must run")
    .option("--code <folder>", "a folder to pack and run in")
    .option("--set <key=value>", "change a field, such as resources.gpus=2 or params.lr=0.1; repeatable", collect, [])
    .option("--plan", "only say where and when it would run")
    .option("-f, --follow", "show the log until the end, and exit as the run did")
    .option("--key <text>", "idempotency key: a repeated submit with the same key gives the same run")
    .option("--json", "machine-readable")
    .addHelpText("after", "\nA run is described in docs/run-spec.md.\n\n  drover run train.yaml --follow\n  drover run --code . --set resources.gpus=1 -- python train.py --epochs 3\n  drover run train.yaml --set params.lr=0.01 --plan")
    .addCommand(showCommand())
    .action((file: string | undefined, options: RunOptions) => run(file ?? null, command, options));
}

async function run(file: string | null, command: string[], options: RunOptions): Promise<void> {
  if (options.json && options.follow) throw usage("--json and --follow do not go together.");
  const loaded = await loadSpec(file, command, options);
  const api = connectApi();
  const viewer = await api.trpc.access.viewer.query();
  if (!loaded.document.doc.has("project")) loaded.document.doc.set("project", onlyProject(viewer));
  parseSpec(loaded); // before anything is packed: mistakes are told at once
  if (options.plan) return showPlan(await naming(loaded, () => api.trpc.experiments.plan.query({ spec: parseSpec(loaded) })), options.json ?? false);
  if (loaded.folder !== null) await sendFolder(api, loaded, loaded.folder);
  const spec = parseSpec(loaded);
  const { id, plan } = await naming(loaded, () => submit(api, spec, options.key ?? randomUUID()));
  const url = new URL(paths.run(viewer.org.slug, id), api.config.url).href;
  if (options.json) return printJson({ id, url, plan });
  note(`${paint("green", "✓")} ${spec.name} is queued. ${printable(plan.message)}`);
  note(paint("dim", `  ${url}`));
  if (!options.follow) return say(id);
  note(paint("dim", `  ${id}: leaving with Ctrl-C does not stop it; drover cancel ${id} does`));
  process.exitCode = await followRun(api, id);
}

function onlyProject(viewer: Outputs["access"]["viewer"]): string {
  const mine = viewer.projects.filter(({ held }) => held.includes("runs:submit"));
  if (mine.length === 1) return mine[0]!.slug;
  throw usage(mine.length === 0 ? "You may not submit to any project." : `Say which project: --project ${mine.map(({ slug }) => slug).join(" | ")}`, mine.length === 0 ? "Ask an organization admin for the role member in one." : undefined);
}

/** The server names fields; the file knows their lines. */
async function naming<T>({ document, source }: LoadedSpec, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const issues = (error as { data?: { issues?: { field: string; message: string }[] } }).data?.issues;
    if (!issues?.length) throw error;
    const named = issues.map((issue) => ({ ...issue, field: issue.field.replace(/^spec\./, "") }));
    throw new CliError(`${source} was refused.`, { issues: named.map((issue) => ({ ...issue, ...lineOf(document, issue.field) })), cause: error });
  }
}

function lineOf({ doc, lines }: LoadedSpec["document"], field: string): { line?: number } {
  for (const path = field.split("."); path.length > 0; path.pop()) {
    const at = (doc.getIn(path, true) as { range?: [number] } | undefined)?.range?.[0];
    if (at !== undefined) return { line: lines.linePos(at).line };
  }
  return {};
}

/** The same key each time: a submit whose answer was lost is not made twice. */
async function submit(api: Api, spec: RunSpec, idempotencyKey: string) {
  for (let tried = 1; ; tried++) {
    try {
      return await api.trpc.experiments.submit.mutate({ spec, idempotencyKey });
    } catch (error) {
      if (!isUnreachable(error) || tried === SUBMIT_TRIES) throw error;
      await sleep(250 * 2 ** tried);
    }
  }
}

async function sendFolder(api: Api, loaded: LoadedSpec, folder: string): Promise<void> {
  const packed = await packFolder(folder);
  try {
    const { uploaded } = await api.trpc.experiments.codeUploaded.query({ sha256: packed.sha256 });
    if (uploaded) note(paint("dim", `› ${packed.files} files, ${bytes(packed.bytes)}: already uploaded`));
    else await upload(api, packed);
    setArchive(loaded, packed.sha256, packed.bytes);
  } finally {
    packed.remove();
  }
}

async function upload(api: Api, packed: PackedFolder): Promise<void> {
  const line = (sent: number) => `› uploading ${packed.files} files, ${bytes(packed.bytes)}: ${Math.floor((100 * sent) / packed.bytes)} %`;
  let sent = 0;
  const file = createReadStream(packed.file);
  if (process.stderr.isTTY) {
    file.on("data", (part) => {
      sent += part.length;
      process.stderr.write(`\r${line(sent)}`);
    });
  }
  await api.raw(`/api/code/${packed.sha256}`, { method: "PUT", body: Readable.toWeb(file) as ReadableStream, duplex: "half", headers: { "content-type": "application/gzip" } } as RequestInit);
  if (process.stderr.isTTY) process.stderr.write("\n");
  else note(paint("dim", line(packed.bytes)));
}

function showPlan(plan: Plan, json: boolean): void {
  if (plan.verdict === "never") process.exitCode = EXIT.failed;
  if (json) return printJson(plan);
  const icon = { now: paint("green", "✓ now"), later: paint("yellow", "△ later"), never: paint("red", "✕ never") };
  say(`${icon[plan.verdict]}  ${printable(plan.message)}`);
  if (plan.earliestAt) say(paint("dim", `  At the latest ${new Date(plan.earliestAt).toLocaleString()}: ${plan.basis ?? ""}`));
  if (plan.ahead > 0) say(paint("dim", `  ${plan.ahead} ${plan.ahead === 1 ? "run is" : "runs are"} ahead in the queue.`));
  for (const words of [plan.end, plan.reserved]) if (words) say(paint("dim", `  ${printable(words)}`));
  const cost = plan.cost && costInWords(plan.cost);
  if (cost) say(paint("dim", `  ${cost}`));
  if (plan.cost?.refusal) say(paint("red", `  ${plan.cost.refusal}`));
  if (plan.clusters.length === 0) return;
  say();
  table([{ head: "CLUSTER" }, { head: "VERDICT" }, { head: "WHY" }], plan.clusters.map((one) => [one.name, icon[one.verdict], one.reason + (one.field ? paint("dim", ` (${one.field})`) : "")]), "");
}
