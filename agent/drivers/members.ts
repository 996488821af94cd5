import { readFile } from "node:fs/promises";
import path from "node:path";
import { type CgroupRef, cgroupPids } from "./cgroup.ts";
import { commandLine, envOf, identityOf, listProcesses, type ProcessRow } from "./processes.ts";
import { WRAPPER_FILES } from "./wrapper.ts";

/** A pid from one of the wrapper's files; null where it is missing or half written. */
export async function readPid(folder: string, name: string): Promise<number | null> {
  const text = await readFile(path.join(folder, name), "utf8").catch(() => "");
  const match = /^(\d+)\n$/.exec(text);
  return match ? Number(match[1]) : null;
}

/** The attempt's wrapper if it lives. Its command line names the attempt's folder: a reused pid's does not. */
export async function liveWrapper(folder: string): Promise<number | null> {
  const pid = await readPid(folder, WRAPPER_FILES.pid);
  if (pid === null || (await identityOf(pid)) === null) return null;
  return isWrapper(await commandLine(pid), folder) ? pid : null;
}

const isWrapper = (words: string[], folder: string) => words.includes(path.join(folder, WRAPPER_FILES.script)) && words.includes(folder);

/** A wrapper that runs but has not written its pid yet. */
export async function unnamedWrapper(folder: string): Promise<number | null> {
  for (const row of await listProcesses()) {
    if (row.session === row.pid && !row.zombie && isWrapper(await commandLine(row.pid), folder)) return row.pid;
  }
  return null;
}

/**
 * Every living process of an attempt but its wrapper: of the wrapper's session, of its cgroup, and any that still carries
 * the attempt's id in its environment, wherever it daemonised to. A session whose leader is somebody else's is not ours.
 */
export async function membersOf(attemptId: string, folder: string, cgroup: CgroupRef | null): Promise<ProcessRow[]> {
  const all = await listProcesses();
  const wrapper = await readPid(folder, WRAPPER_FILES.pid);
  const live = await liveWrapper(folder);
  const recycled = wrapper !== null && live === null && all.some((row) => row.pid === wrapper && !row.zombie);
  const inCgroup = new Set(cgroup ? await cgroupPids(cgroup) : []);
  const found: ProcessRow[] = [];
  forgetGone(all);
  for (const row of all) {
    if (row.zombie || row.kernel || row.pid === live || row.pid === process.pid) continue;
    const inSession = wrapper !== null && !recycled && row.session === wrapper;
    if (inSession || inCgroup.has(row.pid) || (await attemptNamedBy(row)) === attemptId) found.push(row);
  }
  return found;
}

/** By pid. Every attempt's end asks this of every process of the host, and hardly any answer differs from the last. */
const named = new Map<number, { image: string; attemptId: string | null }>();

/** The attempt that a process's environment names. */
async function attemptNamedBy({ pid, image }: ProcessRow): Promise<string | null> {
  const known = named.get(pid);
  if (known && known.image === image) return known.attemptId;
  const attemptId = await envOf(pid, "DROVER_ATTEMPT_ID");
  if (image !== null) named.set(pid, { image, attemptId });
  return attemptId;
}

function forgetGone(living: readonly ProcessRow[]): void {
  if (named.size < 2 * living.length + 100) return;
  const pids = new Set(living.map(({ pid }) => pid));
  for (const pid of named.keys()) if (!pids.has(pid)) named.delete(pid);
}
