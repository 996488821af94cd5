/** Up to so many files are listed all at once, unless the reader asks for folders. */
export const FEW_FILES = 40;

export interface FolderEntry {
  /** Below the folder that is looked at, with a slash at its end; several levels where nothing else lies between them. */
  name: string;
  path: string;
  files: number;
  bytes: number;
}

/**
 * What lies directly in a folder: its folders, each with all that is below it, and its files.
 * @param folder "" for the top, else with a slash at its end.
 */
export function folderOf<File extends { path: string; bytes: number }>(files: readonly File[], folder: string): { folders: FolderEntry[]; files: File[] } {
  const inside = files.filter(({ path }) => path.startsWith(folder));
  const own = inside.filter(({ path }) => !path.slice(folder.length).includes("/"));
  const groups = Map.groupBy(inside.filter(({ path }) => path.slice(folder.length).includes("/")), ({ path }) => path.slice(folder.length, path.indexOf("/", folder.length) + 1));
  const folders = [...groups].map(([name, below]): FolderEntry => {
    const path = deepest(below, folder + name);
    return { name: path.slice(folder.length), path, files: below.length, bytes: below.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
  return { folders: folders.toSorted((a, b) => (a.name < b.name ? -1 : 1)), files: own };
}

/** Through folders that hold one folder and nothing else. */
function deepest(files: readonly { path: string }[], folder: string): string {
  for (let at = folder; ; ) {
    const next = files[0]!.path.indexOf("/", at.length);
    const below = next < 0 ? null : files[0]!.path.slice(0, next + 1);
    if (below === null || !files.every(({ path }) => path.startsWith(below))) return at;
    at = below;
  }
}

/** The folders on the way to one, the top first: `a/b/` gives `a/` and `a/b/`. */
export const stepsTo = (folder: string): { name: string; path: string }[] => folder.split("/").slice(0, -1).map((name, at, all) => ({ name, path: `${all.slice(0, at + 1).join("/")}/` }));
