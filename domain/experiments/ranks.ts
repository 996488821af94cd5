import { processesOf } from "../../agent/protocol/ranks.ts";
import type { RunSpec } from "./run-spec.ts";

/** Processes of a run. Where there are several, each is a rank whose lines bear its label. */
export function ranksOf({ launcher, processesPerNode, resources: { gpus, nodes } }: Pick<RunSpec, "launcher" | "processesPerNode" | "resources">): number {
  return nodes * processesOf({ launcher, gpus, processesPerNode });
}
