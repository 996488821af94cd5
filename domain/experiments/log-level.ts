import type { LOG_LEVELS } from "./run-inputs.ts";

export type LogLevel = (typeof LOG_LEVELS)[number];

const ERROR = /\b(?:error|err|exception|traceback|fatal|critical|panic(?:ked)?|segmentation fault|core dumped|out of memory|oom|killed)\b|\w+(?:Error|Exception)\b/i;
const WARN = /\bwarn(?:ing)?s?\b|\w+Warning\b|\bdeprecated\b/i;

/** What a line seems to be, from its words: no two frameworks mark levels alike. */
export function guessLevel(line: string): LogLevel {
  if (ERROR.test(line)) return "error";
  return WARN.test(line) ? "warn" : "info";
}
