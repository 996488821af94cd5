/** A slice of a GPU (MIG) is named after its GPU and its profile: `NVIDIA H100 80GB HBM3 MIG 1g.10gb`. */
const SLICE = / MIG (\S+)$/;

/** The GPU's name, of a slice too. */
export const wholeName = (model: string): string => model.replace(SLICE, "");
export const sliceName = (gpu: string, profile: string): string => `${gpu} MIG ${profile}`;

/**
 * What a spec's `gpuModel` means, to placement and to the agent that chooses the GPUs: the start of any word of the model's name,
 * whatever the case; null is any. A slice is had only by asking for one: by `MIG`, or by how its profile begins, such as `1g` or `1g.10gb`.
 */
export function answersTo(model: string, wanted: string | null): boolean {
  const profile = SLICE.exec(model)?.[1]?.toLowerCase();
  if (wanted === null) return profile === undefined;
  const start = wanted.toLowerCase();
  const name = model.toLowerCase();
  if (profile !== undefined) return start === "mig" || start === name || (/^\d+[cg]/.test(start) && profile.startsWith(start));
  return name.startsWith(start) || name.split(/[\s\-_/]+/).some((word) => word.startsWith(start));
}
