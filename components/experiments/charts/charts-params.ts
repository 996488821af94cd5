import { parseAsBoolean, parseAsFloat, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { SERIES_X } from "../../../domain/experiments/run-inputs.ts";

/** The URL of a run's charts: axis, range, filter, smoothing. */
export const chartsParams = {
  x: parseAsStringLiteral(SERIES_X).withDefault("step"),
  keys: parseAsString.withDefault(""),
  /** Percent, 0 to 99. */
  smooth: parseAsInteger.withDefault(0),
  log: parseAsBoolean.withDefault(false),
  from: parseAsFloat,
  to: parseAsFloat,
};
