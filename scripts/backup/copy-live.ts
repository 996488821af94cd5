import { chmod, copyFile, mkdir, readdir, readlink, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";

/**
 * Copies a folder in which others go on writing: what vanishes while it is copied (a temporary file, a dropped table, an upload
 * that came to its place) is left out, where `cp` would give up. Links and modes stay as they are.
 * @param isLeftOut Of a path below `from`.
 * @throws Error when there is no such folder, or the copy cannot be written.
 */
export async function copyLive(from: string, to: string, isLeftOut: (path: string) => boolean = () => false): Promise<void> {
  const { mode } = await stat(from);
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (isLeftOut(entry.name)) continue;
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await unlessGone(source, () => copyLive(source, copy, (below) => isLeftOut(`${entry.name}/${below}`)));
    else if (entry.isSymbolicLink()) await unlessGone(source, () => copyLink(source, copy));
    else if (entry.isFile()) await unlessGone(source, () => copyFile(source, copy));
  }
  await chmod(to, mode);
}

async function copyLink(source: string, copy: string): Promise<void> {
  const target = await readlink(source);
  await rm(copy, { force: true });
  await symlink(target, copy);
}

async function unlessGone(source: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" || path !== source) throw error;
  }
}
