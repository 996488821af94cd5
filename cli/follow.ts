import { setTimeout as sleep } from "node:timers/promises";
import { TERMINAL } from "../domain/experiments/run-status.ts";
import type { Api, Outputs } from "./api.ts";
import { EXIT, isServerFault, isUnreachable, toCliError } from "./errors.ts";
import { note, paint, printable } from "./output.ts";

type Run = Outputs["experiments"]["get"];
type Segment = Outputs["experiments"]["logPage"]["segments"][number];

const FASTEST_MS = 300;
const SLOWEST_MS = 3000;
const AWAY_MS = 15_000;
/** A fault that lasts longer is no passing one. */
const FAULT_MS = 5 * 60_000;
/** How long an ended run's last log bytes are waited for: its agent may be out of reach. */
const DRAIN_MS = 30_000;

export interface FollowOptions {
  stream?: "stdout" | "stderr";
  /** Where reading goes on: attempt → the last chunk that was shown. */
  shown?: Map<string, number>;
  write?: (segment: Segment) => void;
}

/** Bytes to where the job wrote them: its stderr to ours. */
export function writeSegment(segment: Segment): void {
  if (segment.droppedBefore > 0) note(paint("yellow", `… ${segment.droppedBefore} bytes were lost here: the spool on the cluster was full`));
  (segment.stream === "stderr" ? process.stderr : process.stdout).write(segment.text);
}

/** Tries again while nobody answers: a server that restarts, or a train that goes through a tunnel; and for a while where its database does. */
async function patiently<T>(api: Api, ask: () => Promise<T>): Promise<T> {
  const began = Date.now();
  for (let wait = 500, told = false; ; wait = Math.min(wait * 2, AWAY_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnreachable(error) && !(isServerFault(error) && Date.now() - began < FAULT_MS)) throw error;
      if (!told) note(paint("yellow", `△ ${toCliError(error, api.config.url).message} Trying again; the run goes on without us.`));
      told = true;
      await sleep(wait);
    }
  }
}

/** Shows a run's log over all its attempts until it ends. @returns the shell's exit code: that of the run's process. */
export async function followRun(api: Api, id: string, options: FollowOptions = {}): Promise<number> {
  const shown = options.shown ?? new Map<string, number>();
  const write = options.write ?? writeSegment;
  const done = new Set<string>();
  let said = "";
  let wait = FASTEST_MS;
  let endedAt: number | null = null;
  for (;;) {
    const run = await patiently(api, () => api.trpc.experiments.get.query({ id }));
    said = tell(run, said);
    let news = false;
    for (const attempt of run.attempts.filter((one) => !done.has(one.id))) {
      const more = await readOn(api, attempt.id, shown, options.stream, write);
      news ||= more.news;
      if (more.complete) done.add(attempt.id);
    }
    if (TERMINAL.has(run.status)) {
      endedAt ??= Date.now();
      if (news) endedAt = Date.now();
      const open = run.attempts.length - done.size;
      if (open === 0) return exitCodeOf(run);
      if (Date.now() - endedAt > DRAIN_MS) {
        note(paint("yellow", "△ The end of the log has not arrived: its cluster is out of touch. `drover logs` shows it once it has."));
        return exitCodeOf(run);
      }
    } else endedAt = null;
    wait = news ? FASTEST_MS : Math.min(wait * 1.5, SLOWEST_MS);
    await sleep(wait);
  }
}

async function readOn(api: Api, attemptId: string, shown: Map<string, number>, stream: FollowOptions["stream"], write: (segment: Segment) => void): Promise<{ news: boolean; complete: boolean }> {
  let news = false;
  for (;;) {
    const after = shown.get(attemptId) ?? -1;
    const page = await patiently(api, () => api.trpc.experiments.logPage.query({ attemptId, after, ...(stream ? { stream } : {}) }));
    for (const segment of page.segments) write(segment);
    if (page.lastSeq !== null) {
      shown.set(attemptId, page.lastSeq);
      news = true;
    }
    if (!page.hasAfter) return { news, complete: page.complete };
  }
}

/** Says on stderr what changed about a run that shows no log yet. */
function tell(run: Run, said: string): string {
  const why = run.status === "queued" ? run.pending?.message : run.statusReason;
  const line = `${run.status}${why ? `: ${why}` : ""}`;
  if (line !== said) note(paint("dim", `› ${printable(line)}`));
  return line;
}

export function exitCodeOf(run: Pick<Run, "status" | "attempts">): number {
  if (run.status === "succeeded") return EXIT.ok;
  return run.attempts.at(-1)?.exitCode || EXIT.failed;
}
