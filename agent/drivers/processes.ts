import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
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
  /** Opaque: differs once the process executes another program, and so has another environment. Null where the host does not say. */
  image: string | null;
  /** A thread of the kernel's own, which nobody started. */
  kernel: boolean;
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
    image: number(48) > 0 ? `${f[19]} ${f[47]} ${f[48]}` : null, // where its environment begins and ends: at random places of its memory
    kernel: number(20) === 0,
  };
}

/** The kernel answers this one from memory and takes no lock of the process: by way of a thread it would cost ten times as much. */
function fromProc(pid: number | string): ProcessRow | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return null; // ended while we looked
  }
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
    rows.push({ pid: Number(pid), parent: Number(parent), group: Number(group), session: Number(group), zombie: (stat ?? "").startsWith("Z"), rss: Number(rss) * 1024, cpuSeconds, start: start ?? "", image: null, kernel: false });
  }
  return rows;
}

let look: Promise<ProcessRow[]> | null = null;

/** Every process of this host that can be seen. All who ask in one turn of the event loop share a look that begins after it: there may be an asker for each attempt. */
export function listProcesses(): Promise<ProcessRow[]> {
  look ??= new Promise((resolve) => setImmediate(resolve)).then(() => {
    look = null;
    return process.platform === "linux" ? readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (fromProc(name) ?? []) : [])) : fromPs();
  });
  return look;
}

/** Null where no such process lives (a zombie does not). */
export async function identityOf(pid: number): Promise<ProcessIdentity | null> {
  const row = process.platform === "linux" ? fromProc(pid) : ((await fromPs()).find((each) => each.pid === pid) ?? null);
  return row && !row.zombie ? { pid: row.pid, start: row.start } : null;
}

/** The command line with its arguments one per element; empty where it cannot be read. */
export async function commandLine(pid: number): Promise<string[]> {
  if (process.platform === "linux") return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0").filter(Boolean);
  const shown = await exec("ps", ["-o", "command=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return shown.stdout.trim() ? shown.stdout.trim().split(" ") : [];
}

/** A variable of the environment that the process was started with; null without it, and where it cannot be read (another user's). */
export async function envOf(pid: number, name: string): Promise<string | null> {
  if (process.platform !== "linux") return null;
  const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  return text.split("\0").find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
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

/**
 * Sends a signal; a process that is already gone is no error, nor one that this account may not signal, as sudo's: whoever looks
 * again sees it live on, and the others must not. Negative pids name a group.
 */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
