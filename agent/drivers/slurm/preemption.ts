import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { readJson, writeJson } from "../../disk.ts";
import { log, reason } from "../../log.ts";
import { NotNow } from "../driver.ts";
import { exists, mtime } from "../handle.ts";
import { RANK_FILES } from "../ranks.ts";
import { cancel } from "./cancel.ts";
import type { Called } from "./names.ts";
import type { JobQueue, QueuedJob } from "./queue.ts";

/** Of the attempt's folder, empty; its time is when the job was told that Slurm will end it for other work. */
const TOLD = "told";
/** Of the attempt's folder: why its job was put back into the queue. Once it is taken from there, Slurm calls it cancelled. */
const REQUEUED = "requeued.json";
export const Requeued = z.object({ cause: z.enum(["preempted", "hardware", "timeout", "oom", "setup_failed"]), detail: z.string() });
export type Requeued = z.infer<typeof Requeued>;
/** Times of files are coarser than those of events. */
const COARSE_MS = 50;

/**
 * A job that is preempted goes on for its grace, the GraceTime of its QOS or partition. Slurm then sends SIGTERM to the job's steps, but
 * not to what its batch script runs by itself: that is told here, once. Several ranks on one node are told as when Drover asks them to stop.
 */
export async function tellPreempted(queue: JobQueue, { attemptId, called, folder, handle }: { attemptId: string; called: Called; folder: string; handle: { ranks: boolean } }, job: QueuedJob): Promise<void> {
  const file = path.join(folder, TOLD);
  const isFirst = await writeFile(file, "", { flag: "wx", mode: 0o644 }).then(() => true, () => false);
  if (!isFirst || job.nodeCount > 1) return; // of several nodes each has a step
  try {
    if (handle.ranks) await writeFile(path.join(folder, RANK_FILES.ask), "", { mode: 0o644 });
    else await cancel(queue, called, [job.id], "--full", "--signal=TERM", "--state=RUNNING");
  } catch (error) {
    log.warn("A job that Slurm preempts could not be told", { attempt: attemptId, reason: reason(error) });
    // A refusal comes also where the signal has ended it: of a task of an array that scancel tells, most of all.
    if (error instanceof NotNow) await rm(file, { force: true });
  }
}

/** Whether an end came after the job was told, and nobody had asked it to stop. */
export async function endedInGrace(folder: string, endedAt: number): Promise<boolean> {
  const told = await mtime(path.join(folder, TOLD));
  return told !== null && endedAt >= told - COARSE_MS && !(await exists(path.join(folder, "asked")));
}

export const noteRequeue = (folder: string, why: Requeued): Promise<void> => writeJson(path.join(folder, REQUEUED), why);

export async function requeuedWhy(folder: string): Promise<Requeued | null> {
  const read = await readJson(path.join(folder, REQUEUED), Requeued);
  return read.kind === "ok" ? read.value : null;
}
