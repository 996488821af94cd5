import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100; // USER_HZ on every Linux that Node runs on

/** CPU seconds a process has used so far, user and system. Linux only. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory in MiB. Linux only. */
export function residentMib(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return Number(line?.[1] ?? 0) / 1024;
}

/** A process and all that it started, however deep; its database too, which has a session of its own. Linux only. */
export function familyOf(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [{ pid: Number(name), parent: Number(readFileSync(`/proc/${name}/stat`, "latin1").split(") ")[1]!.split(" ")[1]) }];
      } catch {
        return []; // it ended while we looked
      }
    });
  const family = [pid];
  for (const member of family) family.push(...parents.filter(({ parent }) => parent === member).map((one) => one.pid));
  return family;
}

/** Memory in MiB with shared pages counted once: what stopping these processes would give back. Linux only. */
export function proportionalMib(pid: number): number {
  const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"));
  return Number(line?.[1] ?? 0) / 1024;
}
