import { sliceName } from "../protocol/gpu-model.ts";
import type { Gpu } from "./gpu.ts";

/** One MIG device of a GPU. */
export interface Slice {
  /** Counted from 0 on its GPU. */
  device: number;
  uuid: string;
  /** Such as `3g.40gb`, `1g.10gb+me`, `1c.3g.40gb`. */
  profile: string;
}

/** Of `nvidia-smi -L`: the slices of each GPU, by its uuid. */
export function parseSlices(text: string): Map<string, Slice[]> {
  const found = new Map<string, Slice[]>();
  let slices: Slice[] | null = null;
  for (const line of text.split("\n")) {
    const gpu = /^GPU \d+: .*\(UUID: (GPU-[^)]+)\)/.exec(line)?.[1];
    if (gpu) found.set(gpu, (slices = []));
    const [, profile, device, uuid] = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)]+)\)/.exec(line) ?? [];
    if (uuid && slices) slices.push({ device: Number(device), uuid, profile: profile! });
  }
  return found;
}

/** GPUs with four compute slices; all others that can be cut have seven. */
const FOUR = /\bA30\b|RTX PRO 6000/i;
const WHOLE = 1000;

interface Profile {
  /** Compute slices of its own, of those that it shares its memory with; null where it has all of them. */
  own: number | null;
  compute: number;
  memoryMib: number;
}

function profileOf({ profile }: Slice): Profile {
  const [, own, compute = "0", gigabytes = "0"] = /^(?:(\d+)c\.)?(\d+)g\.(\d+)gb/.exec(profile) ?? [];
  return { own: own ? Number(own) : null, compute: Number(compute), memoryMib: Number(gigabytes) * 1024 };
}

/** What a slice is of its GPU: the greater of its part of the compute slices, and of the memory, of which a GPU has eight. */
function partOf({ own, compute, memoryMib }: Profile, gpu: Pick<Gpu, "model" | "memoryMib">): number {
  const memory = gpu.memoryMib > 0 ? Math.round((memoryMib * 8) / gpu.memoryMib) / 8 : 0;
  const part = Math.max(compute / (FOUR.test(gpu.model) ? 4 : 7), memory);
  return own === null ? part : (part * own) / Math.max(1, compute);
}

/** Its slices in place of a GPU that is cut: never more than the GPU together, in thousandths. What is in no slice nobody can have. */
export function cut(gpu: Gpu, slices: readonly Slice[]): Gpu[] {
  if (slices.length === 0) return [{ ...gpu, health: "failed", healthReason: "MIG is on and it has no instances: make some (nvidia-smi mig -cgi … -C), or switch MIG off." }];
  const profiles = slices.map(profileOf);
  const parts = profiles.map((profile) => partOf(profile, gpu));
  const all = Math.max(1, parts.reduce((sum, part) => sum + part, 0));
  return slices.map((slice, at) => ({
    ...gpu,
    index: (gpu.index + 1) * 100 + slice.device,
    uuid: slice.uuid,
    model: sliceName(gpu.model, slice.profile),
    memoryMib: profiles[at]!.memoryMib,
    use: { percent: null, memoryMib: null, celsius: gpu.use.celsius, watts: null }, // of a slice the driver does not say
    part: { of: gpu.uuid, milli: Math.max(1, Math.floor((parts[at]! / all) * WHOLE)) },
  }));
}
