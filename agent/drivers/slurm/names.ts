import { createHash } from "node:crypto";
import path from "node:path";

export const JOB_NAME_PREFIX = "drover-";
export const jobName = (attemptId: string): string => `${JOB_NAME_PREFIX}${attemptId}`;

const ARRAY_NAME_PREFIX = `${JOB_NAME_PREFIX}array-`;
/** Told by the attempts of a job array, in their order: the same ones are found again by it, and no others. */
export const arrayName = (attemptIds: readonly string[]): string => `${ARRAY_NAME_PREFIX}${createHash("sha256").update(attemptIds.join("\n")).digest("hex").slice(0, 32)}`;
export const isArrayName = (name: string): boolean => name.startsWith(ARRAY_NAME_PREFIX);

/** What an attempt is called in Slurm, from before it was first submitted and for good: its job's name, in an array its task's index too. */
export interface Called {
  name: string;
  index: number | null;
}
export const calledOf = (attemptId: string, handle: { array: { name: string; index: number } | null } | null): Called => handle?.array ?? { name: jobName(attemptId), index: null };

/** What leads Slurm from a task's index to its attempt's own log; the folder is the driver's. */
export const taskLink = (folder: string, { name, index }: { name: string; index: number | "%a" }): string => path.join(folder, `${name}_${index}`);

/** `0-3,7,10-16:2%5` → indexes. */
export function taskIndexes(text: string): number[] {
  return text.replace(/%\d+$/, "").split(",").flatMap((range) => {
    const [, from = "", to = from, step = "1"] = /^(\d+)(?:-(\d+))?(?::(\d+))?$/.exec(range) ?? [];
    if (from === "") return [];
    return Array.from({ length: Math.max(0, Math.floor((Number(to) - Number(from)) / Number(step)) + 1) }, (_, at) => Number(from) + at * Number(step));
  });
}

/**
 * Which tasks a job stands for, by the number that squeue and sacct show: `11` alone, `11_8` one task, `11_[0-3]` those that
 * wait in one record. An array that was cancelled has what is left of it under `11` alone.
 */
export function tasksOf(shown: string): { id: string; index: number | null; isApart: boolean }[] {
  const [, master = "", index, waiting] = /^(\d+)(?:_(?:(\d+)|\[(.*)\]))?$/.exec(shown) ?? [];
  if (master === "") return [];
  if (waiting !== undefined) return taskIndexes(waiting).map((each) => ({ id: `${master}_${each}`, index: each, isApart: false }));
  return [{ id: shown, index: index === undefined ? null : Number(index), isApart: true }];
}

/** The array's own number of `11_8`; a job's that is in none. */
export const masterOf = (id: string): string => id.split("_")[0]!;
