import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { log, reason } from "../log.ts";

/**
 * A memory cgroup per attempt: version 2 where the memory controller can be delegated to us, else version 1's memory
 * hierarchy, else none and the agent watches the processes itself. Chosen by trying, not by reading versions.
 */
export const CgroupRef = z.object({ version: z.union([z.literal(1), z.literal(2)]), path: z.string() });
export type CgroupRef = z.infer<typeof CgroupRef>;
export interface CgroupRoot {
  version: 1 | 2;
  base: string;
}
export interface CgroupUse {
  oomKills: number;
  peakBytes: number | null;
  /** Anonymous memory and the like, without what the kernel can drop. */
  workingBytes: number;
  cpuSeconds: number | null;
}

/** Where this host lets us make memory cgroups; null where it does not. Leaves nothing behind. */
export async function findCgroupRoot(): Promise<CgroupRoot | null> {
  if (process.platform !== "linux") return null;
  for (const candidate of [await candidateV2(), await candidateV1()]) {
    if (candidate && (await works(candidate))) return candidate;
  }
  return null;
}

async function works(root: CgroupRoot): Promise<boolean> {
  const probe: CgroupRef = { version: root.version, path: path.join(root.base, `drover-probe-${process.pid}`) };
  try {
    await makeCgroup(probe, 256 * 1024 * 1024);
    return true;
  } catch (error) {
    log.debug("This memory cgroup hierarchy cannot be used", { base: root.base, reason: reason(error) });
    return false;
  } finally {
    await rmdir(probe.path).catch(() => {});
  }
}

async function mounts(): Promise<{ point: string; type: string; options: string[] }[]> {
  const text = await readFile("/proc/mounts", "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const [, point, type, options] = line.split(" ");
    return point && type && options ? [{ point, type, options: options.split(",") }] : [];
  });
}

/** The path of this process in a hierarchy: `memory` (version 1) or the empty name (version 2). */
async function ownPath(controller: string): Promise<string | null> {
  const text = await readFile("/proc/self/cgroup", "utf8").catch(() => "");
  for (const line of text.split("\n")) {
    const [, names, ...rest] = line.split(":");
    if (names !== undefined && names.split(",").includes(controller)) return rest.join(":");
  }
  return null;
}

async function candidateV1(): Promise<CgroupRoot | null> {
  const mount = (await mounts()).find((each) => each.type === "cgroup" && each.options.includes("memory"));
  const own = await ownPath("memory");
  return mount && own !== null ? { version: 1, base: path.join(mount.point, own) } : null;
}

/**
 * A version 2 cgroup with processes of its own cannot hand controllers down, so the agent moves into a child `agent`
 * first (systemd does it for us with DelegateSubgroup=agent).
 */
async function candidateV2(): Promise<CgroupRoot | null> {
  const mount = (await mounts()).find((each) => each.type === "cgroup2");
  const own = await ownPath("");
  if (!mount || own === null) return null;
  const here = path.join(mount.point, own);
  const base = path.basename(here) === "agent" ? path.dirname(here) : here;
  const controllers = await readFile(path.join(base, "cgroup.controllers"), "utf8").catch(() => "");
  if (!controllers.split(/\s+/).includes("memory")) return null;
  try {
    if (base === here && base !== mount.point) {
      await mkdir(path.join(base, "agent"), { recursive: true });
      await writeFile(path.join(base, "agent", "cgroup.procs"), String(process.pid));
    }
    const wanted = controllers.split(/\s+/).filter((name) => ["memory", "cpu"].includes(name));
    await writeFile(path.join(base, "cgroup.subtree_control"), wanted.map((name) => `+${name}`).join(" "));
    return { version: 2, base };
  } catch (error) {
    log.debug("The version 2 cgroup is not delegated to this agent", { base, reason: reason(error) });
    return null;
  }
}

export const cgroupFor = (root: CgroupRoot, attemptId: string): CgroupRef => ({ version: root.version, path: path.join(root.base, `drover-${attemptId}`) });

/** Makes it, or finds it made; sets the limit. Swap is not a way around it where the kernel lets us say so. */
export async function makeCgroup(cgroup: CgroupRef, limitBytes: number): Promise<void> {
  await mkdir(cgroup.path, { recursive: true });
  const set = (name: string, value: string) => writeFile(path.join(cgroup.path, name), value);
  if (cgroup.version === 2) {
    await set("memory.max", String(limitBytes));
    await set("memory.swap.max", "0").catch(() => {});
  } else {
    await set("memory.limit_in_bytes", String(limitBytes));
    await set("memory.memsw.limit_in_bytes", String(limitBytes)).catch(() => {});
  }
}

export const procsFile = (cgroup: CgroupRef): string => path.join(cgroup.path, "cgroup.procs");

/** Pids in it; empty where it is gone. */
export async function cgroupPids(cgroup: CgroupRef): Promise<number[]> {
  const text = await readFile(procsFile(cgroup), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean).map(Number);
}

/** The number after `key` in a file of `key value` lines. */
export function keyed(text: string, key: string): number | null {
  const match = new RegExp(`^${key} (\\d+)$`, "m").exec(text);
  return match ? Number(match[1]) : null;
}

/** What it used so far; null where it is gone. */
export async function cgroupUse(cgroup: CgroupRef): Promise<CgroupUse | null> {
  const read = (name: string) => readFile(path.join(cgroup.path, name), "utf8").catch(() => null);
  const number = (text: string | null) => (text !== null && /^\d+\s*$/.test(text) ? Number(text) : null);
  if (cgroup.version === 2) {
    const [events, peak, current, stat, cpu] = await Promise.all(["memory.events", "memory.peak", "memory.current", "memory.stat", "cpu.stat"].map(read));
    if (events == null) return null;
    const file = keyed(stat ?? "", "inactive_file") ?? 0;
    const cpuMicros = keyed(cpu ?? "", "usage_usec");
    return { oomKills: keyed(events, "oom_kill") ?? 0, peakBytes: number(peak ?? null), workingBytes: Math.max(0, (number(current ?? null) ?? 0) - file), cpuSeconds: cpuMicros === null ? null : cpuMicros / 1e6 };
  }
  const [control, peak, usage, stat, failures] = await Promise.all(["memory.oom_control", "memory.max_usage_in_bytes", "memory.usage_in_bytes", "memory.stat", "memory.failcnt"].map(read));
  if (control == null) return null;
  const file = keyed(stat ?? "", "total_inactive_file") ?? 0;
  const kills = keyed(control, "oom_kill") ?? (number(failures ?? null) ?? 0); // kernels before 4.13 do not count kills
  return { oomKills: kills, peakBytes: number(peak ?? null), workingBytes: Math.max(0, (number(usage ?? null) ?? 0) - file), cpuSeconds: null };
}

/** Gone afterwards, or named in the log: an empty cgroup that lingers harms nobody. */
export async function removeCgroup(cgroup: CgroupRef): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      await rmdir(cgroup.path);
      return;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT") return;
      if (code !== "EBUSY") return log.warn("Cannot remove a cgroup", { path: cgroup.path, reason: reason(error) });
      await new Promise((resolve) => setTimeout(resolve, 50)); // the kernel lets go of killed processes a moment later
    }
  }
  log.warn("A cgroup stays busy", { path: cgroup.path });
}
