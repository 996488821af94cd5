import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import os from "node:os";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** `start` is opaque and differs between two processes that had the same pid: clock ticks since boot, or a date on macOS. */
export interface ProcessIdentity {
  pid: number;
  start: string;
}
export interface ProcessRow extends ProcessIdentity {
  parent: number;
  group: number;
  session: number;
  zombie: boolean;
  /** Resident bytes. */
  rss: number;
  /** CPU seconds so far, user and system. */
  cpuSeconds: number;
}

const PAGE = 4096;
const TICKS = 100; // USER_HZ, fixed on every Linux architecture that runs GPUs

/** Parses /proc/<pid>/stat. The command name may hold spaces and brackets: fields count from its last `)`. */
export function parseStat(text: string): ProcessRow | null {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < 0) return null;
  const f = text.slice(close + 2).split(" ");
  if (f.length < 22) return null;
  const number = (index: number) => Number(f[index]);
  return {
    pid: Number(text.slice(0, open)),
    zombie: f[0] === "Z" || f[0] === "X",
    parent: number(1),
    group: number(2),
    session: number(3),
    cpuSeconds: (number(11) + number(12)) / TICKS,
    start: f[19] ?? "",
    rss: number(21) * PAGE,
  };
}

async function fromProc(pid: number | string): Promise<ProcessRow | null> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null);
  return text === null ? null : parseStat(text);
}

/** Rows of `ps` where there is no /proc. macOS shows no session ids; a detached leader's group stands in. */
async function fromPs(): Promise<ProcessRow[]> {
  const { stdout } = await exec("ps", ["-axo", "pid=,ppid=,pgid=,stat=,rss=,time=,lstart="], { maxBuffer: 64 * 1024 * 1024 });
  const rows: ProcessRow[] = [];
  for (const line of stdout.split("\n")) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (!match) continue;
    const [, pid, parent, group, stat, rss, time, start] = match as unknown as string[];
    const cpuSeconds = (time ?? "").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    rows.push({ pid: Number(pid), parent: Number(parent), group: Number(group), session: Number(group), zombie: (stat ?? "").startsWith("Z"), rss: Number(rss) * 1024, cpuSeconds, start: start ?? "" });
  }
  return rows;
}

/** Every process of this host that can be seen. */
export async function listProcesses(): Promise<ProcessRow[]> {
  if (process.platform !== "linux") return fromPs();
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(names.map(fromProc));
  return rows.filter((row): row is ProcessRow => row !== null);
}

/** Null where no such process lives (a zombie does not). */
export async function identityOf(pid: number): Promise<ProcessIdentity | null> {
  const row = process.platform === "linux" ? await fromProc(pid) : ((await fromPs()).find((each) => each.pid === pid) ?? null);
  return row && !row.zombie ? { pid: row.pid, start: row.start } : null;
}

/** The command line with its arguments one per element; empty where it cannot be read. */
export async function commandLine(pid: number): Promise<string[]> {
  if (process.platform === "linux") return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0").filter(Boolean);
  const shown = await exec("ps", ["-o", "command=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return shown.stdout.trim() ? shown.stdout.trim().split(" ") : [];
}

/** True where the process started with exactly this entry in its environment. Unreadable (another user's): false. */
export async function hasEnv(pid: number, entry: string): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  return text.split("\0").includes(entry);
}

let boot: string | undefined;

/** Differs after every boot of this host. */
export async function bootId(): Promise<string> {
  boot ??= (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => null))?.trim() ?? (await bootTime());
  return boot;
}

async function bootTime(): Promise<string> {
  const shown = await exec("sysctl", ["-n", "kern.boottime"]).catch(() => null);
  return shown?.stdout.trim() ?? String(Math.round((Date.now() / 1000 - os.uptime()) / 60));
}

/** Sends a signal; a process that is already gone is no error. Negative pids name a group. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
