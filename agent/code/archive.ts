import { readdir, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { extract, list, type ReadEntry } from "tar";
import { agentEnv } from "../env.ts";
import { failpoint } from "../failpoint.ts";
import type { ServerClient } from "../identity/client.ts";
import { reason } from "../log.ts";
import type { StateFolder } from "../state.ts";
import { fetchObject, hashOf } from "./objects.ts";
import { SetupFailed } from "./setup-failed.ts";

const MAX_ENTRIES = 500_000;

/** Archives that attempts fetch or unpack at this moment, and how many each: trimming leaves them. */
const inUse = new Map<string, number>();

/** Downloads (or takes from the cache) the archive with this hash and unpacks it into the empty folder `work`. */
export async function fetchArchive(around: { state: StateFolder; client: Pick<ServerClient, "send"> }, sha256: string, work: string, signal: AbortSignal, cacheBytes = agentEnv().DROVER_AGENT_CACHE_BYTES): Promise<void> {
  const file = path.join(around.state.cache, `${sha256}.tar.gz`);
  inUse.set(file, (inUse.get(file) ?? 0) + 1);
  try {
    if (!(await isWhole(file, sha256))) await fetchObject(around.client, sha256, file, "code", signal);
    failpoint("agent.code.after-download");
    const now = new Date();
    await utimes(file, now, now); // the cache drops what was used longest ago
    await unpack(file, work, agentEnv().DROVER_AGENT_CODE_BYTES);
    failpoint("agent.code.after-unpack");
  } finally {
    const others = inUse.get(file)! - 1;
    if (others > 0) inUse.set(file, others);
    else inUse.delete(file);
  }
  await trimCache(around.state.cache, cacheBytes);
}

async function isWhole(file: string, sha256: string): Promise<boolean> {
  return (await hashOf(file).catch(() => null))?.sha256 === sha256;
}

/**
 * Unpacks a .tar.gz, every entry checked before the first byte is written: nothing outside the folder, by name or by link,
 * no devices, no absurd sizes. @throws SetupFailed that names the entry.
 */
export async function unpack(file: string, folder: string, mostBytes: number): Promise<void> {
  await check(file, mostBytes);
  try {
    await extract({ file, cwd: folder, strict: true, preserveOwner: false });
  } catch (error) {
    throw new SetupFailed(`code: the archive cannot be unpacked: ${reason(error)}`);
  }
}

async function check(file: string, mostBytes: number): Promise<void> {
  let wrong: string | null = null;
  let entries = 0;
  let bytes = 0;
  const onReadEntry = (entry: ReadEntry) => {
    entries += 1;
    bytes += entry.size;
    wrong ??= wrongWith(entry) ?? (entries > MAX_ENTRIES ? `more than ${MAX_ENTRIES} entries` : null) ?? (bytes > mostBytes ? `"${entry.path}" takes it over ${mostBytes} bytes unpacked` : null);
    entry.resume();
  };
  try {
    await list({ file, strict: true, onReadEntry });
  } catch (error) {
    throw new SetupFailed(wrong ? `code: the archive is refused: ${wrong}.` : `code: the archive is not a readable .tar.gz: ${reason(error)}`);
  }
  if (wrong !== null) throw new SetupFailed(`code: the archive is refused: ${wrong as string}.`);
}

function wrongWith(entry: ReadEntry): string | null {
  const shown = `"${entry.path.slice(0, 200)}"`;
  if (!["File", "OldFile", "ContiguousFile", "Directory", "GNUDumpDir", "SymbolicLink", "Link"].includes(entry.type)) return `${shown} is a ${entry.type}`;
  if (leaves(entry.path)) return `${shown} leads out of the folder`;
  const to = entry.linkpath ?? "";
  if (entry.type === "Link" && leaves(to)) return `${shown} is a link out of the folder`;
  if (entry.type === "SymbolicLink" && (path.posix.isAbsolute(to) || leaves(path.posix.join(path.posix.dirname(entry.path), to)))) return `${shown} is a link out of the folder`;
  return null;
}

/** Whether a relative name leads out of its folder. */
export function leaves(name: string): boolean {
  if (name.includes("\0") || path.posix.isAbsolute(name)) return true;
  const normal = path.posix.normalize(name);
  return normal === ".." || normal.startsWith("../");
}

/** Removes the archives used longest ago, and what killed downloads left, until the rest fits. */
export async function trimCache(folder: string, mostBytes: number): Promise<void> {
  const files = await Promise.all((await readdir(folder)).map(async (name) => ({ file: path.join(folder, name), info: await stat(path.join(folder, name)).catch(() => null) })));
  let total = 0;
  for (const { file, info } of files.toSorted((a, b) => (b.info?.mtimeMs ?? 0) - (a.info?.mtimeMs ?? 0))) {
    total += info?.size ?? 0;
    if (total > mostBytes && ![...inUse.keys()].some((used) => file.startsWith(used))) await rm(file, { force: true });
  }
}
