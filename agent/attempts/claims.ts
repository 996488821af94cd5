import { NoCapacity } from "../code/setup-failed.ts";
import type { Held } from "../policy.ts";
import { answersTo } from "../protocol/gpu-model.ts";
import type { JobSpec, NodeReport } from "../protocol/messages.ts";
import type { AttemptRecord } from "./record.ts";

/** What these attempts hold together, as their runs asked for it. */
export function heldBy(records: readonly AttemptRecord[]): Held {
  const specs = records.flatMap((record) => (record.spec ? [record.spec] : []));
  const sum = (of: (spec: JobSpec) => number) => specs.reduce((total, spec) => total + of(spec), 0);
  return { attempts: specs.length, accelerators: sum((spec) => spec.gpus * spec.nodes), cpus: sum((spec) => spec.cpus * spec.nodes), memoryMib: sum((spec) => spec.memoryMib * spec.nodes) };
}

/** Indexes of free, working accelerators of the wanted model. @throws NoCapacity that says how many there are. */
export function chooseAccelerators(spec: JobSpec, node: NodeReport | undefined, holders: ReadonlyMap<number, string>): number[] {
  const { gpuModel } = spec;
  const free = (node?.accelerators ?? []).filter((one) => one.health !== "failed" && !holders.has(one.index) && answersTo(one.model, gpuModel));
  const named = gpuModel ? `${gpuModel} GPUs` : "GPUs";
  if (free.length < spec.gpus) throw new NoCapacity(`resources.gpus: it needs ${spec.gpus} ${named}; ${free.length} are free and working here.`);
  return free.slice(0, spec.gpus).map((one) => one.index);
}
