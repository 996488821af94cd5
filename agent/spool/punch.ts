import { execFile } from "node:child_process";
import { promisify } from "node:util";

const exec = promisify(execFile);
const BLOCK = 4096;
let available: boolean | undefined;

/** Whole blocks below this many bytes. */
export const blocksBelow = (bytes: number): number => bytes - (bytes % BLOCK);

/**
 * Gives the blocks of [from, to) back to the disk while the job goes on appending; offsets stay as they are. Answers
 * false where the host cannot (no `fallocate`, a file system without holes).
 */
export async function punchHole(file: string, from: number, to: number): Promise<boolean> {
  const start = blocksBelow(from);
  const end = blocksBelow(to);
  if (available === false || process.platform !== "linux") return false;
  if (end <= start) return true;
  try {
    await exec("fallocate", ["--punch-hole", "--offset", String(start), "--length", String(end - start), file]);
    available = true;
    return true;
  } catch {
    available ??= false;
    return false;
  }
}
