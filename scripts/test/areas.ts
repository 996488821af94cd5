import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { ROOT } from "../root.ts";
import { ensureChromium } from "./chromium.ts";
import { ensureInstalled } from "./slurm/install.ts";

export interface Score {
  passed: number;
  failed: number;
  /** Passed at the second try only. Not counted as passed, lest it hide there. */
  flaky?: number;
}

/** Takes what an area prints. */
export type Out = (chunk: Buffer) => void;
type Area = (out: Out) => Promise<Score>;

/** Run one program. @returns its exit code and what it printed last. */
function runNode(args: string[], out: Out, env: NodeJS.ProcessEnv = process.env): Promise<{ code: number; tail: string }> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }) }, stdio: ["ignore", "pipe", "pipe"] });
  let tail = "";
  child.stderr.on("data", out);
  child.stdout.on("data", (chunk: Buffer) => {
    out(chunk);
    tail = (tail + chunk.toString()).slice(-20_000);
  });
  return new Promise((resolve, reject) => child.once("close", (code) => resolve({ code: code ?? 1, tail })).once("error", reject));
}

const bin = (path: string) => join(ROOT, "node_modules", path);
const asOne = (code: number): Score => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
/** A run that counted nothing did not test anything, whatever its exit code says. */
const counted = (score: Score, code: number): Score => (score.failed === 0 && (code !== 0 || score.passed === 0) ? { ...score, failed: 1 } : score);

const unit: Area = (out) => vitest("unit", [], out);

/** A real Slurm, real PyTorch, MPI and Horovod. */
async function slurm(out: Out): Promise<Score> {
  ensureInstalled(["slurm", "mpi", "torch", "horovod"]);
  return vitest("slurm", [".slurm.test.ts", "--no-file-parallelism"], out, { ...process.env, DROVER_SLURM_TESTS: "1" });
}

async function vitest(name: string, more: string[], out: Out, env?: NodeJS.ProcessEnv): Promise<Score> {
  const report = join(ROOT, ".drover", "test", `${name}.json`);
  mkdirSync(join(ROOT, ".drover", "test"), { recursive: true, mode: 0o711 });
  rmSync(report, { force: true });
  const { code } = await runNode([bin("vitest/vitest.mjs"), "run", ...more, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`], out, env);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, "utf8")) as { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number };
  return counted({ passed: numPassedTests, failed: Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0) }, code);
}

async function e2e(out: Out): Promise<Score> {
  const { code, tail } = await runNode([bin("@playwright/test/cli.js"), "test"], out, { ...process.env, DROVER_CHROMIUM: await ensureChromium() });
  return counted(playwrightScore(tail), code);
}

/** What Playwright's summary counts: a word a line, "2 flaky", each followed by the tests that it means. */
export function playwrightScore(tail: string): Score {
  const number = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}\\b`, "m").exec(stripVTControlCharacters(tail))?.[1] ?? 0);
  return { passed: number("passed"), failed: number("failed") + number("did not run") + number("interrupted"), flaky: number("flaky") };
}

/** "101 passed, 0 failed, 1 flaky": the last only where there is one. */
export const scoreInWords = ({ passed, failed, flaky = 0 }: Score): string => `${passed} passed, ${failed} failed${flaky > 0 ? `, ${flaky} flaky` : ""}`;

async function chaos(out: Out): Promise<Score> {
  const { code, tail } = await runNode(["--import", "tsx", "chaos/main.ts", "--trials", process.env.DROVER_CHAOS_TRIALS ?? "30", "--seed", "1", "--failpoints"], out);
  const [, passed = "0", failed = "0"] = /chaos: (\d+) passed, (\d+) failed/.exec(tail) ?? [];
  return counted({ passed: Number(passed), failed: Number(failed) }, code);
}

export const AREAS: Record<string, Area> = {
  lint: async (out) => asOne((await runNode(["scripts/lint.ts"], out)).code),
  types: async (out) => asOne((await runNode([bin("typescript/bin/tsc"), "--noEmit"], out)).code),
  unit,
  build: async (out) => asOne((await runNode(["scripts/build.ts"], out)).code),
  e2e,
  chaos,
  slurm,
};

/** What runs at once, in the order of what is quickest to fail. Slurm's tests wait for Slurm most of the time. */
export const STAGES: string[][] = [["lint", "types"], ["unit"], ["build"], ["e2e", "slurm"], ["chaos"]];

/** A folder of one's own that other users can walk into: the database's user must. */
export const freshFolder = (name: string): string => {
  const parent = join(ROOT, ".drover", "test");
  mkdirSync(parent, { recursive: true, mode: 0o711 });
  return mkdtempSync(join(parent, `${name}-`));
};
