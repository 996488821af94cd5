import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SlurmDriver } from "../agent/drivers/slurm/driver.ts";
import { QUEUE_QUERY } from "../agent/drivers/slurm/queue.ts";
import { ensureInstalled } from "../scripts/test/slurm/install.ts";
import { SlurmLab } from "../scripts/test/slurm/lab.ts";
import { median, say } from "./figures.ts";
import { withFolder } from "./folder.ts";

// One look of the agent at all of its jobs on a real Slurm: one squeue for all, and what each job left in its folder.

const JOBS = 5000;
const GOAL_MS = 1000;
const ROUNDS = 9;
const LANES = 4;
/** Beyond some attempts the agent looks at each one's files only once in so long; every round here is to be a whole look. */
const APART_MS = 1100;

const exec = promisify(execFile);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Held jobs of the names that the agent gives, so that they wait for as long as is measured. Answers attempt → job. */
async function fillQueue(lab: SlurmLab): Promise<Map<string, string>> {
  const share = JOBS / LANES;
  const one = 'sbatch --quiet --hold --job-name="drover-att_$i" --nodes=1-1 --ntasks=1 --mem=64M --output=/dev/null --chdir=/tmp --wrap=true';
  await Promise.all(Array.from({ length: LANES }, (_, lane) => exec("sh", ["-c", `for i in $(seq ${lane * share} ${(lane + 1) * share - 1}); do ${one} || exit 1; done`], { env: { PATH: "/usr/bin:/bin", ...lab.env } as Record<string, string> as NodeJS.ProcessEnv, maxBuffer: 1 << 24 })));
  const listed = await lab.run("squeue", ["-h", "-o", "%i %j"]);
  return new Map(listed.trim().split("\n").map((line) => line.split(" ")).map(([id, name]) => [name!.replace("drover-", ""), id!]));
}

/** What the agent's journal holds of each: submitted, and nothing heard of it since. */
function journal(folder: string, jobs: ReadonlyMap<string, string>): { attemptId: string; folder: string }[] {
  return [...jobs].map(([attemptId, job]) => {
    const home = join(folder, attemptId);
    mkdirSync(join(home, "job"), { recursive: true });
    writeFileSync(join(home, "slurm.json"), JSON.stringify({ at: 0, job, ranks: false, limitMib: 64 }));
    return { attemptId, folder: home };
  });
}

/** Wall and CPU of the very query that the agent makes, with nobody reading its answer but a file. */
async function squeueAlone(lab: SlurmLab): Promise<{ wallMs: number; cpuMs: number }> {
  const { stderr } = await exec("bash", ["-c", 'TIMEFORMAT="%R %U %S"; time squeue "$@" > /dev/null', "bash", ...QUEUE_QUERY], { env: { PATH: "/usr/bin:/bin", ...lab.env } as Record<string, string> as NodeJS.ProcessEnv });
  const [wall = 0, user = 0, system = 0] = stderr.trim().split("\n").at(-1)!.split(" ").map(Number);
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}

async function measure(lab: SlurmLab, driver: SlurmDriver, attempts: readonly { attemptId: string; folder: string }[]): Promise<void> {
  const look = () => Promise.all(attempts.map((one) => driver.observe(one.attemptId, one.folder)));
  const seen = await look();
  const waiting = seen.filter((one) => one.state === "starting" && one.scheduler?.state === "PENDING").length;
  if (waiting !== JOBS) throw new Error(`Of ${JOBS} held jobs ${waiting} are seen as waiting.`);
  const rounds: { wallMs: number; cpuMs: number; slurmMs: number; slurmCpuMs: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await pause(APART_MS);
    const cpu = process.cpuUsage();
    const begin = performance.now();
    await look();
    const wallMs = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpu);
    const alone = await squeueAlone(lab);
    rounds.push({ wallMs, cpuMs: (user + system) / 1000, slurmMs: alone.wallMs, slurmCpuMs: alone.cpuMs });
  }
  const of = (key: keyof (typeof rounds)[number]) => median(rounds.map((one) => one[key]));
  say(`one observation of ${JOBS.toLocaleString("en")} jobs, wall`, of("wallMs"), "ms", `median of ${ROUNDS} (goal < ${GOAL_MS}: ratio ${(of("wallMs") / GOAL_MS).toFixed(2)})`);
  say("  of it squeue, alone and read by nobody, wall", of("slurmMs"), "ms", `CPU ${of("slurmCpuMs").toFixed(0)} ms`);
  say("  the agent's own CPU: parsing, and the jobs' files", of("cpuMs"), "ms");
}

ensureInstalled(["slurm"]);
await withFolder(async (folder) => {
  const lab = await SlurmLab.up(join(folder, "lab"), { accounting: false });
  try {
    const jobs = await fillQueue(lab);
    const driver = await SlurmDriver.open({ hasGit: false, env: lab.env, links: join(lab.home, "tasks") });
    await measure(lab, driver, journal(folder, jobs));
  } finally {
    await lab.down();
  }
});
