import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { identify } from "../process/identity.ts";
import { ROOT } from "../root.ts";
import { say, since, Trouble } from "../say.ts";

const FOLDER = join(ROOT, ".drover", "test", "python");
const WAIT_MS = 600_000;

const homeOf = (requirements: readonly string[]): string => join(FOLDER, createHash("sha256").update(requirements.join("\n")).digest("hex").slice(0, 12));
const pythonIn = (home: string): string => join(home, "bin", "python");
const readyIn = (home: string): string => join(home, "ready");

/** The Python with these packages, where somebody installed it already. */
export const findPythonWith = (requirements: readonly string[]): string | null => (existsSync(readyIn(homeOf(requirements))) ? pythonIn(homeOf(requirements)) : null);

/**
 * A Python with these packages, installed once and kept under .drover/test.
 * @param requirements As pip takes them, with exact versions.
 * @param interpreter What it is made with.
 * @returns the path of its interpreter.
 */
export const pythonWith = (requirements: readonly string[], interpreter = "python3"): Promise<string> =>
  madeOnce(requirements, requirements.join(", "), (home) => install(home, requirements, interpreter));

/**
 * A virtual environment under .drover/test. Test files that want the same one wait for whoever makes it.
 * @param recipe What it is made by: another one is made where that changes.
 * @returns the path of its interpreter.
 */
export async function madeOnce(recipe: readonly string[], what: string, make: (home: string) => void | Promise<void>): Promise<string> {
  const home = homeOf(recipe);
  const ready = readyIn(home);
  mkdirSync(FOLDER, { recursive: true, mode: 0o711 });
  const deadline = performance.now() + WAIT_MS;
  while (!existsSync(ready)) {
    if (takeLock(`${home}.lock`)) {
      try {
        if (!existsSync(ready)) await makeNew(home, what, make);
        writeFileSync(ready, recipe.join("\n"));
      } finally {
        rmSync(`${home}.lock`, { force: true });
      }
    } else if (performance.now() > deadline) throw new Trouble(`Another process installs ${what} and does not come to an end.`, `Remove ${home}.lock and try again.`);
    else await pause(250);
  }
  return pythonIn(home);
}

async function makeNew(home: string, what: string, make: (home: string) => void | Promise<void>): Promise<void> {
  const start = performance.now();
  say.step(`installing ${what} for the tests (once) …`);
  rmSync(home, { recursive: true, force: true });
  await make(home);
  say.done(`${what} installed (${since(start)})`);
}

/** The lock of a process that died is nobody's. */
function takeLock(path: string): boolean {
  try {
    const file = openSync(path, "wx");
    writeFileSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch {
    const owner = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
    if (owner > 0 && !identify(owner)) rmSync(path, { force: true });
    return false;
  }
}

function install(home: string, requirements: readonly string[], interpreter: string): void {
  run(interpreter, ["-m", "venv", home], "Install Python 3 with its venv module (Debian: apt-get install python3-venv).");
  run(pythonIn(home), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", ...requirements], "The tests need the Python package index.");
}

function run(command: string, args: string[], cure: string): void {
  const done = spawnSync(command, args, { encoding: "utf8" });
  if (done.status !== 0) throw new Trouble(`${command} ${args.slice(0, 3).join(" ")} failed: ${(done.stderr || String(done.error)).trim().split("\n").at(-1)}`, cure);
}
