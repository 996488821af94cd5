import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../chaos/processes.ts";
import { type SlurmWorld, startSlurmWorld } from "../chaos/slurm/world.ts";
import { ensureInstalled } from "../scripts/test/slurm/install.ts";
import { median, percentile, say } from "./figures.ts";

// Submit → the job's first instruction on a real Slurm, through Drover and by bare sbatch, in turns on the same cluster.

const GOAL_MS = 50;
const PAIRS = 40;
const BURST = 100;
const ROUNDS = 3;
const LANES = 8;

/** Someone who hands jobs in: resolves when each was accepted. */
interface Way {
  name: string;
  submit: (name: string) => Promise<unknown>;
}

const fileOf = (world: SlurmWorld, name: string) => join(world.stack.folder, "begun", name);

/** Leaves the time of its first instruction and, of the agent's journal, when sbatch was called. */
function command(world: SlurmWorld, name: string): string {
  const file = fileOf(world, name);
  return `date +%s%N > "${file}.tmp"; cp ../slurm.json "${file}.handle" 2>/dev/null; mv "${file}.tmp" "${file}"`;
}

/** As a person does it, with what Drover asks for: one node, one CPU, 256 MiB. */
function bare(world: SlurmWorld): Way {
  const args = ["--parsable", "--nodes=1-1", "--ntasks=1", "--cpus-per-task=1", "--mem=256M", "--output=/dev/null", "--error=/dev/null", "--chdir=/tmp"];
  const env = { PATH: "/usr/bin:/bin", ...world.lab.env };
  return {
    name: "bare sbatch",
    submit: (name) => new Promise((resolve, reject) => {
      const child = spawn("sbatch", args, { env: env as Record<string, string> as NodeJS.ProcessEnv, stdio: ["pipe", "ignore", "ignore"] });
      child.once("error", reject);
      child.once("close", (code) => (code === 0 ? resolve(code) : reject(new Error(`sbatch ended with ${code}.`))));
      child.stdin.end(`#!/bin/sh\n${command(world, name)}\n`);
    }),
  };
}

const drover = (world: SlurmWorld): Way => ({ name: "Drover", submit: (name) => world.submit({ name, command: command(world, name) }) });

/** One job, all in ms from before its submit. `handed`: when the agent called sbatch; null where nobody noted it. */
interface Start {
  submitted: number;
  started: number;
  handed: number | null;
}

function readStart(world: SlurmWorld, name: string, submitted: number): Start {
  const file = fileOf(world, name);
  const started = Number(BigInt(readFileSync(file, "utf8").trim()) / 1_000_000n) - submitted;
  const handed = existsSync(`${file}.handle`) ? (JSON.parse(readFileSync(`${file}.handle`, "utf8")) as { at: number }).at - submitted : null;
  return { submitted, started, handed };
}

/** Hands in `count` jobs, several at a time, and waits until all have started. */
async function measure(world: SlurmWorld, way: Way, count: number, prefix: string): Promise<{ starts: Start[]; submitsPerSecond: number }> {
  const submitted = new Map<string, number>();
  let next = 0;
  const from = performance.now();
  const lane = async () => {
    while (next < count) {
      const name = `${prefix}-${next++}`;
      submitted.set(name, Date.now());
      await way.submit(name);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, LANES) }, lane));
  const submitsPerSecond = count / ((performance.now() - from) / 1000);
  await until(`${count} jobs to start`, async () => [...submitted.keys()].every((name) => existsSync(fileOf(world, name))), 120);
  return { starts: [...submitted].map(([name, at]) => readStart(world, name, at)), submitsPerSecond };
}

async function compareStarts(world: SlurmWorld, theirs: Way, ours: Way): Promise<void> {
  const took = { theirs: [] as Start[], ours: [] as Start[] };
  for (let round = 0; round < PAIRS; round += 1) {
    took.theirs.push(...(await measure(world, theirs, 1, `bare-${round}`)).starts);
    took.ours.push(...(await measure(world, ours, 1, `drover-${round}`)).starts);
  }
  const startedOf = (starts: readonly Start[]) => starts.map(({ started }) => started);
  for (const [way, starts] of [[theirs, took.theirs], [ours, took.ours]] as const) {
    say(`submit to start, 1 job, ${way.name}, p50`, median(startedOf(starts)), "ms", `p90 ${percentile(startedOf(starts), 0.9).toFixed(0)} ms, of ${PAIRS} in turns`);
  }
  const overhead = median(startedOf(took.ours)) - median(startedOf(took.theirs));
  say("overhead at the median", overhead, "ms", `goal < ${GOAL_MS}: ratio ${(overhead / GOAL_MS).toFixed(2)}; ${(median(startedOf(took.ours)) / median(startedOf(took.theirs))).toFixed(2)} × bare sbatch`);
  say("  of Drover's, before the agent calls sbatch, p50", median(took.ours.flatMap(({ handed }) => handed ?? [])), "ms", "the rest is Slurm's own wait, which varies by half a second");
}

async function compareBursts(world: SlurmWorld, ways: readonly Way[]): Promise<void> {
  const rates = ways.map((way) => ({ way, submits: [] as number[], starts: [] as number[] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, { way, submits, starts }] of rates.entries()) {
      const seen = await measure(world, way, BURST, `burst-${round}-${at}`);
      submits.push(seen.submitsPerSecond);
      starts.push(BURST / ((Math.max(...seen.starts.map((one) => one.submitted + one.started)) - Math.min(...seen.starts.map((one) => one.submitted))) / 1000));
    }
  }
  for (const { way, submits, starts } of rates) {
    say(`submits accepted, ${LANES} at a time, ${way.name}`, median(submits), "/s", `ratio ${(median(submits) / median(rates[0]!.submits)).toFixed(2)}, median of ${ROUNDS} × ${BURST}`);
    say(`first submit to all ${BURST} started, ${way.name}`, median(starts), "/s", `ratio ${(median(starts) / median(rates[0]!.starts)).toFixed(2)}`);
  }
}

ensureInstalled(["slurm"]);
const world = await startSlurmWorld();
try {
  mkdirSync(join(world.stack.folder, "begun"), { recursive: true });
  const [theirs, ours] = [bare(world), drover(world)];
  for (const way of [theirs, ours]) await measure(world, way, 5, `warm-${way.name.replace(" ", "-")}`);
  await compareStarts(world, theirs, ours);
  await compareBursts(world, [theirs, ours]);
} finally {
  await world.stop();
}
