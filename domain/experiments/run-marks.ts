import type { SeriesX } from "./run-inputs.ts";
import type { AttemptView, RunEventView } from "./run-view.ts";

/** Events of the timeline that say why a chart looks as it does, with the word that stands beside their line. */
const MARKS = {
  "run.cancelling": "asked to stop",
  "run.preempting": "preempting",
  "run.unreachable": "unreachable",
  "run.back": "back in contact",
  "checkpoint.stored": "checkpoint kept",
  "checkpoint.restored": "from a checkpoint",
  "checkpoint.missing": "no checkpoint",
  "attempt.lost": "given up",
  "run.requeued": "queued again",
  "run.retried": "retried",
  "run.resumed": "resumed",
  "run.ended": "ended",
} as const;
export const MARKING_KINDS = Object.keys(MARKS);
const isMarking = (kind: string): kind is keyof typeof MARKS => Object.hasOwn(MARKS, kind);

export interface Mark {
  x: number;
  label: string;
}
type Attempt = Pick<AttemptView, "number" | "startedAt" | "endedAt">;
type Event = Pick<RunEventView, "at" | "kind" | "attemptNumber" | "message">;

/**
 * What happened to the run, as lines on its charts, in order. Attempts begin on them where there is more than one. Steps have no
 * clock, so there are none on a step axis; nor is there any before the first process, when nothing was measured.
 * @param startMs When the run's first process began, Unix ms.
 */
export function runMarks(attempts: readonly Attempt[], events: readonly Event[], x: SeriesX, startMs: number | null): Mark[] {
  if (x === "step" || startMs === null) return [];
  const starts = attempts.length < 2 ? [] : attempts.flatMap(({ number, startedAt }) => (startedAt ? [{ at: startedAt.getTime(), label: `attempt ${number}` }] : []));
  const others = events.flatMap((event) => (isMarking(event.kind) ? [{ at: momentOf(event, attempts), label: event.kind === "run.ended" ? endOf(event.message) : MARKS[event.kind] }] : []));
  return [...starts, ...others]
    .filter(({ at }) => at >= startMs)
    .sort((a, b) => a.at - b.at)
    .map(({ at, label }) => ({ x: x === "time" ? at : (at - startMs) / 1000, label }));
}

/** An end is told when it is known, and drawn when it was. */
function momentOf(event: Event, attempts: readonly Attempt[]): number {
  const ended = event.kind === "run.ended" ? attempts.find(({ number }) => number === event.attemptNumber)?.endedAt : null;
  return (ended ?? event.at).getTime();
}

/** The message of an end begins with how it was. */
const endOf = (message: string): string => /^(?:Succeeded|Failed|Cancelled)\b/.exec(message)?.[0].toLowerCase() ?? MARKS["run.ended"];
