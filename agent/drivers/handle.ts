import { stat } from "node:fs/promises";
import path from "node:path";
import { constants } from "node:os";
import { z } from "zod";
import { readJson, readText } from "../disk.ts";
import { log } from "../log.ts";
import { CgroupRef, cgroupUse } from "./cgroup.ts";
import type { Ended } from "./driver.ts";
import { WRAPPER_FILES } from "./wrapper.ts";

/** handle.json: journaled before the wrapper is spawned. `boot` tells a reboot from a lost wrapper. */
const Handle = z.object({ at: z.number(), boot: z.string(), cgroup: CgroupRef.nullable(), limitBytes: z.number().nullable() });
export type Handle = z.infer<typeof Handle>;
export const HANDLE_FILE = "handle.json";
/** usage.json: what the memory limit saw, kept before the cgroup goes. */
const Usage = z.object({ oomKills: z.number(), peakBytes: z.number().nullable(), watched: z.boolean() });
export type Usage = z.infer<typeof Usage>;
export const USAGE_FILE = "usage.json";

/** Null where nothing was submitted. A torn handle is treated as submitted: the gate then decides. */
export async function readHandle(folder: string): Promise<Handle | null> {
  const read = await readJson(path.join(folder, HANDLE_FILE), Handle);
  if (read.kind === "corrupt") log.warn("A torn file in the journal", { file: read.message });
  return read.kind === "ok" ? read.value : null;
}

export const mtime = async (file: string): Promise<number | null> => (await stat(file).catch(() => null))?.mtimeMs ?? null;

export const exists = async (file: string): Promise<boolean> => (await stat(file).catch(() => null)) !== null;

/** The recorded exit status, or null. A record that was written but not yet renamed when the host died counts as well. */
export async function readExit(folder: string): Promise<{ status: number; at: number } | null> {
  for (const name of [WRAPPER_FILES.exit, WRAPPER_FILES.exitBefore]) {
    const file = path.join(folder, name);
    const match = /^(\d{1,3})\n$/.exec((await readText(file)) ?? "");
    const at = match ? await mtime(file) : null;
    if (match && at !== null) return { status: Number(match[1]), at };
  }
  return null;
}

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** A shell reports a death by signal as 128 + its number. */
export function decodeStatus(status: number): { code: number | null; signal: string | null } {
  const name = status > 128 ? SIGNAL_NAMES.get(status - 128) : undefined;
  return name ? { code: null, signal: name } : { code: status, signal: null };
}

export const mib = (bytes: number): number => Math.round(bytes / 1024 / 1024);

/** What the limit saw, from the cgroup while it is there, else from the note made before it went. */
export async function readUsage(folder: string, handle: Handle | null): Promise<Usage | null> {
  const kept = await readJson(path.join(folder, USAGE_FILE), Usage);
  if (kept.kind === "ok") return kept.value;
  const use = handle?.cgroup ? await cgroupUse(handle.cgroup) : null;
  return use ? { oomKills: use.oomKills, peakBytes: use.peakBytes, watched: false } : null;
}

/** The two uptimes that the wrapper noted; null where the system tells none or one of them is missing. */
async function readUp(folder: string): Promise<Ended["up"]> {
  const [from, to] = await Promise.all([WRAPPER_FILES.upStart, WRAPPER_FILES.upEnd].map(async (name) => Number.parseFloat((await readText(path.join(folder, name))) ?? "")));
  return to! >= from! ? { from: from!, to: to! } : null; // nothing is greater than NaN
}

/** The end of a main process whose exit status the wrapper recorded. */
export async function endedByRecord(folder: string, handle: Handle | null, exit: { status: number; at: number }): Promise<Ended> {
  const usage = await readUsage(folder, handle);
  const peakMemoryMib = usage?.peakBytes == null ? null : mib(usage.peakBytes);
  if (await exists(path.join(folder, WRAPPER_FILES.cgroupFailed))) {
    const errors = (await readText(path.join(folder, WRAPPER_FILES.errors))) ?? "";
    return { at: exit.at, code: null, signal: null, cause: "setup_failed", detail: `The memory limit could not be applied, so the command was not started. ${errors.trim()}`.slice(0, 4000), peakMemoryMib };
  }
  const { code, signal } = decodeStatus(exit.status);
  const up = await readUp(folder);
  if (usage && usage.oomKills > 0 && exit.status !== 0) {
    const limit = handle?.limitBytes ? `${mib(handle.limitBytes)} MiB` : "its limit";
    const who = usage.watched ? "the agent ended it" : "the kernel killed a process of it";
    return { at: exit.at, code, signal, cause: "oom", up, detail: `Out of memory: the limit is ${limit}, the peak was ${peakMemoryMib ?? "?"} MiB; ${who}.`, peakMemoryMib };
  }
  return { at: exit.at, code, signal, cause: "exited", up, detail: signal ? `Ended by ${signal}.` : `Exited with code ${code}.`, peakMemoryMib };
}

/** The last time anything of the attempt is known to have happened, for ends that nobody recorded. */
export async function lastSign(folder: string): Promise<number> {
  const names = ["stdout.log", "stderr.log", WRAPPER_FILES.child, WRAPPER_FILES.pid, HANDLE_FILE];
  const times = await Promise.all(names.map((name) => mtime(path.join(folder, name))));
  return Math.max(0, ...times.filter((time) => time !== null));
}
