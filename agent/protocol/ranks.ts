import type { JobSpec } from "./messages.ts";

/** Processes per node: as many as the run says, else one per GPU. Without a launcher it is one. */
export function processesOf(spec: Pick<JobSpec, "launcher" | "gpus" | "processesPerNode">): number {
  return spec.launcher === "none" ? 1 : (spec.processesPerNode ?? Math.max(1, spec.gpus));
}

/** Processes of a run. Where there are several, each is a rank whose lines bear its label. */
export const ranksOf = ({ nodes, ...spec }: Pick<JobSpec, "launcher" | "gpus" | "processesPerNode" | "nodes">): number => nodes * processesOf(spec);

/** Under what name the steps of a rank are kept, in seconds; a chart's name may be anybody's, so whoever reads it checks the node. */
export const rankStepKey = (rank: number, node: string): string => `rank/${rank}@${node}/step_seconds`;

/** What stands before each line of a rank in the attempt's one log. */
export const rankLabel = (rank: number): string => `[rank ${rank}] `;
