import ignore, { type Ignore } from "ignore";

/** Files that say what is left out, as the command line reads them. */
export const IGNORE_FILES = [".gitignore", ".droverignore"];

/**
 * Which paths of a folder are packed: without `.git`, and without what ignore files name, each in force from its own folder
 * downwards, the innermost deciding, and nothing below a folder that is left out.
 * @param texts Path of each ignore file → its text.
 */
export function keptPaths(paths: readonly string[], texts: ReadonlyMap<string, string>): string[] {
  const rules = [...texts].map(([path, text]) => ({ base: path.slice(0, path.lastIndexOf("/") + 1), ignored: ignore().add(text) })).sort((a, b) => a.base.length - b.base.length);
  const folders = new Map<string, boolean>();
  const folderKept = (folder: string): boolean => {
    if (folder === "") return true;
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const parent = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
    const kept = folderKept(parent) && folder.slice(parent.length) !== ".git/" && !isIgnored(rules, folder);
    folders.set(folder, kept);
    return kept;
  };
  return paths.filter((path) => folderKept(path.slice(0, path.lastIndexOf("/") + 1)) && !isIgnored(rules, path)).toSorted((a, b) => (a < b ? -1 : 1));
}

function isIgnored(rules: { base: string; ignored: Ignore }[], path: string): boolean {
  let verdict = false;
  for (const { base, ignored } of rules) {
    if (!path.startsWith(base) || path === base) continue;
    const { ignored: out, unignored: back } = ignored.test(path.slice(base.length));
    if (out) verdict = true;
    if (back) verdict = false;
  }
  return verdict;
}
