import { existsSync, statSync } from "node:fs";
import { Command } from "commander";
import { connectApi } from "../api.ts";
import { cliEnv } from "../env.ts";
import { EXIT, usage } from "../errors.ts";
import { folderSource } from "../import/folder-source.ts";
import { mlflowHttp } from "../import/http.ts";
import { Importer, type ImportSummary } from "../import/importer.ts";
import { restSource } from "../import/rest-source.ts";
import type { Source } from "../import/source.ts";
import { Target } from "../import/target.ts";
import { bytes, note, paint, printable, printJson, say } from "../output.ts";

const TELL_MS = 2000;

interface Options {
  project: string;
  experiment?: string[];
  artifacts: boolean;
  running?: boolean;
  json?: boolean;
}

export function importCommand(): Command {
  const command = new Command("import").description("Bring what other tools recorded");
  command
    .command("mlflow")
    .description("Copy experiments, runs, models and their files from MLflow. Begun again, it goes on where it ended")
    .argument("<source>", "a folder mlruns, or the address of an MLflow server")
    .requiredOption("--project <slug>", "into this project")
    .option("--experiment <names...>", "only these experiments")
    .option("--no-artifacts", "leave files where they are")
    .option("--running", "runs that have not ended there, too")
    .option("--json", "machine-readable")
    .addHelpText("after", "\n  A server that wants a login: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.\n  A database file: serve it first, with mlflow server --backend-store-uri sqlite:///mlflow.db\n  The token needs runs:read, runs:log, models:read, models:write and models:promote.")
    .action(importMlflow);
  return command;
}

async function importMlflow(from: string, { project, experiment, artifacts, running, json }: Options): Promise<void> {
  const { config } = connectApi();
  const source = sourceOf(from);
  const target = new Target(mlflowHttp("Drover", `${config.url.replace(/\/+$/, "")}/mlflow/p/${encodeURIComponent(project)}`, { authorization: `Bearer ${config.token}` }), source.label);
  let told = Date.now();
  const onProgress = (summary: ImportSummary) => {
    if (Date.now() - told < TELL_MS) return;
    told = Date.now();
    note(paint("dim", `› ${inWords(summary)}`));
  };
  const summary = await new Importer(source, target, { experiments: experiment ?? null, artifacts, running: running ?? false, onProgress }).run();
  if (summary.failures.length > 0) process.exitCode = EXIT.failed;
  if (json) return printJson(summary);
  say(`${summary.failures.length === 0 ? paint("green", "✓") : paint("yellow", "△")} ${inWords(summary)}`);
  if (summary.present > 0) say(paint("dim", `  ${summary.present} runs were here already.`));
  if (summary.running > 0) say(paint("dim", `  ${summary.running} have not ended: import again when they have, or with --running.`));
  if (experiment && summary.experiments < experiment.length) say(paint("dim", `  Found ${summary.experiments} of ${experiment.length} experiments.`));
  for (const failure of summary.failures) say(`  ${paint("red", "✕")} ${printable(failure)}`);
  if (summary.failures.length > 0) say("  The rest is imported. The same command again tries these.");
}

function inWords({ experiments, runs, points, files, bytes: size, models, versions }: ImportSummary): string {
  return `${experiments} experiments, ${runs} runs, ${points} points, ${files} files (${bytes(size)}), ${models} models, ${versions} versions`;
}

function sourceOf(from: string): Source {
  if (!/^https?:\/\//.test(from)) {
    if (!existsSync(from) || !statSync(from).isDirectory()) throw usage(`There is no folder ${from}.`, "Name a folder mlruns, or the http address of an MLflow server.");
    return folderSource(from);
  }
  const url = new URL(from);
  const { token, user, password } = cliEnv().mlflow;
  const login = user !== null || url.username ? `Basic ${Buffer.from(`${user ?? decodeURIComponent(url.username)}:${password ?? decodeURIComponent(url.password)}`).toString("base64")}` : token ? `Bearer ${token}` : null;
  url.username = "";
  url.password = "";
  return restSource(mlflowHttp(url.host, url.href, login ? { authorization: login } : {}), `${url.host}${url.pathname.replace(/\/$/, "")}`);
}
