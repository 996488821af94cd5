import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SlurmLab } from "../../../scripts/test/slurm/lab.ts";
import { plainAsk, until } from "../contract.ts";
import type { Launch } from "../driver.ts";
import { envOf, listProcesses } from "../processes.ts";
import { SlurmDriver } from "./driver.ts";

let root: string;
let lab: SlurmLab;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "drover-forgotten-"));
  lab = await SlurmLab.up(path.join(root, "lab"), { nodes: 1, accounting: false });
}, 180_000);
afterAll(async () => {
  await lab?.down();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

async function living(attemptId: string): Promise<number[]> {
  const rows = (await listProcesses()).filter((row) => !row.zombie);
  const ours = await Promise.all(rows.map(async ({ pid }) => (await envOf(pid, "DROVER_ATTEMPT_ID")) === attemptId));
  return rows.filter((_, at) => ours[at]).map(({ pid }) => pid);
}

/** It runs, and Slurm's controller was killed and has come back with what it knew before the start; the node says nothing. */
async function runForgotten(driver: SlurmDriver, launch: Launch): Promise<void> {
  const state = path.join(lab.home, "state", "job_state");
  await lab.run("scontrol", ["update", "partitionname=gpu", "state=down"]);
  await driver.submit(launch);
  const id = (await driver.accounting.jobOf(launch.folder))!;
  await lab.run("scontrol", ["hold", id]);
  await lab.run("scontrol", ["update", "partitionname=gpu", "state=up"]);
  await lab.untilWritten(id);
  await copyFile(state, `${state}.before`);
  await lab.run("scontrol", ["release", id]);
  await until("its processes", async () => (await living(launch.attemptId)).length >= 3);
  process.kill(lab.daemon("slurmd.n01").pid!, "SIGSTOP");
  await lab.kill("slurmctld");
  await copyFile(`${state}.before`, state);
  await lab.restart("slurmctld");
  expect(await lab.run("squeue", ["-h", "-j", id, "-o", "%T"])).toBe("PENDING\n");
}

it("a job whose start Slurm has forgotten has ended once nothing of it runs, though Slurm tells its node nothing", async () => {
  const driver = await SlurmDriver.open({ hasGit: true, env: lab.env, links: path.join(root, "tasks") });
  const attemptId = "att_forgotten";
  const folder = path.join(root, attemptId);
  await mkdir(path.join(folder, "work"), { recursive: true });
  const launch = { attemptId, folder, command: ["/bin/sh", "-c", "sleep 300 & setsid sleep 300 & wait"], env: { PATH: "/usr/bin:/bin", DROVER_ATTEMPT_ID: attemptId }, workingDirectory: path.join(folder, "work"), memoryMib: 256, runAs: null, ask: plainAsk() };
  await runForgotten(driver, launch);
  const seen = await until("it to be called over", async () => {
    const now = await driver.observe(attemptId, folder);
    return now.state === "ended" && now;
  });
  expect(seen.ended).toMatchObject({ cause: "preempted" });
  await driver.sweep(attemptId, folder);
  await until("nothing of it to run", async () => (await living(attemptId)).length === 0);
  const after = await driver.observe(attemptId, folder);
  expect(after.state === "ended" ? after.ended.cause : "preempted").toBe("preempted"); // its own end, when it was told, is not why
}, 120_000);
