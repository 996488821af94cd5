import { type ChildProcess, spawn } from "node:child_process";
import { chown, constants, mkdir, open, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { writeJson } from "../disk.ts";
import { failpoint } from "../failpoint.ts";
import { readInventory } from "../inventory/inventory.ts";
import type { SharedGpus } from "../inventory/shared.ts";
import { log } from "../log.ts";
import { cgroupFor, type CgroupRoot, cgroupUse, findCgroupRoot, makeCgroup, procsFile, removeCgroup } from "./cgroup.ts";
import { asJob, keptFrom, SYSTEM_PATH } from "./as-user.ts";
import type { Driver, DriverCapabilities, Ended, Entry, Launch, Observation } from "./driver.ts";
import { endedByRecord, exists, type Handle, HANDLE_FILE, lastSign, mib, mtime, readExit, readHandle, readUsage, USAGE_FILE } from "./handle.ts";
import { liveWrapper, membersOf, readPid, unnamedWrapper } from "./members.ts";
import { launchersHere, localCommand } from "./launchers.ts";
import { hasRanks, RANK_FILES, RANK_SCRIPT } from "./ranks.ts";
import { bootId, listProcesses, type ProcessRow, signal } from "./processes.ts";
import { WRAPPER_FILES, WRAPPER_SCRIPT } from "./wrapper.ts";

/** How long a gate without any process is doubted before the attempt is called lost: a fork may not have become a shell yet. */
const DOUBT_MS = 2_000;
/** The files may lie in a folder of the job's own account: a link there leads nowhere. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
const DIE_MS = 10_000;
const WATCH_MS = 500;
/** Into the attempt's cgroup first, where it has one, so that its memory limit holds for all of it. */
const JOIN = 'if [ "$1" != - ]; then echo "$$" > "$1" || exit 71; fi; shift; exec "$@"';

export interface ProcessDriverOptions {
  nodeName: string;
  /** Where the disk is measured. */
  stateHome: string;
  hasGit: boolean;
  /** GPUs that several runs have at once. */
  shared?: readonly SharedGpus[];
  /** Tests choose; by default found by trying. */
  cgroups?: CgroupRoot | null;
}

/** Runs attempts as processes of this one machine. */
export class ProcessDriver implements Driver {
  readonly placesItself = false;
  private readonly options: ProcessDriverOptions;
  private readonly cgroups: CgroupRoot | null;
  /** Wrappers that this process started and that live; `startedAt` once their job was seen. */
  private readonly own = new Map<string, { child: ChildProcess; handle: Handle; startedAt: number | null }>();
  private readonly doubts = new Map<string, number>();
  private readonly watched = new Map<string, { at: number; peak: number }>();
  private listener: (attemptId: string) => void = () => {};

  private constructor(options: ProcessDriverOptions, cgroups: CgroupRoot | null) {
    this.options = options;
    this.cgroups = cgroups;
  }

  static async open(options: ProcessDriverOptions): Promise<ProcessDriver> {
    return new ProcessDriver(options, options.cgroups === undefined ? await findCgroupRoot() : options.cgroups);
  }

  async capabilities(): Promise<DriverCapabilities> {
    const memoryLimit = this.cgroups ? "cgroup" : "watch";
    return { driver: "process", maxNodes: 1, launchers: await launchersHere(), git: this.options.hasGit, checkpoint: true, overrides: [], memoryLimit };
  }

  inventory(holders: ReadonlyMap<number, string>) {
    return readInventory({ name: this.options.nodeName, stateHome: this.options.stateHome, holders, shared: this.options.shared ?? [] });
  }

  onChange(listener: (attemptId: string) => void): void {
    this.listener = listener;
  }

  logs(folder: string) {
    return { stdout: path.join(folder, "stdout.log"), stderr: path.join(folder, "stderr.log") };
  }

  async submit(launch: Launch): Promise<void> {
    const { folder, attemptId } = launch;
    if (this.own.has(attemptId) || (await exists(path.join(folder, WRAPPER_FILES.gate)))) return;
    const limitBytes = launch.memoryMib > 0 ? launch.memoryMib * 1024 * 1024 : null;
    const cgroup = this.cgroups && limitBytes ? cgroupFor(this.cgroups, attemptId) : null;
    const script = path.join(folder, WRAPPER_FILES.script);
    const handle: Handle = { at: Date.now(), boot: await bootId(), cgroup, limitBytes };
    await Promise.all([
      cgroup && limitBytes && makeCgroup(cgroup, limitBytes),
      writeFile(script, WRAPPER_SCRIPT, { mode: 0o700 }),
      writeJson(path.join(folder, HANDLE_FILE), handle),
    ]);
    failpoint("agent.launch.before-spawn");
    await this.spawn(launch, script, handle);
    failpoint("agent.launch.after-spawn");
  }

  private async spawn(launch: Launch, script: string, handle: Handle): Promise<void> {
    const procs = handle.cgroup ? procsFile(handle.cgroup) : "-";
    const files = hasRanks(launch.ask) ? await this.rankFolder(launch) : this.logs(launch.folder);
    const stdout = await open(files.stdout, APPEND, 0o600);
    const stderr = await open(files.stderr, APPEND, 0o600);
    try {
      // The job opens /dev/stdout by name, as shell scripts do: it must be allowed to.
      const { env, runAs } = launch;
      if (runAs) for (const file of [stdout, stderr]) await file.chown(runAs.uid, runAs.gid);
      const child = spawn("/bin/sh", [script, launch.folder, procs, runAs ? SYSTEM_PATH : (env.PATH ?? SYSTEM_PATH), ...asJob(runAs, localCommand(launch.folder, launch.command, launch.ask))], {
        cwd: launch.workingDirectory,
        env: (runAs ? keptFrom(env) : { ...env, PATH: SYSTEM_PATH }) as Record<string, string> as NodeJS.ProcessEnv,
        detached: true, // a session of its own: the agent's end is not the job's
        stdio: ["ignore", stdout.fd, stderr.fd],
      });
      await this.adoptChild(launch.attemptId, child, handle);
    } finally {
      await stdout.close();
      await stderr.close();
    }
  }

  /** Ranks write files of their own; what the launcher itself says lies beside them. */
  private async rankFolder({ folder, runAs }: Launch) {
    const ranks = path.join(folder, RANK_FILES.folder);
    await mkdir(ranks, { recursive: true, mode: 0o700 });
    await writeFile(path.join(folder, RANK_FILES.script), RANK_SCRIPT, { mode: 0o755 });
    if (runAs) await chown(ranks, runAs.uid, runAs.gid);
    return { stdout: path.join(ranks, `${RANK_FILES.launcher}.out`), stderr: path.join(ranks, `${RANK_FILES.launcher}.err`) };
  }

  private adoptChild(attemptId: string, child: ChildProcess, handle: Handle): Promise<void> {
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", () => {
        this.own.set(attemptId, { child, handle, startedAt: null });
        child.unref();
        resolve();
      });
      child.once("exit", () => {
        this.own.delete(attemptId);
        this.listener(attemptId);
      });
    });
  }

  async observe(attemptId: string, folder: string): Promise<Observation> {
    const own = this.own.get(attemptId);
    if (own && own.startedAt !== null) {
      await this.enforce(attemptId, folder, own.handle);
      return { state: "running", startedAt: own.startedAt }; // its end wakes us
    }
    const handle = await readHandle(folder);
    const recorded = await this.recorded(folder, handle);
    if (recorded) return recorded;
    if (!own && (await liveWrapper(folder)) === null) return this.withoutWrapper(attemptId, folder, handle);
    this.doubts.delete(attemptId);
    const startedAt = await mtime(path.join(folder, WRAPPER_FILES.child));
    if (startedAt === null) return { state: "starting" };
    if (own) own.startedAt = startedAt;
    if (handle) await this.enforce(attemptId, folder, handle);
    return { state: "running", startedAt };
  }

  private async recorded(folder: string, handle: Handle | null): Promise<Observation | null> {
    const exit = await readExit(folder);
    if (!exit) return null;
    const startedAt = await mtime(path.join(folder, WRAPPER_FILES.child));
    return { state: "ended", startedAt, ended: await endedByRecord(folder, handle, exit) };
  }

  /** No record of an end and no wrapper that lives: never started, lost, rebooted, or not seen yet. */
  private async withoutWrapper(attemptId: string, folder: string, handle: Handle | null): Promise<Observation> {
    const startedAt = await mtime(path.join(folder, WRAPPER_FILES.child));
    const gate = await exists(path.join(folder, WRAPPER_FILES.gate));
    if (handle && handle.boot !== (await bootId())) return { state: "ended", startedAt, ended: await this.unrecorded(folder, "host_rebooted", "The machine restarted while it ran.") };
    if (!gate) return { state: "absent" };
    const members = await membersOf(attemptId, folder, handle?.cgroup ?? null);
    const main = await readPid(folder, WRAPPER_FILES.child);
    const goesOn = main === null ? members.length > 0 : members.some((row) => row.pid === main); // what else is left is swept
    if (goesOn) return { state: "running", startedAt: startedAt ?? (await lastSign(folder)) };
    if ((await readPid(folder, WRAPPER_FILES.pid)) === null && (await unnamedWrapper(folder)) !== null) return { state: "starting" };
    const since = this.doubts.get(attemptId) ?? performance.now();
    this.doubts.set(attemptId, since);
    if (performance.now() - since < DOUBT_MS) return startedAt === null ? { state: "starting" } : { state: "running", startedAt };
    return (await this.recorded(folder, handle)) ?? { state: "ended", startedAt, ended: await this.unrecorded(folder, "wrapper_lost", "Its wrapper was killed, so its exit code is unknown. Its main process is gone.") };
  }

  private async unrecorded(folder: string, cause: "host_rebooted" | "wrapper_lost", detail: string): Promise<Ended> {
    const usage = await readUsage(folder, await readHandle(folder));
    const peakMemoryMib = usage?.peakBytes == null ? null : mib(usage.peakBytes);
    const killed = usage !== null && usage.oomKills > 0 && cause === "wrapper_lost";
    return { at: await lastSign(folder), code: null, signal: null, cause: killed ? "oom" : cause, detail: killed ? `Out of memory (peak ${peakMemoryMib ?? "?"} MiB). ${detail}` : detail, peakMemoryMib };
  }

  /** Without cgroups: looks at the resident memory twice a second and ends what is over its limit. */
  private async enforce(attemptId: string, folder: string, handle: Handle): Promise<void> {
    if (handle.cgroup || handle.limitBytes === null) return;
    const last = this.watched.get(attemptId) ?? { at: 0, peak: 0 };
    if (performance.now() - last.at < WATCH_MS) return;
    const rows = await membersOf(attemptId, folder, null);
    const used = rows.reduce((sum, row) => sum + row.rss, 0);
    const peak = Math.max(last.peak, used);
    this.watched.set(attemptId, { at: performance.now(), peak });
    if (used <= handle.limitBytes) return;
    await writeJson(path.join(folder, USAGE_FILE), { oomKills: 1, peakBytes: peak, watched: true });
    log.warn("Over its memory limit", { attempt: attemptId, usedMib: mib(used), limitMib: mib(handle.limitBytes) });
    await this.killMembers(attemptId, folder, handle);
  }

  async stop(attemptId: string, folder: string, how: "ask" | "kill"): Promise<void> {
    const handle = await readHandle(folder);
    if (how === "kill") return void (await this.killMembers(attemptId, folder, handle));
    // Launchers end their ranks at once when they are signalled: ranks are told by their companions instead.
    if (await exists(path.join(folder, RANK_FILES.folder))) return writeFile(path.join(folder, RANK_FILES.ask), "");
    const wrapper = await liveWrapper(folder);
    if (wrapper !== null) return signal(-wrapper, "SIGTERM");
    for (const row of await membersOf(attemptId, folder, handle?.cgroup ?? null)) signal(row.pid, "SIGTERM");
  }

  /** Kills again until nothing is left: a process may fork while we look. Answers what did not die. */
  private async killMembers(attemptId: string, folder: string, handle: Handle | null): Promise<ProcessRow[]> {
    const deadline = performance.now() + DIE_MS;
    for (;;) {
      const rows = await membersOf(attemptId, folder, handle?.cgroup ?? null);
      for (const row of rows) signal(row.pid, "SIGKILL");
      if (rows.length === 0 || performance.now() > deadline) return rows;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async preclude(_attemptId: string, folder: string): Promise<boolean> {
    const taken = await mkdir(path.join(folder, WRAPPER_FILES.gate)).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
    // Our own gate leaves no wrapper files; say so, for an agent that reads it after a crash.
    if (taken) await writeFile(path.join(folder, "precluded"), "");
    return taken || (await exists(path.join(folder, "precluded")));
  }

  async sweep(attemptId: string, folder: string): Promise<void> {
    const handle = await readHandle(folder);
    const left = await this.killMembers(attemptId, folder, handle);
    if (left.length > 0) log.warn("Processes of an ended attempt do not die", { attempt: attemptId, pids: left.map((row) => row.pid) });
    this.doubts.delete(attemptId);
    const peak = this.watched.get(attemptId)?.peak;
    this.watched.delete(attemptId);
    if (!(await exists(path.join(folder, USAGE_FILE)))) {
      const usage = peak === undefined ? await readUsage(folder, handle) : { oomKills: 0, peakBytes: peak, watched: true };
      if (usage) await writeJson(path.join(folder, USAGE_FILE), usage);
    }
    if (handle?.cgroup) await removeCgroup(handle.cgroup);
  }

  async enter(_attemptId: string, folder: string, runAs: Launch["runAs"]): Promise<Entry> {
    const handle = await readHandle(folder);
    const procs = handle?.cgroup ? procsFile(handle.cgroup) : "-";
    return { command: (program) => ["/bin/sh", "-c", JOIN, "drover", procs, ...asJob(runAs, program)], env: {} };
  }

  dial(_attemptId: string, _folder: string, port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("error", reject);
      socket.once("connect", () => resolve(socket.off("error", reject)));
    });
  }

  async usage(attempts: readonly { attemptId: string; folder: string }[]): Promise<Map<string, { cpuSeconds: number; memoryMib: number }>> {
    const found = new Map<string, { cpuSeconds: number; memoryMib: number }>();
    if (attempts.length === 0) return found;
    const rows = await listProcesses();
    for (const { attemptId, folder } of attempts) {
      const wrapper = await readPid(folder, WRAPPER_FILES.pid);
      const mine = rows.filter((row) => row.session === wrapper && row.pid !== wrapper && !row.zombie);
      const handle = await readHandle(folder);
      const use = handle?.cgroup ? await cgroupUse(handle.cgroup) : null;
      const memory = use ? use.workingBytes : mine.reduce((sum, row) => sum + row.rss, 0);
      const cpuSeconds = use?.cpuSeconds ?? mine.reduce((sum, row) => sum + row.cpuSeconds, 0);
      if (use || mine.length > 0) found.set(attemptId, { cpuSeconds, memoryMib: mib(memory) });
    }
    return found;
  }
}
