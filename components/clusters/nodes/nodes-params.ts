import { parseAsString, parseAsStringLiteral } from "nuqs/server";
import { NODE_CHOICES } from "../../../domain/clusters/node-filter.ts";

/** The URL of a cluster's nodes: text, choice, the switch or block that they hang on, and the node that is open. */
export const nodesParams = {
  q: parseAsString.withDefault(""),
  show: parseAsStringLiteral(NODE_CHOICES),
  under: parseAsString,
  node: parseAsString,
};
