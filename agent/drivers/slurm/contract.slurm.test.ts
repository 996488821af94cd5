import { mkdtemp, readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { SlurmLab } from "../../../scripts/test/slurm/lab.ts";
import { driverContract } from "../contract.ts";
import { envOf, listProcesses } from "../processes.ts";
import { SlurmDriver } from "./driver.ts";

let lab: SlurmLab;
beforeAll(async () => {
  lab = await SlurmLab.up(await mkdtemp(path.join(os.tmpdir(), "drover-slurm-")));
}, 180_000);
afterAll(() => lab?.down(), 60_000);

/** Everything of an attempt but Slurm's shepherds and the batch script. */
async function pidsOf(attemptId: string): Promise<number[]> {
  const found: number[] = [];
  for (const row of await listProcesses()) {
    const words = await readFile(`/proc/${row.pid}/cmdline`, "utf8").catch(() => "");
    if (!row.zombie && !/slurmstepd|slurm_script/.test(words) && (await envOf(row.pid, "DROVER_ATTEMPT_ID")) === attemptId) found.push(row.pid);
  }
  return found;
}

driverContract("the Slurm driver", { open: () => SlurmDriver.open({ hasGit: true, env: lab.env, links: path.join(lab.home, "tasks") }), pidsOf, limitsMemory: true });
