import { parseAsString, parseAsStringLiteral } from "nuqs/server";
import { NODE_CHOICES } from "../../../domain/clusters/node-filter.ts";

/** The URL of a cluster's nodes: text, choice, and the node that is open. */
export const nodesParams = {
  q: parseAsString.withDefault(""),
  show: parseAsStringLiteral(NODE_CHOICES),
  node: parseAsString,
};
