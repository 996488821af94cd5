/** Folders and files of a run that a model may be, the likeliest first: a folder that MLflow wrote, then folders, then files. */
export function modelPaths(files: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const file of files) {
    const parts = file.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) folders.add(parts.slice(0, depth).join("/"));
  }
  const written = files.filter((file) => file.endsWith("/MLmodel")).map((file) => file.slice(0, -"/MLmodel".length));
  return [...new Set([...written.toSorted(), ...[...folders].toSorted(), ...files.toSorted()])];
}
