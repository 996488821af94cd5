import { writeFile } from "node:fs/promises";
import path from "node:path";
import { readText } from "../../disk.ts";
import { log } from "../../log.ts";
import { exists } from "../handle.ts";
import { RANK_FILES } from "../ranks.ts";
import { expandHosts } from "./foreign.ts";
import { JOB_FILES, JOB_FOLDER } from "./script.ts";
import { type JobSeen, phaseOf } from "./states.ts";

/** In an attempt's folder: it was swept while its command's end was not on record. What that was is then nobody's answer. */
export const SWEPT = "swept";
/** How long a job gets to end itself: its watch looks once a second (script.ts). */
const SELF_MS = 5_000;

/** Where a job began, as it wrote down itself; none where it did not begin. */
export async function nodesBegunOn(folder: string): Promise<string[]> {
  const [, list = ""] = ((await readText(path.join(folder, JOB_FOLDER, JOB_FILES.host))) ?? "").split("\n"); // after its first node's name for itself
  return list === "" ? [] : expandHosts(list);
}

const isRecorded = (folder: string): Promise<boolean> => exists(path.join(folder, JOB_FOLDER, JOB_FILES.exit));

/** Tells what may still run of a job to end, wherever that is. */
export async function callOver(folder: string): Promise<void> {
  if (!(await isRecorded(folder))) await writeFile(path.join(folder, SWEPT), "");
  await writeFile(path.join(folder, RANK_FILES.over), "", { mode: 0o644 }).catch(() => {});
}

/**
 * Resolves when nothing of a job runs, or nothing shows for long whether it does. That Slurm calls it over shows nothing by itself:
 * a controller that was killed right after a start takes the job for one that waits, which it drops without a word to the node, or
 * starts again elsewhere, or it knows nothing of it; and its processes live on until their node happens to register. So a job that
 * Slurm has not ended where it began must have ended itself.
 */
export async function untilGone(attemptId: string, folder: string, find: (id: string) => JobSeen | undefined): Promise<void> {
  const file = (name: string) => path.join(folder, JOB_FOLDER, name);
  if (!(await exists(file(JOB_FILES.gate))) || (await exists(path.join(folder, "precluded")))) return;
  const id = ((await readText(file(JOB_FILES.id))) ?? "").trim();
  const job = find(id);
  const ended = new Set(job && phaseOf(job.state) === "over" ? expandHosts(job.nodes) : []);
  const began = await nodesBegunOn(folder);
  if (began.length > 0 && began.every((node) => ended.has(node))) return;
  for (const deadline = performance.now() + SELF_MS; !(await isRecorded(folder)); ) {
    if (performance.now() > deadline) return log.warn("Slurm did not end this job where it began, and it has not said that it ended itself", { attempt: attemptId, job: id });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
