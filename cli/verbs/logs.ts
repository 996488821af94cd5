import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command, Option } from "commander";
import { linesOf } from "../../domain/experiments/log-lines.ts";
import { type Api, connectApi, findRun, type Outputs } from "../api.ts";
import { CliError, EXIT, usage } from "../errors.ts";
import { followRun, writeSegment } from "../follow.ts";
import { note, printJson } from "../output.ts";
import { positive } from "./runs.ts";

type Page = Outputs["experiments"]["logPage"];
interface LogOptions {
  follow?: boolean;
  stream?: "stdout" | "stderr";
  tail?: number;
  attempt?: number;
  json?: boolean;
}

export function logsCommand(): Command {
  return new Command("logs")
    .description("Show a run's log: what its process wrote, byte for byte")
    .argument("<run>", "id, or the name of the newest run called so")
    .option("-f, --follow", "go on until the run ends, and exit as it did")
    .addOption(new Option("--stream <stream>", "only one of the two").choices(["stdout", "stderr"]))
    .option("--tail <lines>", "only the last lines", positive)
    .option("--attempt <number>", "of this attempt; the last one otherwise", positive)
    .option("--json", "the lines with their streams, numbers and times")
    .action(showLogs);
}

async function showLogs(idOrName: string, options: LogOptions): Promise<void> {
  const { follow, stream, tail, json } = options;
  if (follow && (json || options.attempt !== undefined)) throw usage("--follow does not go together with --json or --attempt.");
  const api = connectApi();
  const id = await findRun(api, idOrName);
  const run = await api.trpc.experiments.get.query({ id });
  const attempt = options.attempt === undefined ? run.attempts.at(-1) : run.attempts.find(({ number }) => number === options.attempt);
  if (!attempt && options.attempt !== undefined) throw new CliError(`${run.name} has no attempt ${options.attempt}.`, { exitCode: EXIT.notFound });
  const shown = new Map<string, number>();
  if (attempt && (tail !== undefined || json)) {
    const pages = await lastPages(api, attempt.id, stream, tail ?? Infinity);
    const lines = linesOf(pages.flatMap(({ segments }) => segments)).slice(-(tail ?? Infinity));
    if (json) return printJson(lines.map(({ number, stream, at, text }) => ({ number, stream, at: new Date(at), text })));
    for (const line of lines) writeSegment({ seq: 0, line: 0, at: line.at, droppedBefore: line.dropped, stream: line.stream, text: line.open ? line.text : `${line.text}\n` });
    for (const one of run.attempts) shown.set(one.id, one.id === attempt.id ? (pages.at(-1)?.lastSeq ?? -1) : 2_147_483_647);
  }
  if (follow) process.exitCode = await followRun(api, id, { shown, ...(stream ? { stream } : {}) });
  else if (!attempt) note(`${run.name} is ${run.status}${run.pending ? `: ${run.pending.message}` : ""}. It has written nothing yet.`);
  else if (tail === undefined) await download(api, attempt.id, stream);
}

/** The whole log as it was written. */
async function download(api: Api, attemptId: string, stream: LogOptions["stream"]): Promise<void> {
  const response = await api.raw(`/api/attempts/${attemptId}/log${stream ? `?stream=${stream}` : ""}`);
  if (!response.body) return;
  try {
    await pipeline(Readable.fromWeb(response.body as import("node:stream/web").ReadableStream), process.stdout, { end: false });
  } catch (error) {
    if ((error as { code?: string }).code !== "EPIPE") throw error; // `drover logs … | head`
  }
}

/** Pages from the end backwards until they have so many lines. */
async function lastPages(api: Api, attemptId: string, stream: LogOptions["stream"], lines: number): Promise<Page[]> {
  const pages: Page[] = [];
  const ask = { attemptId, maxBytes: 1024 * 1024, ...(stream ? { stream } : {}) };
  let page = await api.trpc.experiments.logPage.query({ ...ask, tail: true });
  for (let found = 0; ; ) {
    pages.unshift(page);
    found += page.segments.reduce((sum, { text }) => sum + text.split("\n").length - 1, 0);
    if (!page.hasBefore || page.firstSeq === null || found > lines) return pages;
    page = await api.trpc.experiments.logPage.query({ ...ask, before: page.firstSeq });
  }
}

