import { NoCapacity } from "../code/setup-failed.ts";
import type { Held } from "../policy.ts";
import { answersTo, sharesNamed } from "../protocol/gpu-model.ts";
import type { JobSpec, NodeReport } from "../protocol/messages.ts";
import type { AttemptRecord } from "./record.ts";

/** What these attempts hold together, as their runs asked for it. */
export function heldBy(records: readonly AttemptRecord[]): Held {
  const specs = records.flatMap((record) => (record.spec ? [record.spec] : []));
  const sum = (of: (spec: JobSpec) => number) => specs.reduce((total, spec) => total + of(spec), 0);
  return { attempts: specs.length, accelerators: sum((spec) => spec.gpus * spec.nodes), cpus: sum((spec) => spec.cpus * spec.nodes), memoryMib: sum((spec) => spec.memoryMib * spec.nodes) };
}

/** Numbers of parts of a GPU begin where those of whole ones end: what is held of one GPU is found by them. */
const gpuOf = (index: number): number => (index < 100 ? index : Math.floor(index / 100) - 1);

/** GPUs of which attempts hold something that there is no longer: whole, where it is shared now, or a share of fewer or more. */
function heldOtherwise(records: readonly Pick<AttemptRecord, "intent">[], accelerators: NodeReport["accelerators"]): Set<number> {
  const now = new Map(accelerators.map(({ index, model }) => [index, sharesNamed(model)]));
  return new Set(records.flatMap(({ intent }) => (intent?.accelerators ?? []).filter((index) => now.get(index) !== (intent?.shares ?? null)).map(gpuOf)));
}

/** The numbers of as many as are wanted; shares of one GPU all of them, of the one with the fewest that are free. Null where there are too few. */
function pick(free: NodeReport["accelerators"], count: number): number[] | null {
  const groups = [...Map.groupBy(free, ({ model, part }) => (sharesNamed(model) === null ? "" : part?.of)).values()];
  const chosen = groups.filter((group) => group.length >= count).toSorted((a, b) => a.length - b.length)[0];
  return chosen?.slice(0, count).map(({ index }) => index) ?? null;
}

/**
 * Indexes of free, working accelerators of the wanted model. What attempts held before the policy was changed keeps its GPU from being
 * given out in another way until they end. @throws NoCapacity that says how many there are.
 */
export function chooseAccelerators(spec: JobSpec, node: NodeReport | undefined, holders: ReadonlyMap<number, string>, records: readonly Pick<AttemptRecord, "intent">[]): number[] {
  const { gpuModel } = spec;
  const all = node?.accelerators ?? [];
  const otherwise = heldOtherwise(records, all);
  const free = all.filter((one) => one.health !== "failed" && !holders.has(one.index) && !otherwise.has(gpuOf(one.index)) && answersTo(one.model, gpuModel));
  const named = gpuModel ? `${gpuModel} GPUs` : "GPUs";
  const chosen = pick(free, spec.gpus);
  if (!chosen) throw new NoCapacity(`resources.gpus: it needs ${spec.gpus} ${named}; ${free.length} are free and working here.`);
  return chosen;
}
