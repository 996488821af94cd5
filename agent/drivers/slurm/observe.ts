import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { readText } from "../../disk.ts";
import type { Ended, Observation, SchedulerWord } from "../driver.ts";
import { decodeStatus, exists, mib, mtime } from "../handle.ts";
import { RANK_FILES } from "../ranks.ts";
import { expandHosts } from "./foreign.ts";
import { nodesBegunOn, SWEPT } from "./gone.ts";
import { parseIndexes } from "./gpus.ts";
import { type Called, calledOf } from "./names.ts";
import { endedInGrace, noteRequeue, Requeued, requeuedWhy, tellPreempted } from "./preemption.ts";
import type { JobQueue, QueuedJob } from "./queue.ts";
import { JOB_FILES, JOB_FOLDER } from "./script.ts";
import { hopeless, type JobSeen, phaseOf, verdictOf } from "./states.ts";

/** How long files of a shared folder may take to show what Slurm already says. */
const DOUBT_MS = 3_000;
/** After the command's end: how long Slurm may take to say why, and after that what the command itself left counts. */
const VERDICT_MS = 15_000;
/** With more attempts than this, each one's files are looked at once in so long: there may be thousands. */
const CROWD = 200;
const CROWD_MS = 1_000;
/** A job that neither squeue nor sacct knows is given up after this long. */
const UNKNOWN_MS = 20_000;

interface Handle {
  /** Unix ms; before sbatch was called. */
  at: number;
  job: string | null;
  ranks: boolean;
  limitMib: number;
  array: { name: string; index: number } | null;
}
type Gone = Pick<Ended, "cause" | "detail"> & Partial<Pick<Ended, "at">>;

/** Reads an attempt's state from what its job left in the folder, and from Slurm for what only Slurm knows. */
export class Observer {
  private readonly queue: JobQueue;
  private readonly preclude: (attemptId: string, folder: string) => Promise<boolean>;
  private readonly last = new Map<string, { at: number; seen: Observation }>();
  private readonly since = new Map<string, { what: string; at: number }>();

  /** @param preclude Shuts the gate; false where the job came through it. */
  constructor(queue: JobQueue, preclude: (attemptId: string, folder: string) => Promise<boolean>) {
    this.queue = queue;
    this.preclude = preclude;
  }

  async observe(attemptId: string, folder: string, handle: Handle | null): Promise<Observation> {
    if (!handle) return { state: "absent" };
    const last = this.last.get(attemptId);
    if (last && this.last.size > CROWD && performance.now() - last.at < CROWD_MS) return last.seen;
    const seen = await this.look(attemptId, folder, handle);
    if (seen.state === "ended") this.last.delete(attemptId);
    else this.last.set(attemptId, { at: performance.now(), seen });
    return seen;
  }

  private async look(attemptId: string, folder: string, handle: Handle): Promise<Observation> {
    const job = path.join(folder, JOB_FOLDER);
    await this.queue.refresh();
    const { exit, told, startedAt, accelerators, ...left } = await readSigns(job);
    const called = calledOf(attemptId, handle);
    const id = left.id || handle.job || this.queue.named(called)[0]?.id;
    if (!id) return this.queue.reachable ? { state: "absent" } : { state: "starting" };
    const seen: Seen = { attemptId, called, folder, id, startedAt, accelerators, handle };
    if (exit) return this.recorded(seen, exit, told);
    const listed = this.queue.find(id, called);
    if (listed && phaseOf(listed.state) === "running") return this.living(seen, listed);
    if (listed && phaseOf(listed.state) === "waiting") return startedAt === null ? this.waiting(seen, listed) : this.requeued(seen);
    // Unlisted by a look from before it was submitted: the next one has it.
    const isYoung = !listed && handle.at >= this.queue.askedAt && Date.now() - handle.at < UNKNOWN_MS;
    if (!this.queue.reachable || isYoung) return sofar(seen);
    return this.over(seen, listed ?? (await this.queue.remembered(id, called)));
  }

  private async living(seen: Seen, job: QueuedJob): Promise<Observation> {
    this.since.delete(seen.attemptId);
    if (job.preemptedAt !== null && job.state === "RUNNING" && seen.startedAt !== null) await tellPreempted(this.queue, seen, job);
    const scheduler = wordOf(job);
    return seen.startedAt === null ? { state: "starting", scheduler } : { state: "running", startedAt: seen.startedAt, nodes: expandHosts(job.nodes), accelerators: seen.accelerators, scheduler };
  }

  private async waiting(seen: Seen, job: QueuedJob): Promise<Observation> {
    const never = hopeless(job.reason);
    if (never === null || this.lasts(seen, `hopeless ${job.reason}`) < DOUBT_MS) return { state: "starting", scheduler: wordOf(job) };
    if (!(await this.preclude(seen.attemptId, seen.folder))) return { state: "starting" };
    return this.ended(seen, null, { cause: "setup_failed", detail: `Slurm will never start it (${job.reason}): ${never}.` }, job);
  }

  /** It ran and waits again: somebody forced Slurm to requeue it. It does not start twice; a retry is a new attempt. */
  private async requeued(seen: Seen, exit: Exit | null = null): Promise<Observation> {
    const begun = await this.queue.begun(seen.id, seen.called); // the last look may be from before its start
    if (begun || !this.queue.reachable || !this.queue.find(seen.id, seen.called)) return sofar(seen, begun);
    const past = await this.queue.remembered(seen.id, seen.called);
    const verdict = Requeued.safeParse(past && verdictOf(past)); // that it was cancelled before explains nothing
    const why = verdict.success ? verdict.data : { cause: "preempted" as const, detail: "Slurm put it back into its queue." };
    await noteRequeue(seen.folder, why);
    return this.ended(seen, exit, why, past ?? null);
  }

  /** The command's end is on record. What Slurm says matters only where it failed, or ended because Slurm told it to. */
  private async recorded(seen: Seen, exit: Exit, told: boolean): Promise<Observation> {
    const job = this.queue.find(seen.id, seen.called) ?? (await this.lookAgain(seen));
    const pushed = (await requeuedWhy(seen.folder)) ?? (await this.graceWhy(seen, exit));
    if (pushed || (exit.status === 0 && !told)) return this.ended(seen, exit, pushed, job ?? null);
    return job && isBack(job) ? this.requeued(seen, exit) : this.explained(seen, exit, job);
  }

  /** Its end is on record, and it is Slurm's to say why it ended. */
  private async explained(seen: Seen, exit: Exit, job: QueuedJob | undefined): Promise<Observation> {
    let settled: JobSeen | null | undefined = job && phaseOf(job.state) === "over" ? job : null;
    if (!job && this.queue.reachable) settled = finished(await this.queue.remembered(seen.id, seen.called));
    if (!settled && this.lasts(seen, "verdict") < VERDICT_MS) {
      await this.queue.refresh(200);
      const now = this.queue.find(seen.id, seen.called);
      if (!now || phaseOf(now.state) !== "over") return sofar({ ...seen, startedAt: seen.startedAt ?? exit.at }, now);
      settled = now;
    }
    const verdict = settled ? verdictOf(settled) : null;
    // A stop that we asked for is told by the record that asked; Slurm only did it.
    const ours = verdict?.cause === "stopped" && (await exists(path.join(seen.folder, "asked")));
    return this.ended(seen, exit, ours ? null : verdict, settled ?? null);
  }

  private async graceWhy({ folder }: Seen, exit: Exit): Promise<Gone | null> {
    return (await endedInGrace(folder, exit.at)) ? { cause: "preempted", detail: "Slurm preempted it for work of higher priority, and it ended within its grace." } : null;
  }

  /** A job that was over before it was ever listed: where it ran is still to be learnt. */
  private async lookAgain(seen: Seen): Promise<QueuedJob | undefined> {
    await this.queue.refresh(200);
    return this.queue.find(seen.id, seen.called);
  }

  /**
   * Slurm says that it is over, or knows nothing of it, and no end is on record. Accounting may know a job that squeue does
   * not list yet, or call one alive that is long gone: that is no end, and counts as knowing nothing of it.
   */
  private async over(seen: Seen, told: JobSeen | null | undefined): Promise<Observation> {
    const job = finished(told);
    const now = await sofar(seen);
    const waited = this.lasts(seen, job ? "over" : "unknown");
    if (job === undefined && waited < UNKNOWN_MS * 6) return now; // accounting cannot be asked
    if (waited < (job ? DOUBT_MS : UNKNOWN_MS)) {
      await readdir(path.join(seen.folder, JOB_FOLDER)).catch(() => []); // makes a network file system look again
      if (!job || seen.startedAt !== null) return now;
    }
    const never = seen.startedAt === null && (await this.preclude(seen.attemptId, seen.folder));
    if (seen.startedAt === null && !never && waited < UNKNOWN_MS) return now;
    return this.ended(seen, null, await this.goneWhy(seen, job ?? null, never), job ?? null);
  }

  /** @param never It did not come through its gate: nothing of the run was started. */
  private async goneWhy(seen: Seen, job: JobSeen | null, never: boolean): Promise<Gone> {
    const back = await requeuedWhy(seen.folder);
    if (back) return back;
    const askedAt = await mtime(path.join(seen.folder, "asked"));
    // Of one that ran and is forgotten nobody knows what came first. Slurm's times are whole seconds.
    const asked = askedAt !== null && (seen.startedAt === null || (job?.endedAt ?? -Infinity) + 1_000 > askedAt);
    const verdict = job ? verdictOf(job) : null;
    if (verdict && !(verdict.cause === "stopped" && asked)) return seen.startedAt === null ? { ...verdict, detail: `${verdict.detail} It had not started. ${await slurmSaid(seen.folder)}`.trim() } : verdict;
    if (asked && seen.startedAt !== null) return { cause: "exited", detail: "Ended by SIGKILL.", at: Math.max(askedAt, job?.endedAt ?? 0) };
    if (asked) return { cause: "stopped", detail: "It was taken from Slurm's queue before it started." };
    // A task that waited and was cancelled alone is in no list of Slurm's; those of its array are.
    if (!job && seen.startedAt === null && this.queue.hasOthers(seen.id, seen.called)) return { cause: "stopped", detail: `It was cancelled in Slurm: of its array others are left, and not job ${seen.id}. It had not started.` };
    if (!job) return { cause: "wrapper_lost", detail: `Slurm no longer knows job ${seen.id}, and no end of it is on record.` };
    return overWhy(seen, job, never);
  }

  private async ended(seen: Seen, exit: Exit | null, gone: Gone | null, job: JobSeen | null): Promise<Observation> {
    this.since.delete(seen.attemptId);
    const decoded = exit ? decodeStatus(exit.status) : { code: null, signal: gone?.cause === "exited" ? "SIGKILL" : null };
    const peakMemoryMib = await peakOf(path.join(seen.folder, JOB_FOLDER));
    const cause = gone?.cause ?? "exited";
    const plain = gone?.detail ?? (decoded.signal ? `Ended by ${decoded.signal}.` : `Exited with code ${decoded.code}.`);
    const detail = cause === "oom" ? memoryWords(seen.handle.limitMib, peakMemoryMib, gone) : plain;
    const at = exit?.at ?? gone?.at ?? job?.endedAt ?? (await lastSign(seen.folder));
    const lifeMs = exit ? await lifeOf(path.join(seen.folder, JOB_FOLDER)) : null;
    const ended: Ended = { at, ...decoded, cause, detail: detail.slice(0, 4000), peakMemoryMib, lifeMs };
    const nodes = await nodesOf(seen, job);
    return { state: "ended", startedAt: seen.startedAt, ended, accelerators: seen.accelerators, ...(nodes.length > 0 ? { nodes } : {}), ...(job ? { scheduler: { ...wordOf(job), startsAt: null } } : {}) };
  }

  /** For how long now this has been so, in ms. */
  private lasts(seen: Seen, what: string): number {
    const known = this.since.get(seen.attemptId);
    if (known?.what === what) return performance.now() - known.at;
    this.since.set(seen.attemptId, { what, at: performance.now() });
    return 0;
  }
}

/** It waits again after it ran: Slurm does not start one anew by itself that was submitted with --no-requeue. */
const isBack = (job: QueuedJob): boolean => job.restarts > 0 && phaseOf(job.state) === "waiting";

function memoryWords(limitMib: number, peakMib: number | null, gone: Gone | null): string {
  return `Out of memory: the limit is ${limitMib} MiB a node${peakMib === null ? "" : `, the peak on the first node was ${peakMib} MiB`}. ${gone?.detail ?? ""}`;
}

/**
 * Slurm says that it is over, with a state that explains nothing. Where its batch script did not come as far as its gate, Slurm's
 * own words blame the node, such as a log that cannot be opened there. Without any, it is the end of another job: a controller
 * that lost its newest ones gives their numbers again, and takes what a node says of the old one for the new one's.
 */
async function overWhy({ id, folder }: Seen, job: JobSeen, never: boolean): Promise<Gone> {
  const says = `${job.state}${job.reason ? ` (${job.reason})` : ""}${job.exitCode ? `, with exit code ${job.exitCode}` : ""}`;
  const said = await slurmSaid(folder);
  if (!never) return { cause: "wrapper_lost", detail: `Slurm says ${says}; its batch script was killed before it could record the end. ${said}`.trim() };
  if (job.nodes === "") return { cause: "setup_failed", detail: `Slurm ended job ${id} before it started: ${says}. ${said}`.trim() };
  if (said !== "" || job.reason === "JobLaunchFailure") return { cause: "hardware", detail: `Slurm could not start job ${id} on ${job.nodes}: ${says}. ${said}`.trim() };
  return { cause: "wrapper_lost", detail: `Slurm says that job ${id} ended on ${job.nodes} (${says}), but its batch script never began: the controller may have lost an earlier job of that number.` };
}

/** A job that is not over stands for no answer. */
const finished = (job: JobSeen | null | undefined): JobSeen | null | undefined => (job && phaseOf(job.state) !== "over" ? null : job);

/** What is known of it from its own files, while Slurm has little to add. On which nodes, too: what it holds is metered from here on. */
async function sofar(seen: Seen, job?: QueuedJob): Promise<Observation> {
  const { startedAt, accelerators } = seen;
  return startedAt === null ? { state: "starting" } : { state: "running", startedAt, nodes: await nodesOf(seen, job ?? null), accelerators };
}

interface Seen {
  attemptId: string;
  called: Called;
  folder: string;
  id: string;
  startedAt: number | null;
  accelerators: number[];
  handle: Handle;
}
interface Exit {
  status: number;
  at: number;
}

/** Slurm may name every node that it waits for: as much of it as the protocol takes. */
function wordOf(job: JobSeen): SchedulerWord {
  return { job: job.id, state: job.state.slice(0, 64), reason: job.reason?.slice(0, 200) ?? null, startsAt: phaseOf(job.state) === "waiting" ? job.startedAt : null };
}

/** What the job left so far. One question for all of it: of thousands that wait, nothing is there. */
async function readSigns(job: string): Promise<{ id: string; startedAt: number | null; exit: Exit | null; told: boolean; accelerators: number[] }> {
  const names = new Set(await readdir(job).catch(() => []));
  const text = async (name: string) => (names.has(name) ? await readText(path.join(job, name)) : null) ?? "";
  return {
    id: (await text(JOB_FILES.id)).trim(),
    startedAt: names.has(JOB_FILES.started) ? await mtime(path.join(job, JOB_FILES.started)) : null,
    exit: names.has(JOB_FILES.exit) && !(await exists(path.join(job, "..", SWEPT))) ? await readExit(job) : null,
    told: names.has(JOB_FILES.told),
    accelerators: parseIndexes(await text(JOB_FILES.gpus)),
  };
}

/** How long the command ran, by its node's uptime; null where the node did not say. */
async function lifeOf(job: string): Promise<number | null> {
  const match = /^(\d+\.\d+) (\d+\.\d+)\n$/.exec((await readText(path.join(job, JOB_FILES.life))) ?? "");
  return match ? Math.max(0, Math.round((Number(match[2]) - Number(match[1])) * 1000)) : null;
}

/** A controller that was killed may have lost the job: where it ran it wrote down itself, and what it held is to be metered. */
async function nodesOf({ folder, startedAt }: Seen, job: JobSeen | null): Promise<string[]> {
  if (job?.nodes) return expandHosts(job.nodes);
  return startedAt === null ? [] : nodesBegunOn(folder);
}

async function readExit(job: string): Promise<Exit | null> {
  const file = path.join(job, JOB_FILES.exit);
  const match = /^(\d{1,3})\n$/.exec((await readText(file)) ?? "");
  const at = match ? await mtime(file) : null;
  return match && at !== null ? { status: Number(match[1]), at } : null;
}

async function peakOf(job: string): Promise<number | null> {
  const match = /^(\d+)\s*$/.exec((await readText(path.join(job, JOB_FILES.peak))) ?? "");
  return match ? mib(Number(match[1])) : null;
}

/** The last words of Slurm itself about the job, such as why it could not be started. */
async function slurmSaid(folder: string): Promise<string> {
  const text = (await readText(path.join(folder, JOB_FOLDER, JOB_FILES.slurm))) ?? "";
  return text.trim().split("\n").slice(-3).join(" ").slice(0, 1000);
}

/** The last time anything of the attempt is known to have happened. */
async function lastSign(folder: string): Promise<number> {
  const names = ["stdout.log", "stderr.log", ...[JOB_FILES.started, JOB_FILES.slurm, JOB_FILES.id].map((name) => path.join(JOB_FOLDER, name)), "slurm.json"];
  const ranks = (await readdir(path.join(folder, RANK_FILES.folder)).catch(() => [])).map((name) => path.join(RANK_FILES.folder, name));
  const times = await Promise.all([...names, ...ranks].map(async (name) => (await stat(path.join(folder, name)).catch(() => null))?.mtimeMs ?? 0));
  return Math.max(...times);
}
