import { stat } from "node:fs/promises";
import type { AttemptRecord } from "../attempts/record.ts";
import { failpoint } from "../failpoint.ts";
import { log } from "../log.ts";
import type { MetricSource } from "./metric-source.ts";
import { blocksBelow, PUNCH_STEP, punchHole } from "./punch.ts";
import { readRange } from "./tail.ts";

export type StreamName = "stdout" | "stderr";

export const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => null))?.size ?? 0;

/** First byte that can still be sent. */
export const sendFrom = (record: AttemptRecord, stream: StreamName): number => Math.max(record.streams[stream].next, record.streams[stream].floor);

/** Gives back what the server has: logs acknowledged, and for stdout its metrics too. */
export async function freeAcknowledged(record: AttemptRecord, source: MetricSource, stream: StreamName): Promise<void> {
  const state = record.streams[stream];
  const limit = blocksBelow(stream === "stdout" ? Math.min(state.next, record.streams.metrics.next, source.safeBelow) : state.next);
  if (limit - state.punched < PUNCH_STEP) return;
  if (!(await punchHole(record.folder[stream], state.punched, limit))) return;
  state.punched = limit;
  await record.saveStreams();
}

/**
 * Keeps the unsent bytes of an attempt under the cap: drops the oldest of the larger stream, at a line end where there is
 * one, after its metric points are kept. Its last byte stays: the claim of what is gone before goes up with it, and what of
 * that the server has not had is the gap in its log. Answers the bytes dropped. The floor is on disk before the first byte goes.
 */
export async function enforceCap(record: AttemptRecord, source: MetricSource, capBytes: number, now: number): Promise<number> {
  const sizes = { stdout: await sizeOf(record.folder.stdout), stderr: await sizeOf(record.folder.stderr) };
  const unsent = (stream: StreamName) => Math.max(0, sizes[stream] - sendFrom(record, stream));
  const over = unsent("stdout") + unsent("stderr") - capBytes;
  if (over <= 0) return 0;
  const stream: StreamName = unsent("stdout") >= unsent("stderr") ? "stdout" : "stderr";
  const from = sendFrom(record, stream);
  const wanted = Math.min(sizes[stream] - 1, from + over + Math.floor(capBytes / 8)); // in strides, not byte by byte
  const safe = stream === "stdout" ? await source.keepThrough(wanted, now) : wanted;
  const to = await lineEndBefore(record.folder[stream], from, Math.min(safe, wanted));
  if (to <= from) return 0;
  failpoint("agent.logs.before-drop");
  record.streams[stream].floor = to;
  await record.saveStreams(true);
  failpoint("agent.logs.after-drop");
  if (await punchHole(record.folder[stream], record.streams[stream].punched, to)) record.streams[stream].punched = blocksBelow(to);
  await record.saveStreams();
  log.warn("The spool is full: the oldest log bytes were dropped", { attempt: record.id, stream, bytes: to - from });
  return to - from;
}

/** The last line end in the 64 KiB before `at`, else `at`. */
async function lineEndBefore(file: string, from: number, at: number): Promise<number> {
  const start = Math.max(from, at - 64 * 1024);
  const end = (await readRange(file, start, at - start)).lastIndexOf(0x0a);
  return end >= 0 ? start + end + 1 : at;
}
