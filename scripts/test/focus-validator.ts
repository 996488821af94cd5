import { execFile, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findPythonWith, pythonWith } from "./python.ts";

/** The FinOps Foundation's own checker. Its release allows no newer NumPy, and newer releases of pyarrow no older one. */
const REQUIREMENTS = ["focus-validator==2.2.1", "pyarrow==21.0.0"];
const OLDEST = [3, 12] as const;
const LOOKED_FOR = ["python3", "python3.12", "python3.13"];

const output = (command: string, args: string[]): string => {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : "";
};

function findInterpreter(): string | null {
  const managed = output("pyenv", ["prefix", OLDEST.join(".")]);
  return [...LOOKED_FOR, ...(managed ? [join(managed, "bin", "python3")] : [])].find((name) => {
    const [major = 0, minor = 0] = output(name, ["-c", "import sys; print(*sys.version_info[:2])"]).split(" ").map(Number);
    return major === OLDEST[0] && minor >= OLDEST[1];
  }) ?? null;
}

/**
 * The interpreter that has the validator: installed already, or installed now where DROVER_FOCUS_VALIDATOR=install asks for
 * it, which takes half a minute and the Python package index.
 */
export async function focusValidator(): Promise<{ python: string } | { why: string }> {
  const python = findPythonWith(REQUIREMENTS);
  if (python) return { python };
  const interpreter = findInterpreter();
  if (!interpreter) return { why: `focus-validator needs Python ${OLDEST.join(".")} or newer, and there is none.` };
  if (process.env.DROVER_FOCUS_VALIDATOR !== "install") return { why: "focus-validator is not installed. DROVER_FOCUS_VALIDATOR=install installs it, once." };
  return { python: await pythonWith(REQUIREMENTS, interpreter) };
}

/** Its list of currencies is looked for from the working directory. */
const MAIN = "import os, sys, focus_validator; os.chdir(os.path.dirname(os.path.dirname(focus_validator.__file__))); from focus_validator.main import main; sys.exit(main())";

export interface FocusFindings {
  passed: number;
  /** What every failed rule says, by its id. */
  failed: Map<string, string>;
}
/**
 * What the validator finds in a CSV file. Its exit code says nothing: its report is read.
 * @param criteria What an installation has, in its words.
 */
export async function validateFocus(python: string, file: string, { version, criteria }: { version: string; criteria: readonly string[] }): Promise<FocusFindings> {
  const report = `${file}.xml`;
  const args = ["--data-file", file, "--validate-version", version, "--focus-dataset", "CostAndUsage", "--block-download", "--applicability-criteria", criteria.join(","), "--output-type", "unittest", "--output-destination", report];
  await new Promise<void>((resolve) => execFile(python, ["-c", MAIN, ...args], () => resolve()));
  const xml = await readFile(report, "utf8");
  const passed = [...xml.matchAll(/<testcase [^>]*\/>/g)].length;
  const failed = [...xml.matchAll(/<testcase name="(\S+) ::[^>]*[^/]>\s*<(?:failure|error)[^>]*message="([^"]*)"/g)];
  return { passed, failed: new Map(failed.map(([, rule, says]) => [rule!, says!])) };
}
