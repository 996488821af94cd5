import path from "node:path";
import type { ServerClock } from "../clock.ts";
import { whyNot } from "../code/setup-failed.ts";
import { openPlain } from "../disk.ts";
import type { Ended } from "../drivers/driver.ts";
import { firstFailure, RANK_FILES, rankEnds, rankWords } from "../drivers/ranks.ts";
import { faultDuring, readXids } from "../inventory/gpu.ts";
import { rankLogsOf } from "../spool/rank-logs.ts";
import type { Redactor } from "../spool/redact.ts";
import { removeTree } from "../trees.ts";
import type { AttemptRecord, Exit, StopOrder } from "./record.ts";

/** Ends that a stop does not explain. */
const OWN_CAUSES: ReadonlySet<Ended["cause"]> = new Set(["setup_failed", "oom", "hardware", "preempted", "timeout"]);

const TAIL_BYTES = 64 * 1024;
const LINES = 50;

/** The last lines of one file, each cut to what the protocol takes. A progress bar's overwritten states are left out. */
async function lastOf(file: string, most: number, redactor: Redactor): Promise<string[]> {
  const handle = await openPlain(file);
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - TAIL_BYTES - redactor.longest); // a secret that begins before the tail is seen whole
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    const lines = redactor.mask(buffer.subarray(0, bytesRead)).subarray(-TAIL_BYTES).toString("utf8").split("\n");
    if (size > TAIL_BYTES) lines.shift();
    return lines.map((line) => line.replace(/\r$/, "").split("\r").at(-1)!.slice(0, 2000)).filter((line) => line.trim() !== "").slice(-most);
  } finally {
    await handle.close();
  }
}

/** What was printed last: stderr first in right, since that is where the reason usually is. */
async function lastLines({ folder, redactor }: AttemptRecord): Promise<string[]> {
  const errors = await lastOf(folder.stderr, 35, redactor);
  const output = await lastOf(folder.stdout, LINES - errors.length, redactor);
  return [...output, ...errors];
}

/** Of an attempt of several processes that failed: the rank that failed first, with its own last lines. Null where none stands out. */
async function failedRank(record: AttemptRecord, ended: Ended): Promise<{ rank: number; ended: Ended; lines: string[] } | null> {
  if (rankLogsOf(record) === null || ended.cause !== "exited" || ended.code === 0) return null;
  const ends = await rankEnds(record.folder.home);
  const failed = firstFailure(ends);
  if (!failed) return null;
  const file = (end: string) => path.join(record.folder.home, RANK_FILES.folder, `${failed.rank}.${end}`);
  const errors = await lastOf(file("err"), 35, record.redactor);
  const lines = [...(await lastOf(file("out"), LINES - errors.length, record.redactor)), ...errors];
  return { rank: failed.rank, ended: { ...ended, code: failed.exit.code, signal: failed.exit.signal, detail: rankWords(failed, ends.length) }, lines };
}

/** The stop that an end answers: it came first, and nothing else explains the end. */
function answered(ended: Ended, stop: StopOrder | null): StopOrder | null {
  if (stop === null || OWN_CAUSES.has(ended.cause)) return null;
  // By the uptime where both were noted, since the wall clock may have been set in between; files' times are coarser than it.
  const isLater = ended.up && stop.up !== undefined ? ended.up.to >= stop.up : ended.at >= stop.at - 50;
  return isLater ? stop : null;
}

/** An end for which nobody asked is the hardware's where a GPU that it held failed while it ran: whatever exit code came of it. */
async function withFault({ intent }: AttemptRecord, ended: Ended, kernel: typeof readXids): Promise<Ended> {
  if (!intent?.busIds || intent.busIds.length === 0 || !ended.up || ended.cause !== "exited" || ended.code === 0) return ended;
  const fault = faultDuring((await kernel()) ?? [], intent.busIds, ended.up);
  if (!fault) return ended;
  const gpu = intent.accelerators[intent.busIds.indexOf(fault.busId)];
  return { ...ended, cause: "hardware", detail: `XID ${fault.code} on GPU ${gpu} (${fault.busId}) while it ran: ${fault.says}. ${ended.detail}` };
}

/** The end as the report tells it: what the host saw, and what it was asked for before that. In the server's clock. */
function exitOf(clock: ServerClock, ended: Ended, asked: StopOrder | null, lines: string[], rank?: number): Exit {
  const what = asked ? `${asked.reason} ${ended.detail}` : ended.detail;
  return {
    at: clock.fromLocal(ended.at),
    code: ended.code,
    signal: ended.signal,
    cause: asked ? asked.cause : ended.cause,
    ...(rank === undefined ? {} : { rank }),
    detail: what.slice(0, 4000),
    lastLines: lines,
    peakMemoryMib: ended.peakMemoryMib,
  };
}

/** How a process ended, with what it printed last: of several, the one that failed first. */
export async function lastWordOf(clock: ServerClock, record: AttemptRecord, ended: Ended, kernel = readXids): Promise<Exit> {
  const failed = await failedRank(record, ended);
  const how = failed?.ended ?? ended;
  const asked = answered(how, record.stop);
  const why = asked ? how : await withFault(record, how, kernel);
  return exitOf(clock, why, asked, failed?.lines ?? (await lastLines(record)), failed?.rank);
}

/** The end of an attempt that never ran. */
export function neverRan(clock: ServerClock, cause: "stopped" | "timeout" | "setup_failed" | "capacity" | "hardware" | "policy", detail: string): Exit {
  return { at: clock.now(), code: null, signal: null, cause, detail: detail.slice(0, 4000), lastLines: [], peakMemoryMib: null };
}

/** The end of an attempt that could not be prepared. Where its machine is full, what was fetched of it so far is given back. */
export async function notPrepared(clock: ServerClock, { folder }: Pick<AttemptRecord, "folder">, error: unknown): Promise<Exit> {
  const { cause, detail } = whyNot(error, folder.home);
  if (cause === "hardware") await removeTree(folder.work).catch(() => {});
  return neverRan(clock, cause, detail);
}
