import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, type FileHandle, open } from "node:fs/promises";

const BLOCK = 4096;
/** Bytes go back to the disk in steps of this many. */
export const PUNCH_STEP = 8 * 1024 * 1024;
let available: boolean | undefined;

/** Whole blocks below this many bytes. */
export const blocksBelow = (bytes: number): number => bytes - (bytes % BLOCK);

/**
 * Gives the blocks of [from, to) back to the disk while the job goes on appending; offsets stay as they are. Answers
 * false where the host cannot (no `fallocate`, a file system without holes). Never of what a link leads to: a job may have put it there.
 */
export async function punchHole(file: string, from: number, to: number): Promise<boolean> {
  const start = blocksBelow(from);
  const end = blocksBelow(to);
  if (available === false || process.platform !== "linux") return false;
  if (end <= start) return true;
  const handle = await open(file, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (!handle) return false; // it is gone, or no file: that says nothing of the host
  try {
    const done = await fallocate(handle, start, end - start);
    available ??= done;
    return done;
  } finally {
    await handle.close();
  }
}

/** On the file that is open, whatever its name leads to by then. */
async function fallocate(handle: FileHandle, offset: number, length: number): Promise<boolean> {
  const child = spawn("fallocate", ["--punch-hole", "--offset", String(offset), "--length", String(length), "/proc/self/fd/0"], { stdio: [handle.fd, "ignore", "ignore"] });
  return once(child, "close").then(([code]) => code === 0, () => false);
}
