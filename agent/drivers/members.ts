import { readFile } from "node:fs/promises";
import path from "node:path";
import { type CgroupRef, cgroupPids } from "./cgroup.ts";
import { commandLine, hasEnv, identityOf, listProcesses, type ProcessRow } from "./processes.ts";
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
  const entry = `DROVER_ATTEMPT_ID=${attemptId}`;
  const found: ProcessRow[] = [];
  for (const row of all) {
    if (row.zombie || row.pid === live || row.pid === process.pid) continue;
    const inSession = wrapper !== null && !recycled && row.session === wrapper;
    if (inSession || inCgroup.has(row.pid) || (await hasEnv(row.pid, entry))) found.push(row);
  }
  return found;
}
