/**
 * A part of a GPU is named after its GPU and what it is of it: a slice (MIG) by its profile, `NVIDIA H100 80GB HBM3 MIG 1g.10gb`; a
 * share, of several that take turns on one GPU or run side by side on it, by how many there are: `NVIDIA H100 80GB HBM3 shared 1/4`.
 */
const PART = / (?:MIG (\S+)|shared 1\/(\d+))$/;

/** The GPU's name, of a part of it too. */
export const wholeName = (model: string): string => model.replace(PART, "");
export const sliceName = (gpu: string, profile: string): string => `${gpu} MIG ${profile}`;
export const shareName = (gpu: string, shares: number): string => `${gpu} shared 1/${shares}`;

/** How many shares of its GPU there are; null of what is no share. */
export function sharesNamed(model: string): number | null {
  const shares = PART.exec(model)?.[2];
  return shares === undefined ? null : Number(shares);
}

/** How much one of so many shares is, in thousandths of the GPU: all of them together are the GPU, to the last one. */
export const milliOfShare = (shares: number, at: number): number => Math.floor(1000 / shares) + (at < 1000 % shares ? 1 : 0);

/** What so many shares are of one GPU that is given in `of`, in thousandths: never more than it. */
export const milliOfShares = (count: number, of: number): number => Math.max(1, Math.min(1000, Math.floor((count * 1000) / of)));

const SHARED = "shared";

/** Of which model a spec's `gpuModel` wants shares; null in it is any. Null where it wants none. */
export function sharesWanted(wanted: string | null): { of: string | null } | null {
  const asked = wanted?.toLowerCase();
  if (!wanted || !asked) return null;
  if (asked === SHARED) return { of: null };
  if (asked.endsWith(`.${SHARED}`)) return { of: wanted.slice(0, -SHARED.length - 1) };
  return sharesNamed(wanted) === null ? null : { of: wholeName(wanted) };
}

/**
 * What a spec's `gpuModel` means, to placement and to the agent that chooses the GPUs: the start of any word of the model's name,
 * whatever the case; null is any. A part is had only by asking for one: a slice by `MIG`, or by how its profile begins, such as `1g` or
 * `1g.10gb`; a share by `shared`, or with a model by `h100.shared`.
 */
export function answersTo(model: string, wanted: string | null): boolean {
  const [, slice, shares] = PART.exec(model) ?? [];
  if (wanted === null) return slice === undefined && shares === undefined;
  const start = wanted.toLowerCase();
  const name = model.toLowerCase();
  if (shares !== undefined) {
    const asked = start === name ? { of: null } : sharesNamed(wanted) === null ? sharesWanted(wanted) : null;
    return asked !== null && (asked.of === null || answersTo(wholeName(model), asked.of));
  }
  if (slice !== undefined) return start === "mig" || start === name || (/^\d+[cg]/.test(start) && slice.toLowerCase().startsWith(start));
  return name.startsWith(start) || name.split(/[\s\-_/]+/).some((word) => word.startsWith(start));
}
