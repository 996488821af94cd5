import { randomUUID } from "node:crypto";
import { chmod, constants, type FileHandle, lstat, open, readdir, rename, rmdir, unlink } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openPlain } from "./disk.ts";

/*
 * What lies in a job's folders the job may change at any moment, also while the agent walks through them, and the agent may be
 * root where the job is not. So a folder is opened once, no link followed, and what is in it is named from there: whatever its
 * name leads to by now, the agent stays where it was.
 */

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

interface Pinned {
  handle: FileHandle;
  at: (name: string) => string;
}

async function pin(folder: string): Promise<Pinned> {
  const handle = await open(folder, FOLDER);
  const here = process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : folder;
  return { handle, at: (name) => path.join(here, name) };
}

/**
 * Makes a folder the account's, with all in it that belongs to whom the folder belongs to. The folder itself comes last: what
 * the agent made nobody else can walk into until then, and a folder that is the account's already was given whole.
 */
export async function giveTo(folder: string, account: { uid: number; gid: number }): Promise<void> {
  const { uid } = await lstat(folder);
  if (uid !== account.uid) await giveBelow(folder, uid, account);
}

/** Links stay whose they are: who may follow one does not depend on it. */
async function giveBelow(folder: string, from: number, account: { uid: number; gid: number }): Promise<void> {
  const { handle, at } = await pin(folder);
  try {
    if ((await handle.stat()).uid !== from) return;
    for (const entry of await readdir(at(""), { withFileTypes: true })) {
      if (entry.isDirectory()) await giveBelow(at(entry.name), from, account);
      else if (entry.isFile()) await giveFile(at(entry.name), from, account);
    }
    await handle.chown(account.uid, account.gid);
  } finally {
    await handle.close();
  }
}

/** By its handle: the same name may be another file a moment later. */
async function giveFile(file: string, from: number, account: { uid: number; gid: number }): Promise<void> {
  const handle = await openPlain(file);
  if (!handle) return;
  try {
    if ((await handle.stat()).uid === from) await handle.chown(account.uid, account.gid);
  } finally {
    await handle.close();
  }
}

const MOVING = new Set(["ENOTEMPTY", "EBUSY", "EISDIR", "ENOTDIR", "ELOOP"]);
const TRIES = 4;
/** So many folders are open at once; what lies deeper is moved up first. */
const DEEPEST = 64;
const code = (error: unknown) => (error as NodeJS.ErrnoException).code ?? "";

/** Removes a folder, or whatever has its name, with all that is in it; nothing there is nothing to do. Folders that a job closed are opened. */
export async function removeTree(name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await removeOnce(name, 0, null);
    } catch (error) {
      if (!MOVING.has(code(error)) || tries === TRIES) throw error; // something still writes there
      await pause(tries * 100);
    }
  }
}

async function removeOnce(name: string, depth: number, top: Pinned | null): Promise<void> {
  try {
    if (!(await lstat(name)).isDirectory()) return await unlink(name);
    if (top && depth > DEEPEST) return await rename(name, top.at(randomUUID()));
    await emptyFolder(name, depth, top);
    await rmdir(name);
  } catch (error) {
    if (code(error) !== "ENOENT") throw error;
  }
}

async function emptyFolder(folder: string, depth: number, top: Pinned | null): Promise<void> {
  const here = await pin(folder).catch(async (error: unknown) => {
    if (code(error) !== "EACCES") throw error;
    await chmod(folder, 0o700);
    return pin(folder);
  });
  try {
    if (((await here.handle.stat()).mode & 0o300) !== 0o300) await here.handle.chmod(0o700).catch(() => {}); // who may not is told by what stays
    for (let names = await readdir(here.at("")); names.length > 0; names = top ? [] : await readdir(here.at(""))) {
      for (const name of names) await removeOnce(here.at(name), depth + 1, top ?? here);
    }
  } finally {
    await here.handle.close();
  }
}
