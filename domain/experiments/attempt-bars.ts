import type { AttemptView } from "./run-view.ts";

type Bar = Pick<AttemptView, "number" | "assignedAt" | "startedAt" | "endedAt" | "status">;

export interface AttemptBar {
  number: number;
  /** Shares of the whole span, 0 to 1. */
  waitFrom: number;
  waitShare: number;
  setupFrom: number;
  setupShare: number;
  runFrom: number;
  runShare: number;
  waitSeconds: number;
  setupSeconds: number;
  runSeconds: number;
}

/**
 * Each attempt's queueing, setting up and running as shares of the run's whole time.
 * @param from When it was submitted, Unix ms. @param to When it ended, or now.
 */
export function attemptBars({ from, to, attempts }: { from: number; to: number; attempts: readonly Bar[] }): { rows: AttemptBar[]; seconds: number } {
  const span = Math.max(1000, to - from);
  const at = (ms: number) => Math.min(1, Math.max(0, (ms - from) / span));
  let queuedFrom = from;
  const rows = attempts.toSorted((a, b) => a.number - b.number).map((attempt) => {
    const assigned = Math.max(queuedFrom, attempt.assignedAt.getTime());
    const end = attempt.endedAt?.getTime() ?? to;
    const started = attempt.startedAt?.getTime() ?? end;
    const row: AttemptBar = {
      number: attempt.number,
      waitFrom: at(queuedFrom),
      waitShare: at(assigned) - at(queuedFrom),
      setupFrom: at(assigned),
      setupShare: Math.max(0, at(started) - at(assigned)),
      runFrom: at(started),
      runShare: attempt.startedAt ? Math.max(0, at(end) - at(started)) : 0,
      waitSeconds: (assigned - queuedFrom) / 1000,
      setupSeconds: Math.max(0, started - assigned) / 1000,
      runSeconds: attempt.startedAt ? Math.max(0, end - started) / 1000 : 0,
    };
    queuedFrom = Math.max(queuedFrom, end);
    return row;
  });
  return { rows, seconds: span / 1000 };
}
