import { readFile, statfs } from "node:fs/promises";
import os from "node:os";

const MIB = 1024 * 1024;

/** Memory that nobody could get back: total less what the kernel calls available. */
export async function memoryUsedMib(): Promise<number> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN);
  const used = (kib("MemTotal") - kib("MemAvailable")) / 1024;
  return Math.round(Number.isFinite(used) ? used : (os.totalmem() - os.freemem()) / MIB);
}

export async function diskMib(folder: string): Promise<{ total: number; used: number; free: number }> {
  const fs = await statfs(folder);
  const total = (fs.blocks * fs.bsize) / MIB;
  const free = (fs.bavail * fs.bsize) / MIB;
  return { total: Math.floor(total), used: Math.round(total - (fs.bfree * fs.bsize) / MIB), free: Math.floor(free) };
}

/** Bytes in and out since boot over all interfaces but loopback; null where the host does not say. */
export async function networkBytes(): Promise<{ in: number; out: number } | null> {
  const text = await readFile("/proc/net/dev", "utf8").catch(() => null);
  if (text === null) return null;
  let received = 0;
  let sent = 0;
  for (const line of text.split("\n")) {
    const match = /^\s*([^:\s]+):\s*(.+)$/.exec(line);
    if (!match || match[1] === "lo") continue;
    const fields = (match[2] ?? "").trim().split(/\s+/).map(Number);
    received += fields[0] ?? 0;
    sent += fields[8] ?? 0;
  }
  return { in: received, out: sent };
}

/** Busy and total CPU milliseconds since boot, over all cores. */
export function cpuTimes(): { busy: number; total: number; cores: number } {
  const cores = os.cpus();
  let busy = 0;
  let total = 0;
  for (const { times } of cores) {
    const sum = times.user + times.nice + times.sys + times.idle + times.irq;
    total += sum;
    busy += sum - times.idle;
  }
  return { busy, total, cores: cores.length };
}
