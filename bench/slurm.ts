import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../chaos/processes.ts";
import { type SlurmWorld, startSlurmWorld } from "../chaos/slurm/world.ts";
import { ensureInstalled } from "../scripts/test/slurm/install.ts";
import { median, percentile, say } from "./figures.ts";
import { hopsOf, sayHops } from "./hops.ts";

// Submit → the job's first instruction on a real Slurm, through Drover and by bare sbatch, in turns on the same cluster.

const GOAL_MS = 50;
const PAIRS = 40;
/** Longer than Slurm takes from one look at its queue to the next. */
const PHASE_MS = 1000;
const BURST = 100;
const ROUNDS = 3;
const LANES = 8;

/** Someone who hands jobs in: resolves when each was accepted. */
interface Way {
  name: string;
  submit: (name: string) => Promise<unknown>;
}

const fileOf = (world: SlurmWorld, name: string) => join(world.stack.folder, "begun", name);

/** Leaves the time of its first instruction and, where Drover's script came before it, of that one's: the gate is the first thing that it makes. */
function command(world: SlurmWorld, name: string): string {
  const file = fileOf(world, name);
  return `date +%s%N > "${file}.tmp"; date -r ../job/gate +%s%N > "${file}.gate" 2>/dev/null; cat ../spec.json ../intent.json ../slurm.json > "${file}.journal" 2>/dev/null; mv "${file}.tmp" "${file}"`;
}

/** Notes when sbatch is called, by whomever, before it is. */
function shim(world: SlurmWorld): { handed: () => number; remove: () => void } {
  const [file, log] = [join(world.bin, "sbatch"), join(world.stack.folder, "begun", "handed")];
  writeFileSync(file, `#!/bin/sh\ndate +%s%N >> "${log}"\nexec /usr/bin/sbatch "$@"\n`, { mode: 0o755 });
  return { handed: () => msOf(readFileSync(log, "utf8").trim().split("\n").at(-1)!), remove: () => rmSync(file) };
}

const msOf = (nanoseconds: string): number => Number(BigInt(nanoseconds.trim()) / 1000n) / 1000;

/** As a person does it, with what Drover asks for: one node, one CPU, 256 MiB. */
function bare(world: SlurmWorld): Way {
  const args = ["--parsable", "--nodes=1-1", "--ntasks=1", "--cpus-per-task=1", "--mem=256M", "--output=/dev/null", "--error=/dev/null", "--chdir=/tmp"];
  const env = { ...world.lab.env, PATH: `${world.bin}:/usr/bin:/bin` };
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

/** One job: when it was submitted, Unix ms; ms from then to its first instruction, and from its script's first to its command's. */
interface Start {
  submitted: number;
  started: number;
  wrapped: number;
}

function readStart(world: SlurmWorld, name: string, submitted: number): Start {
  const file = fileOf(world, name);
  const began = msOf(readFileSync(file, "utf8"));
  const gate = existsSync(`${file}.gate`) ? readFileSync(`${file}.gate`, "utf8") : "";
  return { submitted, started: began - submitted, wrapped: gate.trim() === "" ? 0 : began - msOf(gate) };
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

/** One job at a time. Between them passes as long as chance says: Slurm looks at its queue twice a second, and who follows right behind another meets it always at the same moment. */
async function compareStarts(world: SlurmWorld, theirs: Way, ours: Way): Promise<void> {
  const seen = { theirs: [] as (Start & { before: number })[], ours: [] as (Start & { before: number })[] };
  const { handed, remove } = shim(world);
  const journeys: number[][] = [];
  for (let round = 0; round < PAIRS; round += 1) {
    for (const [way, into] of [[theirs, seen.theirs], [ours, seen.ours]] as const) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * PHASE_MS));
      const [start] = (await measure(world, way, 1, `${way.name.replace(" ", "-")}-${round}`)).starts;
      into.push({ ...start!, before: handed() - start!.submitted });
      if (way === ours) journeys.push([start!.submitted, ...(await hopsOf(world.stack, `${fileOf(world, `${way.name}-${round}-0`)}.journal`)), handed()]);
    }
  }
  remove();
  const medianOf = (starts: typeof seen.ours, of: "started" | "before" | "wrapped") => median(starts.map((one) => one[of]));
  for (const [way, starts] of [[theirs, seen.theirs], [ours, seen.ours]] as const) {
    say(`submit to start, 1 job, ${way.name}, p50`, medianOf(starts, "started"), "ms", `p90 ${percentile(starts.map(({ started }) => started), 0.9).toFixed(0)} ms, of ${PAIRS} in turns; of it before sbatch ${medianOf(starts, "before").toFixed(1)} ms, in our script ${medianOf(starts, "wrapped").toFixed(1)} ms`);
  }
  sayHops(journeys, "sbatch");
  const own = median(seen.ours.map(({ before, wrapped }) => before + wrapped)) - medianOf(seen.theirs, "before");
  say("overhead at the median: what Drover does itself", own, "ms", `goal < ${GOAL_MS}: ratio ${(own / GOAL_MS).toFixed(2)}; the rest is Slurm's own wait, which varies by half a second`);
  const whole = medianOf(seen.ours, "started") - medianOf(seen.theirs, "started");
  say("  difference of the medians, with that wait", whole, "ms", `${(medianOf(seen.ours, "started") / medianOf(seen.theirs, "started")).toFixed(2)} × bare sbatch`);
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
