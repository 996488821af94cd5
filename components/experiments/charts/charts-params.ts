import { parseAsBoolean, parseAsFloat, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs/server";
import type { SeriesX } from "../../../domain/experiments/run-inputs.ts"; // the type only: its schemas would bring zod to the page

/** The URL of a run's charts: axis, range, filter, smoothing. */
export const chartsParams = {
  x: parseAsStringLiteral(["step", "time", "relative"] as const satisfies SeriesX[]).withDefault("step"),
  keys: parseAsString.withDefault(""),
  /** Percent, 0 to 99. */
  smooth: parseAsInteger.withDefault(0),
  log: parseAsBoolean.withDefault(false),
  from: parseAsFloat,
  to: parseAsFloat,
};
