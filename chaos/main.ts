import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { walkFailpoints } from "./failpoints.ts";
import { ALL_FAILPOINTS } from "./fuses.ts";
import { makeBudget } from "./money.ts";
import { retriedBatches } from "./retried-batches.ts";
import { ensureInstalled } from "../scripts/test/slurm/install.ts";
import { slurmGrounds } from "./slurm/grounds.ts";
import { startSlurmWorld } from "./slurm/world.ts";
import { proveSilence } from "./silence.ts";
import { Site } from "./site.ts";
import { type Stack, startStack } from "./stack.ts";
import { type Grounds, processGrounds, runTrial, type TrialResult } from "./trial.ts";
import { repeatFailures, tellVerdict } from "./verdicts.ts";

const SLURM_RUNS = 12;
const USAGE = "npm run chaos -- [--trials N] [--seed S] [--runs R] [--failpoints [--only NAME]] [--slurm] [--keep]";

function readOptions() {
  const { values } = parseArgs({ options: { trials: { type: "string", default: "30" }, seed: { type: "string" }, runs: { type: "string" }, failpoints: { type: "boolean" }, slurm: { type: "boolean" }, only: { type: "string" }, keep: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const failpoints = ALL_FAILPOINTS.filter((name) => values.failpoints && name.startsWith(values.only ?? ""));
  if (values.failpoints && failpoints.length === 0) throw new Error(`No fail-point begins with ${values.only}.`);
  return { trials: Number(values.trials), seed: Number(values.seed ?? Date.now() % 1_000_000), runs: Number(values.runs ?? (values.slurm ? SLURM_RUNS : 24)), failpoints, slurm: values.slurm ?? false, keep: values.keep ?? false };
}

function report(result: TrialResult): void {
  const problems = result.problems.length === 0 ? [] : [...result.problems, `faults: ${result.faults.join("; ")}`];
  tellVerdict(`trial ${result.trial} seed ${result.seed}`, `in ${result.seconds.toFixed(1)} s (${result.healing.toFixed(1)} s to heal) after ${result.faults.length} faults: ${result.checked}`, problems);
}

type Options = ReturnType<typeof readOptions>;

interface Tally {
  passed: number;
  failed: number;
}

const count = (tally: Tally, ok: boolean): void => void (tally[ok ? "passed" : "failed"] += 1);

async function check(tally: Tally, what: string, prove: () => Promise<readonly string[]>): Promise<void> {
  const begun = performance.now();
  const problems = await prove();
  tellVerdict(what, `in ${((performance.now() - begun) / 1000).toFixed(1)} s`, problems);
  count(tally, problems.length === 0);
}

/** As many trials as wanted, each from a seed of its own, so that one of them can be had again. */
async function trials(stack: Stack, options: Options, grounds: Grounds, tally: Tally): Promise<void> {
  await makeBudget(stack);
  for (let trial = 0; trial < options.trials; trial += 1) {
    const result = await runTrial(stack, trial, options.seed + trial, grounds);
    report(result);
    count(tally, result.problems.length === 0);
  }
}

async function onSlurm(options: Options, site: Site | null, tally: Tally): Promise<void> {
  ensureInstalled(["slurm"]);
  const world = await startSlurmWorld(site);
  try {
    await trials(world.stack, options, slurmGrounds(world, options.runs), tally);
  } finally {
    await world.stop(options.keep || tally.failed > 0);
  }
}

async function onProcesses(options: Options, site: Site | null, tally: Tally): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "drover-chaos-"));
  chmodSync(folder, 0o711); // as root, the database runs as another user
  const stack = await startStack(folder, { site });
  try {
    await trials(stack, options, processGrounds(stack, options.runs), tally);
    if (site) await check(tally, "an agent whose link is down is out of reach, and its attempt is taken up again", () => proveSilence(stack, site));
    await check(tally, "batches of MLflow clients, sent again over kills of server and Postgres", () => retriedBatches(stack, options.seed));
    await walkFailpoints(stack, options.failpoints, (ok) => count(tally, ok));
  } finally {
    await stack.stop();
    if (tally.failed === 0 && !options.keep) rmSync(folder, { recursive: true, force: true });
    else console.log(`kept for reading: ${folder}`);
  }
}

/** An interrupt leaves none of it either. */
function makeSite(): Site | null {
  const site = Site.makeOrSay();
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    process.once(signal, () => {
      site?.remove();
      process.exit(code);
    });
  }
  return site;
}

async function main(): Promise<void> {
  const options = readOptions();
  const tally = { passed: 0, failed: 0 };
  console.log(`chaos: ${options.trials} trials from seed ${options.seed}, ${options.runs} runs each${options.slurm ? " on a real Slurm" : ""}${options.failpoints.length > 0 ? `, then ${options.failpoints.length} fail-points` : ""}`);
  const site = makeSite();
  try {
    await (options.slurm ? onSlurm : onProcesses)(options, site, tally);
  } finally {
    site?.remove();
  }
  repeatFailures();
  console.log(`chaos: ${tally.passed} passed, ${tally.failed} failed`);
  process.exit(tally.failed === 0 ? 0 : 1);
}

await main();
