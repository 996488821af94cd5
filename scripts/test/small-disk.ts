import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  folder: string;
  /** Takes all the room that is left, to the last byte. */
  fill: () => void;
  /** Gives that room back. */
  free: () => void;
  remove: () => void;
}

/** A file system of its own that is soon full; null where this user may not mount one. @param owner User id. */
export function smallDisk(bytes: number, owner = process.getuid?.() ?? 0): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), "drover-small-"));
  const ballast = join(folder, "ballast");
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=700,uid=${owner}`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  const remove = () => {
    execFileSync("umount", ["-l", folder]); // a process that was just killed may still be leaving
    rmSync(folder, { recursive: true });
  };
  const fill = () => {
    try {
      writeFileSync(ballast, randomBytes(bytes + 1)); // one more than an empty one has
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") return;
      throw error;
    }
    throw new Error(`${folder} took more than it has.`);
  };
  return { folder, fill, free: () => rmSync(ballast), remove };
}

/** Whether this user may have one. */
export function canHaveSmallDisk(): boolean {
  const disk = smallDisk(1024 * 1024);
  disk?.remove();
  return disk !== null;
}
