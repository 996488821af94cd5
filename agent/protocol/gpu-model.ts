/** What a spec's `gpuModel` means, to placement and to the agent that chooses the GPUs: the start of any word of the model's name, whatever the case. */
export function answersTo(model: string, wanted: string): boolean {
  const start = wanted.toLowerCase();
  const name = model.toLowerCase();
  return name.startsWith(start) || name.split(/[\s\-_/]+/).some((word) => word.startsWith(start));
}
