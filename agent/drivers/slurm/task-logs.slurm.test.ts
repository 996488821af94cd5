import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SlurmLab } from "../../../scripts/test/slurm/lab.ts";
import { plainAsk, until } from "../contract.ts";
import type { Launch } from "../driver.ts";
import { SlurmDriver } from "./driver.ts";

const NOBODY = { name: "nobody", uid: 65_534, gid: 65_534 };
let lab: SlurmLab;
let root: string;
let driver: SlurmDriver;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "drover-task-log-"));
  await chmod(root, 0o711);
  lab = await SlurmLab.up(await mkdtemp(path.join(os.tmpdir(), "drover-task-logs-")));
  driver = await SlurmDriver.open({ hasGit: true, env: lab.env, links: path.join(root, "tasks") });
}, 180_000);
afterAll(async () => {
  await lab?.down();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

async function prepare(attemptId: string, script: string, more: Partial<Launch>): Promise<Launch> {
  const folder = path.join(root, attemptId);
  await mkdir(path.join(folder, "work"), { recursive: true });
  if (more.runAs) await chown(path.join(folder, "work"), more.runAs.uid, more.runAs.gid);
  return { attemptId, folder, command: ["/bin/sh", "-c", script], env: { PATH: "/usr/bin:/bin" }, workingDirectory: path.join(folder, "work"), memoryMib: 256, runAs: null, ask: plainAsk(), ...more };
}
const seenAs = <S extends string>(launch: Launch, state: S) => until(`${launch.attemptId} to be ${state}`, async () => {
  const seen = await driver.observe(launch.attemptId, launch.folder);
  if (seen.state !== state && seen.state === "ended") throw new Error(`it ended: ${seen.ended.detail}`);
  return seen.state === state && (seen as Extract<typeof seen, { state: S }>);
}, 60);
const handleOf = async ({ folder }: Launch) => JSON.parse(await readFile(path.join(folder, "slurm.json"), "utf8")) as { job: string; array: { name: string; index: number } };
const said = ({ folder }: Launch) => readFile(path.join(folder, "job", "slurm.log"), "utf8").catch(() => "");

it("Slurm's own words on a task are in its attempt's log, also as another account; one whose log cannot be opened is its node's failure, alone", async () => {
  const blocker = await prepare("att_blocker", "while [ ! -e go ]; do sleep 0.1; done", { ask: plainAsk({ nodes: 3, cpus: 32 }) });
  await driver.submit(blocker);
  await seenAs(blocker, "running");
  const all = await Promise.all(["att_one", "att_broken", "att_other"].map((id) => prepare(id, "while :; do sleep 0.2; done", { runAs: NOBODY, ask: plainAsk({ overrides: { account: "teama" } }) })));
  await Promise.all(all.map((launch) => driver.submit(launch)));
  const [one, broken, other] = all as [Launch, Launch, Launch];
  const { array } = await handleOf(broken);
  const link = path.join(root, "tasks", `${array.name}_${array.index}`);
  expect(await readdir(path.dirname(link))).toHaveLength(3);
  await rm(link);
  await symlink("/no/such/folder/slurm.log", link);

  await writeFile(path.join(blocker.workingDirectory, "go"), "");
  expect(await seenAs(broken, "ended")).toMatchObject({ startedAt: null, ended: { cause: "hardware", detail: expect.stringContaining("JobLaunchFailure") as string } });
  await seenAs(one, "running");
  await seenAs(other, "running");
  await lab.run("scancel", [(await handleOf(one)).job]);
  await seenAs(one, "ended");
  await until("Slurm's word on it", async () => (await said(one)).includes("CANCELLED"), 30);
  expect(await said(other)).toBe("");

  for (const { attemptId, folder } of [one, broken]) await driver.sweep(attemptId, folder);
  expect(await readdir(path.dirname(link))).toHaveLength(1);
  await seenAs(other, "running");
  await driver.stop(other.attemptId, other.folder, "kill");
}, 180_000);
