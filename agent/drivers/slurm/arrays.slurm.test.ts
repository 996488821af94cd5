import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SlurmLab } from "../../../scripts/test/slurm/lab.ts";
import { plainAsk, until } from "../contract.ts";
import type { Launch, Observation } from "../driver.ts";
import { SlurmDriver } from "./driver.ts";

/** A whole machine of the lab. */
const WHOLE = 32;
let lab: SlurmLab;
beforeAll(async () => {
  lab = await SlurmLab.up(await mkdtemp(path.join(os.tmpdir(), "drover-arrays-")));
}, 180_000);
afterAll(() => lab?.down(), 60_000);

let root: string;
let driver: SlurmDriver;
let launches: Launch[];
let count = 0;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "drover-array-"));
  driver = await open();
  launches = [];
});
afterEach(async () => {
  for (const { attemptId, folder } of launches) {
    await driver.stop(attemptId, folder, "kill");
    await driver.sweep(attemptId, folder);
  }
  await until("Slurm to be empty", async () => (await lab.run("squeue", ["-h"])).trim() === "", 60);
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}, 90_000);

const open = (env: Record<string, string> = {}, arrays = true) => SlurmDriver.open({ hasGit: true, env: { ...lab.env, ...env }, links: path.join(root, "tasks"), arrays });

/** Each start of it leaves a line. */
async function prepare(script: string, more: Partial<Launch> = {}): Promise<Launch> {
  const attemptId = `att_${process.pid}_${count++}`;
  const folder = path.join(root, attemptId);
  await mkdir(path.join(folder, "work"), { recursive: true });
  const command = ["/bin/sh", "-c", `echo started >> ${folder}/starts; ${script}`];
  const launch: Launch = { attemptId, folder, command, env: { PATH: "/usr/bin:/bin", OWN: attemptId }, workingDirectory: path.join(folder, "work"), memoryMib: 256, runAs: null, ask: plainAsk(), ...more };
  launches.push(launch);
  return launch;
}
const several = (howMany: number, script: string, more: Partial<Launch> = {}) => Promise.all(Array.from({ length: howMany }, () => prepare(script, more)));
const submitAll = (all: readonly Launch[], by = driver) => Promise.all(all.map((launch) => by.submit(launch)));
const see = ({ attemptId, folder }: Launch, by = driver): Promise<Observation> => by.observe(attemptId, folder);
const running = (launch: Launch) => until("it to run", async () => {
  const seen = await see(launch);
  return seen.state === "running" && seen;
}, 60);
const ended = (launch: Launch, seconds = 60) => until("its end", async () => {
  const seen = await see(launch);
  return seen.state === "ended" && seen;
}, seconds);
const output = ({ folder }: Launch) => readFile(driver.logs(folder).stdout, "utf8");
const starts = async ({ folder }: Launch) => (await readFile(path.join(folder, "starts"), "utf8").catch(() => "")).split("\n").filter(Boolean).length;
const handleOf = async ({ folder }: Launch) => JSON.parse(await readFile(path.join(folder, "slurm.json"), "utf8")) as { job: string | null; array: { name: string; index: number } | null };
/** What Slurm has of ours, as `<number> <state>`. */
const listed = async () => (await lab.run("squeue", ["-h", "-r", "-t", "all", "-o", "%i %T"])).trim().split("\n").filter(Boolean);
/** What the supervisor does after a start of the agent. */
async function goOn(all: readonly Launch[], by: SlurmDriver): Promise<void> {
  await Promise.all(all.map(async (launch) => (await see(launch, by)).state === "absent" && by.submit(launch)));
}

describe("starts that are alike and come together", { timeout: 120_000 }, () => {
  it("become one job array, of which each command sees its own run and nothing of the others", async () => {
    const all = await several(6, 'echo "$OWN in $PWD with ${SLURM_ARRAY_TASK_ID-no} index"; env | grep -c ARRAY; exit "${OWN##*[!0-9]}"');
    await submitAll(all);
    const handles = await Promise.all(all.map(handleOf));
    const master = handles[0]!.job!.split("_")[0];
    expect(handles.map(({ job }) => job).toSorted()).toEqual(all.map((_, at) => `${master}_${at}`));
    expect(await listed()).toEqual(expect.arrayContaining(all.map((_, at) => expect.stringContaining(`${master}_${at} `) as string)));
    for (const launch of all) {
      const seen = await ended(launch);
      expect(seen.ended, seen.ended.detail).toMatchObject({ cause: "exited", code: Number(launch.attemptId.split("_").at(-1)) });
      expect(lab.nodes).toContain(seen.nodes?.[0]);
      expect(await output(launch)).toBe(`${launch.attemptId} in ${launch.workingDirectory} with no index\n0\n`);
      expect(await starts(launch)).toBe(1);
    }
  });

  it("and are not alike where one needs something else, nor are they where the policy allows no arrays", async () => {
    const [one, two] = await several(2, "exit 0");
    const other = await prepare("exit 0", { memoryMib: 512 });
    await submitAll([one!, other, two!]);
    expect((await handleOf(other)).array).toBeNull();
    expect((await handleOf(one!)).array!.name).toBe((await handleOf(two!)).array!.name);
    const each = await several(3, "exit 0");
    await submitAll(each, await open({}, false));
    for (const launch of each) expect((await handleOf(launch)).array).toBeNull();
    for (const launch of launches) expect((await ended(launch)).ended).toMatchObject({ code: 0 });
  });

  it("of several nodes each meet their own ranks, with nodes alone where they asked for that", async () => {
    const all = await several(2, 'echo "rank $RANK of $WORLD_SIZE for $OWN, ${SLURM_ARRAY_TASK_ID-no} index"', { ask: plainAsk({ nodes: 2, overrides: { exclusive: true } }) });
    await submitAll(all);
    for (const launch of all) {
      const seen = await ended(launch);
      expect(seen.ended).toMatchObject({ code: 0 });
      expect(new Set(seen.nodes).size).toBe(2);
      const ranks = path.join(launch.folder, "ranks");
      const texts = await Promise.all((await readdir(ranks)).map((name) => readFile(path.join(ranks, name), "utf8").catch(() => "")));
      for (const rank of [0, 1]) expect(texts.join("\n")).toContain(`rank ${rank} of 2 for ${launch.attemptId}, no index`);
      expect(await driver.granted(launch.attemptId, launch.folder)).toMatchObject({ cpus: 2 * WHOLE });
    }
  });
});

describe("the tasks of one array", { timeout: 180_000 }, () => {
  it("are each asked to end, killed, failed, requeued and cancelled alone, waiting or running, and each end is told once", async () => {
    const all = await several(9, 'trap "echo asked; exit 12" TERM; echo up; while [ ! -e go ]; do sleep 0.1; done; exit 7', { ask: plainAsk({ cpus: WHOLE }) });
    await submitAll(all);
    const first = await until("three of them to run", async () => {
      const run = [];
      for (const launch of all) if ((await see(launch)).state === "running") run.push(launch);
      return run.length === 3 && run;
    }, 60);
    const waiting = all.filter((launch) => !first.includes(launch));
    const stillWait = async (some: readonly Launch[]) => {
      for (const launch of some) expect(await see(launch)).toMatchObject({ state: "starting", scheduler: { job: (await handleOf(launch)).job, state: "PENDING" } });
    };
    await stillWait(waiting);
    const jobOf = async (launch: Launch) => (await handleOf(launch)).job!;

    // One that waits is asked to end, another is killed, a third one's owner uses scancel: the others wait on.
    const [asked, killed, theirs, ...rest] = waiting as [Launch, Launch, Launch, ...Launch[]];
    await driver.stop(asked.attemptId, asked.folder, "ask");
    expect((await ended(asked)).ended).toMatchObject({ cause: "stopped", detail: expect.stringContaining("before it started") as string });
    await driver.stop(killed.attemptId, killed.folder, "kill");
    expect((await ended(killed)).ended).toMatchObject({ cause: "stopped" });
    await lab.run("scancel", [await jobOf(theirs)]);
    expect(await ended(theirs, 45)).toMatchObject({ startedAt: null, ended: { cause: "stopped" } });
    await stillWait(rest);
    for (const launch of first) expect((await see(launch)).state).toBe("running");

    // Of those that run one is asked, one fails, one is put back into the queue by an administrator.
    const [stops, fails, requeued] = first as [Launch, Launch, Launch];
    const places = await Promise.all(first.map(running));
    expect(new Set(places.map(({ nodes }) => nodes?.join())).size).toBe(3);
    for (const { attemptId, folder } of first) expect(await driver.granted(attemptId, folder)).toEqual({ cpus: WHOLE, memoryMib: 256, gpus: null });
    await until("Slurm's word on what each uses", async () => (await driver.usage(first)).size === 3, 30);
    await driver.stop(stops.attemptId, stops.folder, "ask");
    expect((await ended(stops)).ended).toMatchObject({ cause: "exited", code: 12 });
    expect(await output(stops)).toContain("asked");
    await writeFile(path.join(fails.workingDirectory, "go"), "");
    expect((await ended(fails)).ended).toMatchObject({ cause: "exited", code: 7 });
    await lab.run("scontrol", ["update", `jobid=${await jobOf(requeued)}`, "requeue=1"]);
    await lab.run("scontrol", ["requeue", await jobOf(requeued)]);
    expect((await ended(requeued)).ended.cause).toMatch(/preempted|exited/); // it may record its own end on its way out
    await driver.sweep(requeued.attemptId, requeued.folder);

    // What waited takes their places, and an administrator who cancels the whole array ends what is left.
    await until("others to run", async () => (await Promise.all(rest.map((launch) => see(launch)))).some(({ state }) => state === "running"), 60);
    await lab.run("scancel", [(await jobOf(rest[0]!)).split("_")[0]!]);
    for (const launch of rest) expect((await ended(launch)).ended.cause).toMatch(/stopped|exited/);
    for (const launch of [asked, killed, theirs]) expect(await starts(launch)).toBe(0);
    for (const launch of [...first, ...rest]) expect(await starts(launch)).toBeLessThanOrEqual(1);

    // Slurm's own books have each of those that ran, by itself.
    for (const launch of first) {
      const job = (await driver.accounting.jobOf(launch.folder))!;
      const [part] = await until("its part", async () => {
        const told = await driver.accounting.read(new Map([[launch.attemptId, job]]));
        const parts = told.kind === "told" ? told.parts.get(launch.attemptId)! : [];
        return parts.length > 0 && parts.every(({ endedAt }) => endedAt !== null) && parts;
      }, 30);
      expect(part).toMatchObject({ job: await jobOf(launch), nodes: places[first.indexOf(launch)]!.nodes!.join(), cpus: WHOLE, nodeCount: 1 });
    }
  });

  it("outlive Slurm's controller, and those that waited then start, once each", async () => {
    const all = await several(5, "sleep 3; exit 3", { ask: plainAsk({ cpus: WHOLE }) });
    await submitAll(all);
    await until("one to run", async () => (await see(all[0]!)).state === "running", 30);
    await lab.kill("slurmctld", "SIGTERM");
    driver = await open();
    await goOn(all, driver);
    await lab.restart("slurmctld");
    await goOn(all, driver);
    for (const launch of all) {
      expect((await ended(launch, 90)).ended).toMatchObject({ cause: "exited", code: 3 });
      expect(await starts(launch)).toBe(1);
    }
  });

  it("let a person in, each to its own", async () => {
    const all = await several(2, "while :; do sleep 0.2; done");
    await submitAll(all);
    for (const launch of all) {
      await running(launch);
      const { command } = await driver.enter(launch.attemptId, launch.folder, null);
      const [program, ...args] = command(["printenv", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID"]).filter((word) => word !== "--pty");
      const { index } = (await handleOf(launch)).array!;
      const text = await lab.run(program!, args).catch((error: { stdout: string }) => error.stdout);
      const raw = (await readFile(path.join(launch.folder, "job", "id"), "utf8")).trim();
      expect(text.trim().split("\n").at(-1)).toBe(raw);
      expect((await lab.run("squeue", ["-h", "-o", "%A=%i"])).split("\n")).toContainEqual(expect.stringMatching(new RegExp(`^${raw}=.*_${index}$`)));
    }
  });

  it("are submitted one by one where Slurm takes some of them and not all", async () => {
    await lab.run("sacctmgr", ["-iQ", "modify", "account", "teama", "set", "MaxSubmitJobs=2"]);
    try {
      const all = await several(4, "sleep 2", { ask: plainAsk({ overrides: { account: "teama" } }) });
      const told = await Promise.allSettled(all.map((launch) => driver.submit(launch)));
      expect(told.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
      for (const one of told) if (one.status === "rejected") expect(String(one.reason)).toMatch(/limit|policy/i);
      for (const [at, launch] of all.entries()) if (told[at]!.status === "fulfilled") expect((await ended(launch)).ended).toMatchObject({ code: 0 });
    } finally {
      await lab.run("sacctmgr", ["-iQ", "modify", "account", "teama", "set", "MaxSubmitJobs=-1"]);
    }
  });
});

describe("an agent that dies while it submits an array", { timeout: 120_000 }, () => {
  /** Submits in a process of its own. @param at The fail-point that kills it; else the caller does. */
  async function submitElsewhere(all: readonly Launch[], env: Record<string, string>, at: string): Promise<{ kill: () => void; dead: Promise<NodeJS.Signals | null> }> {
    const file = path.join(root, "launches.json");
    await writeFile(file, JSON.stringify({ env: { ...lab.env, ...env }, links: path.join(root, "tasks"), launches: all }));
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", path.join(import.meta.dirname, "../../testing/slurm-submit.ts"), file], { env: { ...process.env, DROVER_FAILPOINT: at }, stdio: "ignore" });
    return { kill: () => child.kill("SIGKILL"), dead: new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal))) };
  }
  async function allRunOnce(all: readonly Launch[]): Promise<void> {
    for (const launch of all) {
      expect((await ended(launch)).ended).toMatchObject({ cause: "exited", code: 0 });
      expect(await starts(launch)).toBe(1);
    }
  }
  /** Numbers of the arrays that Slurm was ever given of these. */
  async function arraysOf(all: readonly Launch[]): Promise<string[]> {
    const { name } = (await handleOf(all[0]!)).array!;
    return [...new Set((await lab.run("sacct", ["-nXP", "--name", name, "-S", "now-1hours", "-o", "JobID"])).trim().split("\n").filter(Boolean).map((id) => id.split("_")[0]!))];
  }

  it("between the journal and Slurm leaves nothing there, and the next one submits the same array", async () => {
    const all = await several(4, "sleep 1");
    expect(await (await submitElsewhere(all, {}, "agent.launch.before-spawn")).dead).toBe("SIGKILL");
    expect(await listed()).not.toEqual(expect.arrayContaining([expect.stringContaining("PENDING")]));
    const before = await Promise.all(all.map(handleOf));
    for (const handle of before) expect(handle).toMatchObject({ job: null, array: { name: before[0]!.array!.name } });
    await goOn(all, driver);
    expect((await Promise.all(all.map(handleOf))).map(({ array }) => array)).toEqual(before.map(({ array }) => array));
    await allRunOnce(all);
    await until("its array in the books", async () => (await arraysOf(all)).length > 0);
    expect(await arraysOf(all)).toHaveLength(1);
  });

  it.each([false, true])("between Slurm and the journal has made its array, which the next one finds (its tasks wait: %s)", async (wait) => {
    const blocker = wait ? await prepare("while [ ! -e go ]; do sleep 0.1; done", { ask: plainAsk({ nodes: 3, cpus: WHOLE }) }) : null;
    if (blocker) {
      await driver.submit(blocker);
      await running(blocker);
    }
    const all = await several(4, "sleep 1");
    expect(await (await submitElsewhere(all, {}, "agent.launch.after-spawn")).dead).toBe("SIGKILL");
    for (const launch of all) expect((await handleOf(launch)).job).toBeNull();
    await goOn(all, driver);
    await submitAll(all); // and whoever submits once more
    if (blocker) await writeFile(path.join(blocker.workingDirectory, "go"), "");
    await allRunOnce(all);
    await until("its array in the books", async () => (await arraysOf(all)).length > 0);
    expect(await arraysOf(all)).toHaveLength(1);
  });

  it("with only some of them journaled leaves some for the same array, and the others for one of their own", async () => {
    const all = await several(5, "sleep 1");
    expect(await (await submitElsewhere(all, {}, "agent.launch.before-spawn")).dead).toBe("SIGKILL");
    const lost = all.slice(3);
    for (const { folder } of lost) await rm(path.join(folder, "slurm.json"));
    await goOn(all, driver);
    const names = (await Promise.all(all.map(handleOf))).map(({ array }) => array!.name);
    expect(new Set(names.slice(0, 3)).size).toBe(1);
    expect(new Set(names).size).toBe(2);
    await allRunOnce(all);
  });

  it("while sbatch is under way, whose array is made after the next agent looked for it: each starts once, and what is left over goes", async () => {
    const bin = path.join(root, "bin");
    await mkdir(bin);
    await writeFile(path.join(bin, "sbatch"), `#!/bin/sh\n: > ${bin}/called\nsleep 3\nexec /usr/bin/sbatch "$@"\n`, { mode: 0o755 });
    const all = await several(4, "sleep 4");
    const child = await submitElsewhere(all, { PATH: `${bin}:/usr/bin:/bin` }, "");
    await until("sbatch to be called", async () => existsSync(path.join(bin, "called")), 30);
    child.kill();
    await child.dead;
    await goOn(all, driver);
    await until("the second array", async () => (await arraysOf(all)).length === 2, 30);
    await allRunOnce(all);
    for (const { attemptId, folder } of all) await driver.sweep(attemptId, folder);
    await until("Slurm to be empty", async () => (await lab.run("squeue", ["-h"])).trim() === "", 60);
  });
});
