import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../contract.ts";
import { NotNow } from "../driver.ts";
import { SlurmDriver } from "./driver.ts";

let bin: string;
beforeEach(async () => {
  bin = await mkdtemp(path.join(tmpdir(), "drover-slurm-"));
});
afterEach(() => rm(bin, { recursive: true, force: true }));

/** What `scontrol` says from now on. */
async function scontrol(script: string): Promise<void> {
  await writeFile(path.join(bin, "scontrol"), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(bin, "scontrol"), 0o755);
}
const AWAY = 'echo "slurm_load_node error: Unable to contact slurm controller (connect failure)" >&2; exit 1';

describe("a Slurm that is away while the agent starts", () => {
  it("has nodes that nobody knows, not none: neither what it has nor what it can is told as if there were none", async () => {
    await scontrol(AWAY);
    const driver = await SlurmDriver.open({ hasGit: true, env: { PATH: `${bin}:/usr/bin:/bin` } });
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
