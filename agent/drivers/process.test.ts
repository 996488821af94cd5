import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cgroupFor, findCgroupRoot } from "./cgroup.ts";
import { driverContract, plainAsk, until } from "./contract.ts";
import type { Launch } from "./driver.ts";
import { decodeStatus, HANDLE_FILE } from "./handle.ts";
import { readPid } from "./members.ts";
import { ProcessDriver } from "./process.ts";
import { envOf, listProcesses, parseStat, signal } from "./processes.ts";
import { WRAPPER_FILES } from "./wrapper.ts";

const options = { nodeName: "here", stateHome: os.tmpdir(), hasGit: true };
const cgroups = await findCgroupRoot();

async function pidsOf(attemptId: string): Promise<number[]> {
  const found: number[] = [];
  for (const row of await listProcesses()) {
    const isWrapper = (await readFile(`/proc/${row.pid}/cmdline`, "utf8").catch(() => "")).includes(WRAPPER_FILES.script);
    if (!row.zombie && !isWrapper && (await envOf(row.pid, "DROVER_ATTEMPT_ID")) === attemptId) found.push(row.pid);
  }
  return found;
}

driverContract("the process driver with cgroups", { open: () => ProcessDriver.open({ ...options, cgroups }), pidsOf, limitsMemory: cgroups !== null });
driverContract("the process driver that watches", { open: () => ProcessDriver.open({ ...options, cgroups: null }), pidsOf, limitsMemory: true });

describe("the process driver's wrapper", () => {
  let root: string;
  let driver: ProcessDriver;
  let launch: Launch;

  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), "drover-process-"));
    driver = await ProcessDriver.open(options);
    const attemptId = `att_${path.basename(root).replace(/[^A-Za-z0-9]/g, "_")}`;
    const folder = path.join(root, attemptId);
    await mkdir(path.join(folder, "work"), { recursive: true });
    launch = { attemptId, folder, command: ["/bin/sh", "-c", "sleep 300"], env: { PATH: "/usr/bin:/bin", DROVER_ATTEMPT_ID: attemptId }, workingDirectory: path.join(folder, "work"), memoryMib: 256, runAs: null, ask: plainAsk() };
  });
  afterEach(async () => {
    await driver.stop(launch.attemptId, launch.folder, "kill");
    await driver.sweep(launch.attemptId, launch.folder);
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  });

  const see = (by = driver) => by.observe(launch.attemptId, launch.folder);
  const pid = (name: string) => until(name, () => readPid(launch.folder, name));

  it("killed, it leaves a job that is watched until it ends, then reported as lost", async () => {
    await driver.submit(launch);
    const [wrapper, child] = [await pid(WRAPPER_FILES.pid), await pid(WRAPPER_FILES.child)];
    signal(wrapper, "SIGKILL");
    await until("the wrapper to be gone", async () => !(await listProcesses()).some((row) => row.pid === wrapper && !row.zombie));
    const next = await ProcessDriver.open(options);
    expect((await see(next)).state).toBe("running");
    signal(child, "SIGKILL");
    const seen = await until("the end", async () => {
      const now = await see(next);
      return now.state === "ended" ? now.ended : null;
    });
    expect(seen).toMatchObject({ cause: "wrapper_lost", code: null, signal: null });
    await next.sweep(launch.attemptId, launch.folder);
    expect(await pidsOf(launch.attemptId)).toEqual([]);
  });

  it("survives signals to its whole group, so the exit code is always recorded", async () => {
    launch.command = ["/bin/sh", "-c", 'trap "exit 7" TERM INT HUP; echo up; while :; do sleep 0.05; done'];
    await driver.submit(launch);
    const wrapper = await pid(WRAPPER_FILES.pid);
    await until("it to be up", async () => (await readFile(driver.logs(launch.folder).stdout, "utf8")).includes("up"));
    for (const name of ["SIGHUP", "SIGINT", "SIGTERM"] as const) signal(-wrapper, name);
    const seen = await until("the end", async () => {
      const now = await see();
      return now.state === "ended" ? now.ended : null;
    });
    expect(seen).toMatchObject({ cause: "exited", code: 7 });
  });

  it("whose job has a process that we may not signal, as sudo's, is ended but for that one", async () => {
    launch.command = ["/bin/sh", "-c", 'sleep 301 & sleep 302 & echo "$!" > other; wait'];
    await driver.submit(launch);
    const other = Number(await until("its processes", async () => (await readFile(path.join(launch.workingDirectory, "other"), "utf8").catch(() => "")).trim()));
    const kill = vi.spyOn(process, "kill").mockImplementation((at, name) => {
      if (at === other) throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
      try {
        execFileSync("kill", ["-s", String(name).replace("SIG", ""), "--", String(at)], { stdio: "ignore" });
      } catch {
        throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" }); // it has just ended
      }
      return true;
    });
    try {
      await driver.stop(launch.attemptId, launch.folder, "kill");
      await until("the end", async () => ((await see()).state === "ended" ? true : null));
      expect(await pidsOf(launch.attemptId)).toEqual([other]);
    } finally {
      kill.mockRestore();
    }
  }, 30_000);

  it("of another process with the same pid is not taken for ours", async () => {
    await mkdir(path.join(launch.folder, WRAPPER_FILES.gate));
    await writeFile(path.join(launch.folder, WRAPPER_FILES.pid), `${process.pid}\n`);
    await writeFile(path.join(launch.folder, WRAPPER_FILES.child), `${process.pid}\n`);
    const seen = await until("it to be called lost", async () => {
      const now = await see();
      return now.state === "ended" ? now.ended : null;
    });
    expect(seen.cause).toBe("wrapper_lost");
  });

  it("from before a restart of the machine is reported as such and never started again", async () => {
    await writeFile(path.join(launch.folder, HANDLE_FILE), JSON.stringify({ at: 1, boot: "another boot", cgroup: null, limitBytes: null }));
    expect(await see()).toMatchObject({ state: "ended", ended: { cause: "host_rebooted" } });
  });

  it("whose record was half written is not believed", async () => {
    await writeFile(path.join(launch.folder, HANDLE_FILE), "{torn");
    await mkdir(path.join(launch.folder, WRAPPER_FILES.gate));
    await writeFile(path.join(launch.folder, WRAPPER_FILES.exit), "1");
    expect((await see()).state).toBe("starting");
  });

  it.runIf(process.getuid?.() === 0)("lets nothing of a job's environment work on root before the job is another account's, and then all of it on the job", async () => {
    const seen = path.join(launch.folder, "seen");
    const says = { PATH: "bin:/usr/bin:/bin", LD_DEBUG: "statistics", LD_DEBUG_OUTPUT: path.join(seen, "ld"), UID: "7", name: "two\nlines of 'it'", DROVER_ATTEMPT_ID: launch.attemptId };
    await mkdir(path.join(launch.workingDirectory, "bin"));
    await mkdir(seen);
    for (const folder of [root, launch.folder, seen]) await chmod(folder, folder === seen ? 0o777 : 0o711);
    await writeFile(path.join(launch.workingDirectory, "bin", "setpriv"), `#!/bin/sh\nid -u > ${seen}/hijacked\nexec /usr/bin/setpriv "$@"\n`, { mode: 0o755 });
    await driver.submit({ ...launch, runAs: { name: "nobody", uid: 65_534, gid: 65_534 }, env: says, command: ["/bin/sh", "-c", 'id -u; echo "$PATH"; env | grep -c KEPT; printenv UID; printenv name'] });
    await until("the end", async () => ((await see()).state === "ended" ? true : null));
    expect(await readFile(driver.logs(launch.folder).stdout, "utf8")).toBe("65534\nbin:/usr/bin:/bin\n0\n7\ntwo\nlines of 'it'\n");
    const owners = await Promise.all((await readdir(seen)).map(async (name) => (await stat(path.join(seen, name))).uid));
    expect(new Set(owners)).toEqual(new Set([65_534]));
  });

  it.runIf(cgroups !== null)("leaves no cgroup behind", async () => {
    launch.command = ["true"];
    await driver.submit(launch);
    await until("the end", async () => ((await see()).state === "ended" ? true : null));
    await driver.sweep(launch.attemptId, launch.folder);
    expect(cgroups && (await stat(cgroupFor(cgroups, launch.attemptId).path).catch(() => null))).toBeNull();
  });
});

describe("what the host says of processes", () => {
  it("is read right where a command's name holds brackets and spaces", () => {
    const text = `4242 (a) b (c)) S 1 4242 4241 0 -1 4194304 0 0 0 0 150 50 0 0 20 0 1 0 987654 1000 25 ${"0 ".repeat(28)}`;
    expect(parseStat(text)).toEqual({ pid: 4242, zombie: false, parent: 1, group: 4242, session: 4241, cpuSeconds: 2, start: "987654", rss: 25 * 4096, image: null, kernel: false });
  });
  it("is nothing where the line is torn", () => {
    expect(parseStat("42 (sh")).toBeNull();
    expect(parseStat("42 (sh) S 1")).toBeNull();
  });
  it.each([[0, 0, null], [1, 1, null], [127, 127, null], [128, 128, null], [137, null, "SIGKILL"], [143, null, "SIGTERM"], [255, 255, null]] as const)("exit status %i is code %s, signal %s", (status, code, name) => {
    expect(decodeStatus(status)).toEqual({ code, signal: name });
  });
});
