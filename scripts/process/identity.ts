import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";

/** A process that can be recognised later: a pid alone may by then belong to somebody else. */
export interface Identity {
  pid: number;
  /** When it started, in the kernel's own words; differs for a later process with the same pid. */
  startedAt: string;
}

/** @returns null when there is no such process, or it is only waiting to be reaped. */
export function identify(pid: number): Identity | null {
  try {
    if (process.platform === "linux") {
      // The name in parentheses may hold anything, so fields are counted from its end: state is the 1st, start time the 20th.
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? null : { pid, startedAt: fields[19]! };
    }
    const startedAt = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return startedAt ? { pid, startedAt } : null;
  } catch {
    return null;
  }
}

export function isSame(known: Identity): boolean {
  return identify(known.pid)?.startedAt === known.startedAt;
}

/** The command line of a process, its words separated by NUL (Linux) or blanks; empty when it is gone. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}

export function remember(file: string, pid: number): void {
  const identity = identify(pid);
  if (identity) writeFileSync(file, JSON.stringify(identity));
}

/** @returns the process a file names, only if that very process is still there. */
export function recall(file: string): Identity | null {
  try {
    const known = JSON.parse(readFileSync(file, "utf8")) as Identity;
    return isSame(known) ? known : null;
  } catch {
    return null;
  }
}

export function forget(file: string): void {
  rmSync(file, { force: true });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ask with `signal`, wait, then kill. Resolves to false when it had to be killed. */
export async function end(known: Identity, signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
  const send = (name: NodeJS.Signals) => {
    try {
      if (isSame(known)) process.kill(known.pid, name);
    } catch {
      // it ended in between: that is what we wanted
    }
  };
  send(signal);
  const deadline = performance.now() + graceMs;
  while (isSame(known) && performance.now() < deadline) await pause(40);
  if (!isSame(known)) return true;
  send("SIGKILL");
  while (isSame(known)) await pause(40);
  return false;
}
