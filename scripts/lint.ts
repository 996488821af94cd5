import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { cruise } from "./lint/imports.ts";
import { lockGaps } from "./lint/lock-gaps.ts";
import { checkFile } from "./lint/own-rules.ts";
import { ROOT } from "./root.ts";
import { report, say, since, Trouble } from "./say.ts";

const FOLDERS = ["agent", "app", "bench", "chaos", "cli", "components", "db", "domain", "e2e", "scripts", "server"];
/** Far fewer modules than this mean that the cruiser could not parse them, and would find nothing wrong. */
const MODULES_AT_LEAST = 200;

type Lines = string[];

const oxlint = (): Lines => {
  const done = spawnSync(join(ROOT, "node_modules/.bin/oxlint"), ["--type-aware", "--deny-warnings"], { cwd: ROOT, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return done.status === 0 ? [] : [done.stdout.trim() || done.stderr.trim()];
};

const imports = (): Lines => {
  const { modules, breaches } = cruise();
  const lines = breaches.map(({ rule, from, to }) => `${from}: ${rule}: imports ${to}`);
  if (modules < MODULES_AT_LEAST) lines.push(`only ${modules} modules were read: the rules were not checked`);
  return lines;
};

const lockfile = (): Lines => lockGaps(JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"))).map((gap) => `package-lock.json: ${gap} is missing: npm ci would fail`);

const ownRules = (): Lines =>
  FOLDERS.flatMap((folder) => {
    let files: string[];
    try {
      files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
    } catch {
      return [];
    }
    return files
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => join(ROOT, folder, file))
      .flatMap((file) => checkFile(relative(ROOT, file), readFileSync(file, "utf8")))
      .map(({ file, line, says }) => `${file}:${line}: ${says}`);
  });

const CHECKS: Record<string, () => Lines> = { oxlint, imports, lockfile, "own rules": ownRules };

/** Every lint, each with its time. @throws Trouble when one found something. */
export async function main(): Promise<void> {
  let found = 0;
  for (const [name, check] of Object.entries(CHECKS)) {
    const start = performance.now();
    const lines = check();
    if (lines.length === 0) say.done(`${name} (${since(start)})`);
    else {
      found += lines.length;
      say.warn(`${name} (${since(start)})`);
      for (const line of lines) say.plain(line);
    }
  }
  if (found > 0) throw new Trouble("The lint found something.", "Correct what is named above.");
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    report(error);
    process.exit(1);
  });
}
