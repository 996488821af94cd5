import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SlurmLab } from "../../../scripts/test/slurm/lab.ts";
import { plainAsk, until } from "../contract.ts";
import { SlurmDriver } from "./driver.ts";

let root: string;
let lab: SlurmLab;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "drover-elastic-"));
  lab = await SlurmLab.up(path.join(root, "lab"), { nodes: 1, accounting: false, elastic: true });
}, 180_000);
afterAll(async () => {
  await lab?.down();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

it("a node that Slurm switched off is up all the while, and is started for a job", async () => {
  const driver = await SlurmDriver.open({ hasGit: true, env: lab.env, links: path.join(lab.home, "tasks") });
  const node = async () => (await driver.inventory())[0]!;
  const folder = path.join(root, "att_elastic");
  await mkdir(path.join(folder, "work"), { recursive: true });
  await lab.run("scontrol", ["update", "nodename=n01", "state=power_down"]);
  await until("it to be off", async () => {
    const { state, scheduler } = await node();
    expect(state).toBe("up");
    return scheduler!.state.includes("POWERED_DOWN");
  }, 60);
  expect(lab.daemon("slurmd.n01").running).toBe(false);
  const launch = { attemptId: "att_elastic", folder, command: ["true"], env: { PATH: "/usr/bin:/bin" }, workingDirectory: path.join(folder, "work"), memoryMib: 256, runAs: null, ask: plainAsk() };
  await driver.submit(launch);
  const seen = await until("the job's end", async () => {
    expect((await node()).state).toBe("up");
    const now = await driver.observe(launch.attemptId, folder);
    return now.state === "ended" ? now : null;
  }, 120);
  expect(seen.ended).toMatchObject({ cause: "exited", code: 0 });
  await driver.sweep(launch.attemptId, folder);
}, 200_000);
