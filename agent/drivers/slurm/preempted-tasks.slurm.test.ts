import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SlurmLab } from "../../../scripts/test/slurm/lab.ts";
import { plainAsk, until } from "../contract.ts";
import type { Launch } from "../driver.ts";
import { SlurmDriver } from "./driver.ts";

/** A whole machine of the lab. */
const WHOLE = 32;
let lab: SlurmLab;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "drover-preempted-"));
  lab = await SlurmLab.up(await mkdtemp(path.join(os.tmpdir(), "drover-preempting-")));
}, 180_000);
afterAll(async () => {
  await lab?.down();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

it("one task of an array that Slurm preempts is told in its grace and ends as preempted; of the others none is told, running or waiting", async () => {
  await lab.run("sacctmgr", ["-iQ", "modify", "qos", "low", "set", "GraceTime=30"]);
  const driver = await SlurmDriver.open({ hasGit: true, env: lab.env, links: path.join(root, "tasks") });
  const ask = plainAsk({ cpus: WHOLE, overrides: { qos: "low" } });
  const launches = await Promise.all(Array.from({ length: 5 }, async (_, at): Promise<Launch> => {
    const attemptId = `att_${process.pid}_${at}`;
    const folder = path.join(root, attemptId);
    await mkdir(path.join(folder, "work"), { recursive: true });
    return { attemptId, folder, command: ["/bin/sh", "-c", 'trap "echo saved; exit 0" TERM; while :; do sleep 0.1; done'], env: { PATH: "/usr/bin:/bin" }, workingDirectory: path.join(folder, "work"), memoryMib: 256, runAs: null, ask };
  }));
  const look = () => Promise.all(launches.map(({ attemptId, folder }) => driver.observe(attemptId, folder)));
  const states = async () => (await look()).map(({ state }) => state).toSorted();
  const said = ({ folder }: Launch) => readFile(driver.logs(folder).stdout, "utf8");
  try {
    await Promise.all(launches.map((launch) => driver.submit(launch)));
    const handles = await Promise.all(launches.map(async ({ folder }) => JSON.parse(await readFile(path.join(folder, "slurm.json"), "utf8")) as { job: string }));
    expect(new Set(handles.map(({ job }) => job.split("_")[0])).size).toBe(1);
    await until("three to run", async () => (await states()).join() === "running,running,running,starting,starting", 60);
    await lab.run("sbatch", ["--job-name=theirs", "--qos=high", "--nodes=1", `--ntasks=${WHOLE}`, "--mem=100M", "--output=/dev/null", "--chdir=/tmp", "--wrap=sleep 300"]);
    const seen = await until("the end of one", async () => {
      const all = await look();
      return all.some(({ state }) => state === "ended") && all;
    }, 60);
    expect(seen.map(({ state }) => state).toSorted()).toEqual(["ended", "running", "running", "starting", "starting"]);
    for (const [at, one] of seen.entries()) {
      if (one.state === "ended") expect(one.ended).toMatchObject({ cause: "preempted", code: 0, detail: expect.stringContaining("within its grace") as string });
      expect(await said(launches[at]!)).toBe(one.state === "ended" ? "saved\n" : "");
    }
  } finally {
    for (const { attemptId, folder } of launches) {
      await driver.stop(attemptId, folder, "kill");
      await driver.sweep(attemptId, folder);
    }
  }
}, 240_000);
