import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { walkFailpoints } from "./failpoints.ts";
import { ALL_FAILPOINTS } from "./fuses.ts";
import { makeBudget } from "./money.ts";
import { retriedBatches } from "./retried-batches.ts";
import { startStack } from "./stack.ts";
import { runTrial, type TrialResult } from "./trial.ts";

const USAGE = "npm run chaos -- [--trials N] [--seed S] [--runs R] [--failpoints [--only NAME]] [--keep]";

function readOptions() {
  const { values } = parseArgs({ options: { trials: { type: "string", default: "30" }, seed: { type: "string" }, runs: { type: "string", default: "24" }, failpoints: { type: "boolean" }, only: { type: "string" }, keep: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const failpoints = ALL_FAILPOINTS.filter((name) => values.failpoints && name.startsWith(values.only ?? ""));
  if (values.failpoints && failpoints.length === 0) throw new Error(`No fail-point begins with ${values.only}.`);
  return { trials: Number(values.trials), seed: Number(values.seed ?? Date.now() % 1_000_000), runs: Number(values.runs), failpoints, keep: values.keep ?? false };
}

function report(result: TrialResult): void {
  const verdict = result.problems.length === 0 ? "ok" : "FAILED";
  console.log(`trial ${result.trial} seed ${result.seed}: ${verdict} in ${result.seconds.toFixed(1)} s (${result.healing.toFixed(1)} s to heal) after ${result.faults.length} faults: ${result.checked}`);
  for (const problem of result.problems) console.log(`  ${problem}`);
  if (result.problems.length > 0) console.log(`  faults: ${result.faults.join("; ")}`);
}

async function main(): Promise<void> {
  const options = readOptions();
  const folder = mkdtempSync(join(tmpdir(), "drover-chaos-"));
  chmodSync(folder, 0o711); // as root, the database runs as another user
  console.log(`chaos: ${options.trials} trials from seed ${options.seed}, ${options.runs} runs each${options.failpoints.length > 0 ? `, then ${options.failpoints.length} fail-points` : ""}`);
  let passed = 0;
  let failed = 0;
  const count = (ok: boolean) => (ok ? (passed += 1) : (failed += 1));
  const stack = await startStack(folder);
  try {
    await makeBudget(stack);
    for (let trial = 0; trial < options.trials; trial += 1) {
      const result = await runTrial(stack, trial, options.seed + trial, options.runs);
      report(result);
      count(result.problems.length === 0);
    }
    const problems = await retriedBatches(stack, options.seed);
    console.log(`batches of MLflow clients, sent again over kills of server and Postgres: ${problems.length === 0 ? "ok" : `FAILED\n  ${problems.join("\n  ")}`}`);
    count(problems.length === 0);
    await walkFailpoints(stack, options.failpoints, count);
  } finally {
    await stack.stop();
    if (failed === 0 && !options.keep) rmSync(folder, { recursive: true, force: true });
    else console.log(`kept for reading: ${folder}`);
  }
  console.log(`chaos: ${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

await main();
