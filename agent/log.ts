import { agentEnv } from "./env.ts";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
type Level = Exclude<(typeof LEVELS)[number], "silent">;

/** One line per event on stderr: time, level, sentence, then key=value facts. Never secrets, never job output. */
function write(level: Level, message: string, facts: Record<string, unknown> = {}): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(agentEnv().DROVER_LOG_LEVEL)) return;
  const tail = Object.entries(facts).map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  process.stderr.write(`${new Date().toISOString()} ${level} ${message}${tail.join("")}\n`);
}

export const log = {
  debug: (message: string, facts?: Record<string, unknown>) => write("debug", message, facts),
  info: (message: string, facts?: Record<string, unknown>) => write("info", message, facts),
  warn: (message: string, facts?: Record<string, unknown>) => write("warn", message, facts),
  error: (message: string, facts?: Record<string, unknown>) => write("error", message, facts),
};

/** The sentence of anything thrown. */
export const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return error.message + cause;
};
