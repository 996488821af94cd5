import pino, { type DestinationStream, type Logger } from "pino";

let logger: Logger | undefined;

const LEVELS: Record<number, string> = { 10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL" };

/** One readable line: `2026-11-23T12:00:00.000Z INFO  server ready port=7070`, with a stack below where there is an error. */
export function asText(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as { level: number; time: number; msg?: string; err?: { message?: string; stack?: string } } & Record<string, unknown>;
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const cause = err && err.message !== msg ? ` err=${err.message}` : "";
  const stack = err?.stack ? `\n${err.stack}` : "";
  return `${new Date(time).toISOString()} ${(LEVELS[level] ?? "INFO").padEnd(5)} ${msg ?? ""}${fields.join("")}${cause}${stack}\n`;
}

const readable: DestinationStream = { write: (line) => void process.stderr.write(asText(line)) };

/** The process's logger, on stderr: JSON lines, or text for people where DROVER_LOG_FORMAT=text (`./drover up`). */
export function log(): Logger {
  const { DROVER_LOG_LEVEL: level = "info", DROVER_LOG_FORMAT: format } = process.env; // before the environment is checked: its errors are logged, too
  logger ??= pino({ level, base: undefined, serializers: { err: pino.stdSerializers.err } }, format === "text" ? readable : pino.destination(2));
  return logger;
}
