import { randomBytes } from "node:crypto";
import { constants, type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { reason } from "./log.ts";

/** Makes the names in a folder survive a power cut. Some file systems refuse to sync a folder; the data itself is then all one can have. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, "r");
    await handle.sync();
  } catch (error) {
    if (!["EINVAL", "EISDIR", "EPERM", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await handle?.close();
  }
}

/** Whole or not at all, and on the platter before it returns: temporary file, fsync, rename, fsync of the folder. */
export async function writeDurably(file: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const handle = await open(temporary, "wx", mode);
    try {
      await handle.writeFile(data);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(path.dirname(file));
}

export const writeJson = (file: string, value: unknown): Promise<void> => writeDurably(file, `${JSON.stringify(value)}\n`);

export type Read<T> = { kind: "ok"; value: T } | { kind: "missing" } | { kind: "corrupt"; message: string };

/** Never throws: a torn or foreign file is `corrupt` with what is wrong, so the caller can name it and go on. */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<Read<T>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "missing" };
    return { kind: "corrupt", message: `${file}: ${reason(error)}` };
  }
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return { kind: "ok", value: parsed.data };
    const issue = parsed.error.issues[0];
    return { kind: "corrupt", message: `${file}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "unreadable"}` };
  } catch (error) {
    return { kind: "corrupt", message: `${file}: ${reason(error)}` };
  }
}

/**
 * For reading; null where there is no such file. Only what is a file itself: jobs may run as another account than the agent and
 * have folders of their own, and a link in one would lead the agent to what only it may read, a pipe would keep it waiting.
 */
export async function openPlain(file: string): Promise<FileHandle | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (!handle || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return null;
}

/** The text of a plain file, or null where there is none. */
export async function readText(file: string): Promise<string | null> {
  const handle = await openPlain(file);
  return handle && handle.readFile("utf8").catch(() => null).finally(() => handle.close());
}

export const makeFolder = (folder: string, mode = 0o700): Promise<unknown> => mkdir(folder, { recursive: true, mode });
