import { parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs/server";

/** The URL of a log: which attempt, where in it, what is searched. A link shows a colleague the same lines. */
export const logParams = {
  /** The attempt's number; the newest when absent. */
  attempt: parseAsInteger,
  /** Counted from 1. */
  line: parseAsInteger,
  stream: parseAsStringLiteral(["stdout", "stderr"] as const),
  /** Only lines of this level, as a list. */
  level: parseAsStringLiteral(["error", "warn"] as const),
  /** Only lines of this one of several processes, as a list. */
  rank: parseAsInteger,
  q: parseAsString.withDefault(""),
  regex: parseAsBoolean.withDefault(false),
  wrap: parseAsBoolean.withDefault(true),
  times: parseAsBoolean.withDefault(false),
};
