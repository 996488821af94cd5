import { execFile, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findPythonWith, pythonWith } from "./python.ts";

/**
 * The FinOps Foundation's own checker, which knows FOCUS 1.2 without the network, and one that knows the data model of 1.4.
 * All that they import, exactly, so that what they find does not change by itself; and no more: the first asks for a NumPy
 * that Python 3.13 would have to compile, for parts of it that nobody calls.
 */
const REQUIREMENTS = ["--no-deps",
  "focus-validator==2.2.1", "focus-data-toolkit==0.14.1", "annotated-types==0.8.0", "attrs==26.1.0", "certifi==2026.10.19.post1", "charset-normalizer==3.5.3", "duckdb==1.5.6", "graphviz==0.21", "idna==3.20", "jsonschema==4.26.0",
  "jsonschema-specifications==2025.9.1", "numpy==2.4.6", "pandas==2.3.3", "polars==1.44.2", "polars-runtime-32==1.44.2", "pyarrow==25.0.1", "pydantic==2.14.4", "pydantic_core==2.50.5", "python-dateutil==4.0.0", "pytz==2025.2", "PyYAML==6.0.4",
  "referencing==0.37.0", "requests==2.34.2", "rpds-py==2026.9.1", "sqlglot==27.29.0", "typing_extensions==4.16.0", "typing-inspection==0.4.5", "tzdata==2026.6", "urllib3==2.8.0",
];
/** It needs 3.12, and these are what its packages are built for. */
const VERSIONS = ["3.12", "3.13", "3.14"];

const output = (command: string, args: string[]): string => {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : "";
};
const hasRightVersion = (python: string): boolean => VERSIONS.includes(output(python, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]));

/** On the path, of pyenv, of uv. */
function findInterpreter(): string | null {
  const onPath = ["python3", ...VERSIONS.map((version) => `python${version}`)].find(hasRightVersion);
  if (onPath) return onPath;
  const ofPyenv = output("pyenv", ["versions", "--bare"]).split("\n").filter((name) => VERSIONS.includes(name.split(".").slice(0, 2).join(".")));
  const managed = [...ofPyenv.map((name) => join(output("pyenv", ["prefix", name]), "bin", "python3")), ...VERSIONS.map((version) => output("uv", ["python", "find", version]))];
  return managed.find((python) => python !== "" && hasRightVersion(python)) ?? null;
}

/** The interpreter that has the checkers: installed once, where there is one that they run on. */
export async function focusCheckers(): Promise<{ python: string } | { why: string }> {
  const interpreter = findPythonWith(REQUIREMENTS) ?? findInterpreter();
  if (!interpreter) return { why: `focus-validator needs Python ${VERSIONS.join(", ")}, and none is on the path, in pyenv or in uv: FOCUS files are checked by our own tests alone.` };
  return { python: await pythonWith(REQUIREMENTS, interpreter) };
}

const run = (python: string, args: string[]): Promise<{ code: number; out: string; said: string }> =>
  new Promise((resolve) => {
    const child = execFile(python, args, { encoding: "utf8", maxBuffer: 1 << 26 }, (_error, out, said) => resolve({ code: child.exitCode ?? 1, out, said }));
  });

/** Its list of currencies is looked for from the working directory. */
const OFFICIAL = "import os, sys, focus_validator; os.chdir(os.path.dirname(os.path.dirname(focus_validator.__file__))); from focus_validator.main import main; sys.exit(main())";

export interface FocusFindings {
  passed: number;
  /** What every failed rule says, by its id. */
  failed: Map<string, string>;
}
/**
 * What focus-validator finds in a CSV or Parquet file of costs and usage. Its exit code says nothing: its report is read.
 * @param criteria What an installation has, in its words.
 */
export async function validateFocus(python: string, file: string, { version, criteria }: { version: string; criteria: readonly string[] }): Promise<FocusFindings> {
  const report = `${file}.xml`;
  const args = ["--data-file", file, "--validate-version", version, "--focus-dataset", "CostAndUsage", "--block-download", "--applicability-criteria", criteria.join(","), "--output-type", "unittest", "--output-destination", report];
  const { said } = await run(python, ["-c", OFFICIAL, ...args]);
  const xml = await readFile(report, "utf8").catch((cause: unknown) => {
    throw new Error(`focus-validator wrote no report: ${said.slice(-2000)}`, { cause });
  });
  const passed = [...xml.matchAll(/<testcase [^>]*\/>/g)].length;
  const failed = [...xml.matchAll(/<testcase name="(\S+) ::[^>]*[^/]>\s*<(?:failure|error)[^>]*message="([^"]*)"/g)];
  return { passed, failed: new Map(failed.map(([, rule, says]) => [rule!, says!])) };
}

const TOOLKIT = ["-m", "focus_data_toolkit"];
/** What the data model of FOCUS 1.4 says of one file: nothing where it conforms. @param supports What an installation has, in its words. */
export async function lintFocus(python: string, file: string, { dataset, supports }: { dataset: string; supports: readonly string[] }): Promise<string> {
  const { code, out, said } = await run(python, [...TOOLKIT, "validate", file, "--dataset", dataset, ...supports.flatMap((one) => ["--supports", one])]);
  return code === 0 ? "" : `${out}${said}`;
}

/** What is wrong between the three files of a period: references that lead nowhere, and what two of them tell otherwise. */
export async function lintFocusTogether(python: string, files: { costAndUsage: string; billingPeriod: string; invoiceDetail: string }): Promise<{ checked: string[]; errors: string[] }> {
  const { out } = await run(python, [...TOOLKIT, "validate-bundle", "--cost-and-usage", files.costAndUsage, "--billing-period", files.billingPeriod, "--invoice-detail", files.invoiceDetail, "--format", "json"]);
  const { checks_run, diagnostics } = JSON.parse(out) as { checks_run: string[]; diagnostics: { severity: string; message: string }[] };
  return { checked: checks_run, errors: diagnostics.filter(({ severity }) => ["ERROR", "WARNING"].includes(severity)).map(({ message }) => message) };
}

/** Columns of a file of costs and usage that a version does not know, and those of that version which it lacks. */
export async function compareFocusColumns(python: string, file: string, version: string): Promise<{ unknown: string[]; missing: string[] }> {
  const { out } = await run(python, [...TOOLKIT, "detect", file, "--dataset", "Cost and Usage", "--version", version, "--format", "json"]);
  const { unknown_columns, missing_columns } = JSON.parse(out) as { unknown_columns: string[]; missing_columns: string[] };
  return { unknown: unknown_columns, missing: missing_columns };
}
