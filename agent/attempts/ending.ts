import { open } from "node:fs/promises";
import type { ServerClock } from "../clock.ts";
import type { Ended } from "../drivers/driver.ts";
import type { Redactor } from "../spool/redact.ts";
import type { AttemptRecord, Exit, StopOrder } from "./record.ts";

const TAIL_BYTES = 64 * 1024;
const LINES = 50;

/** The last lines of one file, each cut to what the protocol takes. A progress bar's overwritten states are left out. */
async function lastOf(file: string, most: number, redactor: Redactor): Promise<string[]> {
  const handle = await open(file, "r").catch(() => null);
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
export async function lastLines({ folder, redactor }: AttemptRecord): Promise<string[]> {
  const errors = await lastOf(folder.stderr, 35, redactor);
  const output = await lastOf(folder.stdout, LINES - errors.length, redactor);
  return [...output, ...errors];
}

/** The end as the report tells it: what the host saw, and what it was asked for before that. In the server's clock. */
export function exitOf(clock: ServerClock, ended: Ended, stop: StopOrder | null, lines: string[]): Exit {
  const asked = stop !== null && ended.cause !== "setup_failed" && ended.cause !== "oom" && ended.at >= stop.at - 50; // files' times are coarser than the clock
  const what = asked ? `${stop.reason} ${ended.detail}` : ended.detail;
  return {
    at: clock.fromLocal(ended.at),
    code: ended.code,
    signal: ended.signal,
    cause: asked ? stop.cause : ended.cause,
    detail: what.slice(0, 4000),
    lastLines: lines,
    peakMemoryMib: ended.peakMemoryMib,
  };
}

/** The end of an attempt that never ran. */
export function neverRan(clock: ServerClock, cause: "stopped" | "timeout" | "setup_failed" | "policy", detail: string): Exit {
  return { at: clock.now(), code: null, signal: null, cause, detail: detail.slice(0, 4000), lastLines: [], peakMemoryMib: null };
}
