import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { pipeline } from "node:stream/promises";
import { Command, Option } from "commander";
import { linesOf } from "../../domain/experiments/log-lines.ts";
import { formatBytes } from "../../domain/shared/format.ts";
import { type Api, connectApi, findRun, type Outputs } from "../api.ts";
import { CliError, EXIT, usage } from "../errors.ts";
import { followRun, writeSegment } from "../follow.ts";
import { note, printable, printJson } from "../output.ts";
import { positive } from "./runs.ts";

type Page = Outputs["experiments"]["logPage"];
type Run = Outputs["experiments"]["get"];
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
  const { follow, json, tail } = options;
  if (follow && (json || options.attempt !== undefined)) throw usage("--follow does not go together with --json or --attempt.");
  const api = connectApi();
  const run = await api.trpc.experiments.get.query({ id: await findRun(api, idOrName) });
  const attempt = attemptOf(run, options.attempt);
  if (attempt?.log.removed) throw new CliError(`A retention rule of the organization removed the log of attempt ${attempt.number} (${formatBytes(attempt.log.bytes)}).`, { exitCode: EXIT.notFound });
  const shown = attempt && (json || tail !== undefined) ? await showLines(api, run, attempt.id, options) : new Map<string, number>();
  if (follow) process.exitCode = await followRun(api, run.id, { shown, ...streamOf(options) });
  else if (!attempt) note(printable(`${run.name} is ${run.status}${run.pending ? `: ${run.pending.message}` : ""}. It has written nothing yet.`));
  else if (shown.size === 0) await download(api, attempt.id, options.stream);
}

const streamOf = ({ stream }: LogOptions) => (stream ? { stream } : {});

function attemptOf(run: Run, number: number | undefined) {
  if (number === undefined) return run.attempts.at(-1);
  const found = run.attempts.find((one) => one.number === number);
  if (!found) throw new CliError(`${run.name} has no attempt ${number}.`, { exitCode: EXIT.notFound });
  return found;
}

/** The last lines, or all as JSON. @returns how far each attempt was shown, for following on; those before count as shown. */
async function showLines(api: Api, run: Run, attemptId: string, options: LogOptions): Promise<Map<string, number>> {
  const wanted = options.tail ?? Infinity;
  const pages = await lastPages(api, attemptId, options.stream, wanted);
  const lines = linesOf(pages.flatMap(({ segments }) => segments)).slice(-wanted);
  if (options.json) printJson(lines.map(({ number, stream, at, text }) => ({ number, stream, at: new Date(at), text })));
  else for (const line of lines) writeSegment({ seq: 0, line: 0, at: line.at, droppedBefore: line.dropped, stream: line.stream, text: line.open ? line.text : `${line.text}\n` });
  return new Map(run.attempts.map((one) => [one.id, one.id === attemptId ? (pages.at(-1)?.lastSeq ?? -1) : 2_147_483_647]));
}

/** The whole log as it was written. */
async function download(api: Api, attemptId: string, stream: LogOptions["stream"]): Promise<void> {
  const response = await api.raw(`/api/attempts/${attemptId}/log${stream ? `?stream=${stream}` : ""}`);
  if (!response.body) return;
  try {
    await pipeline(Readable.fromWeb(response.body as NodeReadableStream), process.stdout, { end: false });
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

