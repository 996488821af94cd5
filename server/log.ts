import pino, { type Logger } from "pino";

let logger: Logger | undefined;

/** The process's logger. Lines of JSON on stderr. */
export function log(): Logger {
  // eslint-disable-next-line no-process-env -- the level must be known before the environment is checked
  logger ??= pino({ level: process.env.DROVER_LOG_LEVEL ?? "info", base: undefined }, pino.destination(2));
  return logger;
}
