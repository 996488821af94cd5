import { fewestNodes } from "../experiments/node-count.ts";
import type { DriverKind, RunSpec } from "../experiments/run-spec.ts";
import type { FieldIssue } from "../shared/errors.ts";

/** What an agent says its driver can do. A spec field outside it is refused at submit, by name. */
export interface Capabilities {
  driver: DriverKind;
  maxNodes: number;
  launchers: string[];
  git: boolean;
  checkpoint: boolean;
  /** Keys of `overrides.<driver>` that are understood. */
  overrides: string[];
  /** How a memory limit is enforced on this machine. */
  memoryLimit: "cgroup" | "watch" | "none";
  /** People may open shells and apps in its runs: the driver can, and the policy on the cluster's side allows it. Older agents do not say. */
  interactive?: boolean | undefined;
}

/** Why nobody gets into the runs of a cluster that is not `interactive`. */
export const NOT_INTERACTIVE = "This cluster lets nobody into its runs: policy.json there says interactive: false, or its agent is too old.";

/** Fields of the spec that this target cannot honour, each with the cure. Empty when all can be. */
export function unsupportedFields(spec: RunSpec, can: Capabilities): FieldIssue[] {
  const issues: FieldIssue[] = [];
  const refuse = (field: string, message: string) => issues.push({ field, message });
  const minNodes = spec.resources.minNodes ?? null; // a spec may be older than the field
  const fewest = fewestNodes(spec.resources);
  if (fewest > can.maxNodes) {
    refuse(minNodes === null ? "resources.nodes" : "resources.minNodes", `The ${can.driver} driver runs on ${can.maxNodes === 1 ? "one node" : `at most ${can.maxNodes} nodes`}; asked for ${minNodes === null ? "" : "at least "}${fewest}. Use a cluster with a scheduler such as Slurm.`);
  }
  if (minNodes !== null && spec.launcher !== "torchrun") refuse("resources.minNodes", `Only torchrun starts on fewer nodes than it may have; the launcher is ${spec.launcher}. Use torchrun, or remove it.`);
  if (!can.launchers.includes(spec.launcher)) {
    refuse("launcher", `The ${can.driver} driver cannot launch with ${spec.launcher}. It knows: ${can.launchers.join(", ")}.`);
  }
  if ((spec.processesPerNode ?? 1) > 1 && spec.launcher === "none") refuse("processesPerNode", "Without a launcher there is one process per node. Use torchrun or mpi, or remove it.");
  if ((spec.workerRestarts ?? 0) > 0 && spec.launcher !== "torchrun") refuse("workerRestarts", `Only torchrun starts workers anew; the launcher is ${spec.launcher}. For whole attempts there is retry.max.`);
  if (spec.code?.kind === "git" && !can.git) refuse("code.kind", "This cluster's agent has no git. Upload the folder instead.");
  if (spec.interactive && !can.interactive) refuse("interactive", NOT_INTERACTIVE);
  return [...issues, ...unsupportedOverrides(spec, can)];
}

function unsupportedOverrides(spec: RunSpec, can: Capabilities): FieldIssue[] {
  const issues: FieldIssue[] = [];
  const refuse = (field: string, message: string) => issues.push({ field, message });
  for (const [driver, settings] of Object.entries(spec.overrides)) {
    if (driver !== can.driver) {
      if (spec.cluster) refuse(`overrides.${driver}`, `The cluster runs ${can.driver}, so overrides.${driver} would be ignored. Remove it.`);
      continue; // another cluster may still use it: placement picks one that can
    }
    for (const key of Object.keys(settings)) {
      if (!can.overrides.includes(key)) refuse(`overrides.${driver}.${key}`, `The ${driver} driver does not know ${key}. It knows: ${can.overrides.join(", ") || "none"}.`);
    }
  }
  return issues;
}
