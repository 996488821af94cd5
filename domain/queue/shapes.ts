import type { Waiting } from "./order.ts";

/** Runs of one ask get one answer from a cluster: whatever fitting looks at, which is all of `Ask`. `steps`: the clusters' `timeSteps`. */
export function askKey({ spec }: Pick<Waiting, "spec">, steps: readonly number[]): string {
  const { cpus, memory, gpus, gpuModel, nodes, minNodes } = spec.resources;
  const { regions, drivers } = spec.constraints;
  const overrides = Object.keys(spec.overrides).length > 0 ? JSON.stringify(spec.overrides) : "";
  return `${cpus} ${memory} ${gpus} ${gpuModel} ${nodes} ${minNodes ?? ""} ${spec.cluster} ${regions.join()} ${drivers.join()} ${spec.launcher} ${spec.processesPerNode} ${spec.workerRestarts} ${spec.code?.kind} ${Boolean(spec.interactive)} ${steps.map((step) => Number((spec.maxDuration ?? 0) > step)).join("")} ${overrides}`;
}

/** Runs of one shape get one answer from the whole pass: whatever placement looks at. */
export function shapeOf({ spec, teamId, projectId, excluded, near }: Waiting, ask: string, withQuotas: boolean): string {
  const whose = withQuotas ? `${teamId} ${projectId} ${spec.preemptible}` : "";
  return `${ask} ${spec.maxDuration} ${spec.checkpoint.graceSeconds} ${whose} ${excluded?.join() ?? ""} ${near ?? ""}`;
}
