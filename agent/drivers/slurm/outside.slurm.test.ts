import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SlurmLab } from "../../../scripts/test/slurm/lab.ts";
import type { OutsideJob } from "../../protocol/messages.ts";
import { until } from "../contract.ts";
import { SlurmDriver } from "./driver.ts";

let root: string;
let lab: SlurmLab;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "drover-outside-"));
  lab = await SlurmLab.up(root, { nodes: 1 });
}, 180_000);
afterAll(async () => {
  await lab?.down();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

it("a real Slurm's accounting tells of a job that others gave it while it runs, and of its end", async () => {
  const driver = await SlurmDriver.open({ hasGit: true, env: lab.env, links: path.join(root, "tasks") });
  const id = (await lab.run("sbatch", ["--parsable", "--job-name=a|b", "--output=/dev/null", "--mem=64M", "--time=5", "--wrap=sleep 300"])).trim();
  const seen = (what: string, fits: (job: OutsideJob) => boolean) =>
    until(what, async () => {
      const answer = await driver.outside.read(3600);
      const job = answer.kind === "told" ? answer.jobs.find((one) => one.job === id) : undefined;
      return job && fits(job) ? job : null;
    }, 120);
  const running = await seen("the job to run", (job) => job.isAlive);
  expect(running).toMatchObject({ name: "a|b", nodes: ["n01"], endedAt: null, memoryMib: 64 });
  expect(running.cpus).toBeGreaterThan(0);
  await lab.run("scancel", [id]);
  const ended = await seen("its end", (job) => job.endedAt !== null);
  expect(ended).toMatchObject({ isAlive: false, startedAt: running.startedAt });
}, 300_000);
