import { parseAsFloat, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { RANGE_NAMES } from "../../../domain/clusters/telemetry-range.ts";

/** The URL of a cluster's charts: the node and the time range; `from` and `to` (Unix ms) where one zoomed in. */
export const telemetryParams = {
  node: parseAsString,
  range: parseAsStringLiteral(RANGE_NAMES).withDefault("1h"),
  from: parseAsFloat,
  to: parseAsFloat,
};
