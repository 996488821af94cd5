import { parseArgs } from "node:util";
import { Trouble } from "../say.ts";

export interface UpOptions {
  port: number;
  host: string;
  /** What Ctrl-C does with running work: it goes on and is adopted at the next start, or it is stopped first. */
  jobs: "keep" | "stop";
  open: boolean;
  /** Pages and server from their sources, reloaded as they change: for working on Drover itself. */
  dev: boolean;
}

const USAGE = "Use: ./drover up [--port N] [--keep-jobs | --stop-jobs] [--no-open] [--dev]";

/** @throws Trouble that names the word it does not know. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): UpOptions {
  let values: { port?: string; "keep-jobs"?: boolean; "stop-jobs"?: boolean; "no-open"?: boolean; dev?: boolean };
  try {
    ({ values } = parseArgs({ args, options: { port: { type: "string" }, "keep-jobs": { type: "boolean" }, "stop-jobs": { type: "boolean" }, "no-open": { type: "boolean" }, dev: { type: "boolean" } } }));
  } catch (cause) {
    throw new Trouble(cause instanceof Error ? cause.message.split(". ")[0]! : String(cause), USAGE, { cause });
  }
  if (values["keep-jobs"] && values["stop-jobs"]) throw new Trouble("--keep-jobs and --stop-jobs exclude each other.", USAGE);
  const port = Number(values.port ?? env.DROVER_PORT ?? 7070);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Trouble(`${values.port ?? env.DROVER_PORT} is not a port.`, "Give a number from 1 to 65535.");
  return { port, host: env.DROVER_HOST ?? "127.0.0.1", jobs: values["stop-jobs"] ? "stop" : "keep", open: !values["no-open"], dev: values.dev ?? false };
}
