import path from "node:path";
import { SetupFailed } from "../../code/setup-failed.ts";
import { sharesWanted } from "../../protocol/gpu-model.ts";
import type { SchedulerReport } from "../../protocol/messages.ts";
import { SlurmOverrides } from "../../protocol/slurm.ts";
import type { Launch } from "../driver.ts";
import { jobName, taskLink } from "./names.ts";
import { JOB_FILES, JOB_FOLDER } from "./script.ts";

/** Types of GPUs as the nodes' GRES name them: of all, and of those that are given in shares too. */
export interface GpuTypes {
  whole: readonly string[];
  shared: readonly string[];
}
/** What bounds a job's time, as far as it is known. */
export interface TimeBounds {
  partitions: readonly Pick<SchedulerReport["partitions"][number], "name" | "isDefault" | "maxSeconds">[];
  qos: readonly Pick<SchedulerReport["qos"][number], "name" | "maxSeconds">[];
}

/** The longest that a job may take in the partition that it goes to, at the QOS that it names; null where nothing says so. */
function mostSeconds(overrides: Record<string, unknown>, { partitions, qos }: TimeBounds): number | null {
  const asked = slurmOverrides(overrides);
  const bounds = [partitions.find(({ name, isDefault }) => (asked.partition === undefined ? isDefault : name === asked.partition)), qos.find(({ name }) => name === asked.qos)];
  const most = Math.min(...bounds.map((bound) => bound?.maxSeconds ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(most) ? most : null;
}

/**
 * Minutes, as Slurm counts. The agent itself keeps the limit to the second, with the run's own grace: Slurm's comes after it, but
 * where the partition or the QOS gives no more it comes with it, since a job that asks for more than that is never started.
 */
function timeLimit(seconds: number, graceSeconds: number, most: number | null): number {
  const wanted = Math.ceil((seconds + graceSeconds) / 60) + 1;
  return most === null ? wanted : Math.max(Math.ceil(seconds / 60), Math.min(wanted, Math.floor(most / 60)));
}

/** What sbatch is told of what the job needs: starts that agree in it may share an array. @throws SetupFailed that names the field. */
export function sbatchArgs(launch: Launch, types: GpuTypes, bounds: TimeBounds = { partitions: [], qos: [] }): string[] {
  const { ask } = launch;
  const tasks = ask.launcher === "mpi" ? ask.processes : 1;
  const args = [
    `--nodes=${ask.nodes}-${ask.nodes}`,
    `--ntasks=${ask.nodes * tasks}`,
    `--ntasks-per-node=${tasks}`,
    `--cpus-per-task=${Math.max(1, Math.ceil(ask.cpus / tasks))}`,
    "--no-requeue", // a retry is a new attempt of Drover's
    "--export=ALL", // all of what the agent gives sbatch, which is next to nothing
    "--open-mode=append",
    "--input=/dev/null",
  ];
  if (launch.memoryMib > 0) args.push(`--mem=${launch.memoryMib}M`);
  const shares = sharesWanted(ask.gpuModel);
  if (ask.gpus > 0) args.push(shares ? `--gres=shard:${gpuWord(ask.gpus, shares.of, types.shared, "shares of ")}` : `--gpus-per-node=${gpuWord(ask.gpus, ask.gpuModel, types.whole)}`);
  if (ask.maxSeconds !== null) args.push(`--time=${timeLimit(ask.maxSeconds, ask.graceSeconds, mostSeconds(ask.overrides, bounds))}`);
  return [...args, ...overrideArgs(ask)];
}

const comment = (text: string) => `--comment=drover: ${text}`.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);

/** A job of its own. */
export function jobArgs({ attemptId, folder, ask }: Launch): string[] {
  const log = path.join(folder, JOB_FOLDER, JOB_FILES.slurm).replaceAll("%", "%%");
  return [`--job-name=${jobName(attemptId)}`, comment(ask.title), `--output=${log}`, `--error=${log}`, `--chdir=${folder}`];
}

/** A job array. @param links Where each task's index leads to its attempt's own log. */
export function arrayArgs(name: string, indexes: readonly number[], [first]: readonly Launch[], links: string): string[] {
  const log = taskLink(links.replaceAll("%", "%%"), { name, index: "%a" });
  const all = indexes.length === 1 ? first!.ask.title : `${indexes.length} runs like ${first!.ask.title}`;
  return [`--job-name=${name}`, `--array=${indexes.join(",")}`, comment(all), `--output=${log}`, `--error=${log}`, `--chdir=${path.dirname(first!.folder)}`];
}

function gpuWord(count: number, model: string | null, types: readonly string[], what = ""): string {
  if (!model) return String(count);
  const start = model.toLowerCase();
  const type = types.find((each) => each.toLowerCase().split(/[\s\-_/]+/).some((part) => part.startsWith(start)) || each.toLowerCase().startsWith(start));
  if (type === undefined) throw new SetupFailed(`resources.gpuModel: no node has ${what}${model}; Slurm's GPU types${what === "" ? "" : " that it shares"} are ${types.join(", ") || "not named"}.`);
  return `${type}:${count}`;
}

/** @throws SetupFailed for settings that are unknown or malformed. */
export function slurmOverrides(overrides: Record<string, unknown>): SlurmOverrides {
  const parsed = SlurmOverrides.safeParse(overrides);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SetupFailed(`overrides.slurm${issue?.path.length ? `.${issue.path.join(".")}` : ""}: ${issue?.message}`);
}

function overrideArgs(ask: Launch["ask"]): string[] {
  const { exclusive, exclude, ...named } = slurmOverrides(ask.overrides);
  const args = Object.entries(named).map(([name, value]) => `--${name}=${value}`);
  if (exclusive) args.push("--exclusive");
  const kept = [...(exclude ? [exclude] : []), ...ask.excludeNodes];
  if (kept.length > 0) args.push(`--exclude=${kept.join(",")}`);
  return args;
}
