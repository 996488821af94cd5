import { chmod, mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../contract.ts";
import { NotNow } from "../driver.ts";
import { SlurmDriver } from "./driver.ts";
import { Handles } from "./handle.ts";
import { jobName } from "./names.ts";
import { JOB_FOLDER } from "./script.ts";

let bin: string;
beforeEach(async () => {
  bin = await mkdtemp(path.join(tmpdir(), "drover-slurm-"));
});
afterEach(() => rm(bin, { recursive: true, force: true }));

/** What one of Slurm's programs does from now on. */
async function program(name: string, script: string): Promise<void> {
  await writeFile(path.join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(bin, name), 0o755);
}
const scontrol = (script: string) => program("scontrol", script);
const AWAY = 'echo "slurm_load_node error: Unable to contact slurm controller (connect failure)" >&2; exit 1';

describe("a Slurm that is away while the agent starts", () => {
  it("has nodes that nobody knows, not none: neither what it has nor what it can is told as if there were none", async () => {
    await scontrol(AWAY);
    const driver = await SlurmDriver.open({ hasGit: true, env: { PATH: `${bin}:/usr/bin:/bin` }, links: path.join(bin, "tasks") });
    await expect(driver.inventory()).rejects.toThrow(NotNow);
    expect((await driver.capabilities()).maxNodes).toBe(10_000);
    await scontrol('echo "NodeName=n1 State=IDLE CPUTot=4 RealMemory=1000"');
    await until("Slurm to be asked again", () => driver.inventory().catch(() => null));
    expect(await driver.inventory()).toMatchObject([{ name: "n1" }]);
    expect((await driver.capabilities()).maxNodes).toBe(1);
    expect(await driver.scheduler()).toBeNull(); // squeue has not answered: what others run there is not known
    await scontrol(AWAY);
    expect(await driver.inventory()).toMatchObject([{ name: "n1" }]);
  }, 20_000);
});

describe("an agent that died between sbatch and its journal", () => {
  it("leaves a job that the next one finds by its name and notes by its number, which is what its accounting is asked by", async () => {
    await scontrol('echo "NodeName=n1 State=IDLE CPUTot=4 RealMemory=1000"');
    const found = ["41", "RUNNING", "None", "root", "team", "gpu", "normal", "1", "n1", "1", "cpu=1,mem=256M,node=1", "1796069400", "1796069446", "Unknown", "UNLIMITED", "1", "0", "N/A", "41", jobName("att_a")];
    await program("squeue", `echo "${found.join("|")}|"`);
    const folder = path.join(bin, "att_a");
    await mkdir(path.join(folder, JOB_FOLDER), { recursive: true });
    await new Handles().write(folder, { at: 1_796_069_400_000, job: null, ranks: false, limitMib: 256, array: null });
    const driver = await SlurmDriver.open({ hasGit: true, env: { PATH: `${bin}:/usr/bin:/bin` }, links: path.join(bin, "tasks") });
    expect(await driver.observe("att_a", folder)).toMatchObject({ state: "starting" });
    expect(await driver.accounting.jobOf(folder)).toBe("41");
    expect(await driver.granted("att_a", folder)).toMatchObject({ cpus: 1, memoryMib: 256 });
    expect((await new Handles().read(folder))?.job).toBe("41");
  });
});

it("a job is known to have been asked to end since it was first asked, however often it is asked", async () => {
  await scontrol('echo "NodeName=n1 State=IDLE CPUTot=4 RealMemory=1000"');
  for (const name of ["squeue", "scancel"]) await program(name, ":");
  const driver = await SlurmDriver.open({ hasGit: true, env: { PATH: `${bin}:/usr/bin:/bin` }, links: path.join(bin, "tasks") });
  await driver.stop("att_a", bin, "ask");
  const asked = path.join(bin, "asked");
  await utimes(asked, 1_795_000_000, 1_795_000_000);
  await driver.stop("att_a", bin, "kill");
  expect((await stat(asked)).mtimeMs).toBe(1_795_000_000_000);
});
