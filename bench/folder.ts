import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for one benchmark, which goes with it. @param kept One that stays, so that the next try finds what this one made. */
export async function withFolder(measure: (folder: string) => Promise<void>, kept?: string): Promise<void> {
  if (kept) mkdirSync(kept, { recursive: true });
  const folder = kept ?? mkdtempSync(join(tmpdir(), "drover-bench-"));
  chmodSync(folder, 0o711); // as root, the database runs as another user
  try {
    await measure(folder);
  } finally {
    if (!kept) rmSync(folder, { recursive: true, force: true });
  }
}
