import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../root.ts";

const SOURCE = /\.(ts|tsx|mts|mjs|css|svg|png|ico|json|sql|woff2)$/;
const SKIP = /\.(test|spec)\.tsx?$/;

/** One hash over the sources a target is made of, by path and content. Folders are walked; what is missing counts as missing. */
export function fingerprint(sources: readonly string[]): string {
  const hash = createHash("sha256").update(process.version);
  for (const source of sources) {
    for (const file of walk(join(ROOT, source))) hash.update(file.slice(ROOT.length)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

function* walk(path: string): Generator<string> {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) return yield path;
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* walk(child);
    else if (SOURCE.test(entry.name) && !SKIP.test(entry.name)) yield child;
  }
}

/** Stamps live beside what they vouch for, so that deleting the output deletes the claim. */
export function isFresh(stamp: string, print: string): boolean {
  try {
    return readFileSync(stamp, "utf8") === print;
  } catch {
    return false;
  }
}

export function setStamp(stamp: string, print: string): void {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, print);
}
