import path from "node:path";
import { z } from "zod";
import { answersTo, milliOfShare, shareName } from "../protocol/gpu-model.ts";
import type { Gpu } from "./gpu.ts";

/** More than an MPS server takes clients on any GPU; and numbers of shares must not run into those of the next GPU. */
const MOST_SHARES = 64;

/** GPUs that several runs have at once. */
export const SharedGpus = z
  .strictObject({
    /** The number of a GPU, its uuid, or what a spec's `gpuModel` may say; `*` is every GPU. */
    gpu: z.union([z.int().min(0).max(1023), z.string().min(1).max(128)]),
    shares: z.int().min(2).max(MOST_SHARES),
    /** `time-slice`: the driver lets their processes take turns. `mps`: NVIDIA's MPS, which somebody else has started, lets them run side by side. */
    by: z.enum(["time-slice", "mps"]),
    /** CUDA_MPS_PIPE_DIRECTORY of that MPS, where it is not the usual one. */
    pipe: z.string().max(1000).refine((folder) => path.isAbsolute(folder), "Not an absolute folder.").optional(),
  })
  .refine(({ by, pipe }) => by === "mps" || pipe === undefined, { message: "Only MPS has a pipe.", path: ["pipe"] });
export type SharedGpus = z.infer<typeof SharedGpus>;

const names = ({ gpu: wanted }: SharedGpus, gpu: Gpu): boolean => wanted === "*" || (typeof wanted === "number" ? wanted === gpu.index : wanted === gpu.uuid || answersTo(gpu.model, wanted));

/** Its shares in place of a GPU that the first rule which names it shares, with uuids as NVIDIA's device plugin makes them. What is cut by MIG stays as it is. */
export function sharesOf(gpu: Gpu, rules: readonly SharedGpus[]): Gpu[] {
  const rule = gpu.part ? undefined : rules.find((each) => names(each, gpu));
  if (!rule) return [gpu];
  return Array.from({ length: rule.shares }, (_, at) => ({
    ...gpu,
    index: (gpu.index + 1) * 100 + at,
    uuid: `${gpu.uuid}::${at}`,
    model: shareName(gpu.model, rule.shares),
    memoryMib: Math.floor(gpu.memoryMib / rule.shares),
    use: { percent: null, memoryMib: null, celsius: gpu.use.celsius, watts: null }, // of a share the driver does not say
    part: { of: gpu.uuid, milli: milliOfShare(rule.shares, at) },
    shared: rule,
  }));
}

/** What CUDA must be told so that so many shares of each of these GPUs are no more than that. Processes under MPS keep to their part of the threads. */
export function shareVariables(held: readonly Gpu[]): Record<string, string> {
  const byMps = held.filter(({ shared }) => shared?.by === "mps");
  if (byMps.length === 0) return {};
  const parts = [...Map.groupBy(byMps, ({ part }) => part!.of).values()].map((mine) => Math.floor((100 * mine.length) / mine[0]!.shared!.shares));
  const pipe = byMps.find(({ shared }) => shared?.pipe !== undefined)?.shared?.pipe;
  return { CUDA_MPS_ACTIVE_THREAD_PERCENTAGE: String(Math.min(...parts)), ...(pipe === undefined ? {} : { CUDA_MPS_PIPE_DIRECTORY: pipe }) };
}
