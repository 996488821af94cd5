import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.ts";

export interface Breach {
  rule: string;
  from: string;
  to: string;
}

const FOLDERS = ["agent", "app", "bench", "chaos", "cli", "components", "db", "domain", "e2e", "scripts", "server", "env.ts", "paths.ts"];

/** Cruise a tree. @returns its breaches of .dependency-cruiser.cjs, and how many modules were read. */
export function cruise(root = ROOT, folders: readonly string[] = FOLDERS): { modules: number; breaches: Breach[] } {
  const done = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--import", join(ROOT, "scripts/lint/typescript-6.mjs"), join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs"), "--config", join(ROOT, ".dependency-cruiser.cjs"), "--output-type", "json", ...folders.filter((folder) => existsSync(join(root, folder)))],
    { cwd: root, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 },
  );
  if (!done.stdout.startsWith("{")) throw new Error(`dependency-cruiser failed: ${done.stderr || done.stdout}`);
  const { summary } = JSON.parse(done.stdout) as { summary: { totalCruised: number; violations: { rule: { name: string }; from: string; to: string; cycle?: { name: string }[] }[] } };
  return {
    modules: summary.totalCruised,
    breaches: summary.violations.map(({ rule, from, to, cycle }) => ({ rule: rule.name, from, to: cycle ? cycle.map(({ name }) => name).join(" → ") : to })),
  };
}
