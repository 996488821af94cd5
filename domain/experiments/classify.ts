import { UNTAKEN } from "../agents/untaken.ts";
import type { AttemptOutcome } from "./attempt-status.ts";
import { FAILURE_SAYS, type Evidence, type FailureClass } from "./failure.ts";

/** What the host saw of an end, as the wire carries it. */
export interface ExitSeen {
  code: number | null;
  signal: string | null;
  cause: "exited" | "oom" | "timeout" | "stopped" | "wrapper_lost" | "host_rebooted" | "setup_failed" | "policy" | "hardware" | "preempted" | "capacity";
  /** Of several processes, the one that failed first. */
  rank?: number | null;
  detail: string;
  lastLines: string[];
  peakMemoryMib: number | null;
}

export interface Verdict {
  outcome: AttemptOutcome;
  failureClass: FailureClass | null;
  /** One sentence: what happened, with the number that shows it. */
  message: string;
  evidence: Evidence;
  /** Its scheduler took its room for other work, as nobody had asked it to. */
  displaced?: boolean;
}

interface Asked {
  /** Why Drover asked it to stop; null when it did not. */
  stopReason: string | null;
  memoryMib: number;
  maxDurationSeconds: number | null;
}

/** What an end means: outcome, class, and a sentence that rests on what the host saw. */
export function classifyExit(exit: ExitSeen, asked: Asked): Verdict {
  const evidence: Evidence = {
    exitCode: exit.code,
    signal: exit.signal,
    lastLines: exit.lastLines,
    ...(exit.detail ? { detail: exit.detail } : {}),
    peakMemoryMib: exit.peakMemoryMib,
    limitMemoryMib: asked.memoryMib,
  };
  if (exit.cause === "exited" && exit.code === 0) return { outcome: "succeeded", failureClass: null, message: "Ended with exit code 0.", evidence };
  const { failureClass, message } = failure(exit, asked);
  return { outcome: failureClass === "cancelled" ? "cancelled" : "failed", failureClass, message, evidence, ...(exit.cause === "preempted" && failureClass === "preempted" ? { displaced: true } : {}) };
}

/** Ends that say nothing about the run's own code: where a stop was asked for, they settle it. */
const UNSETTLED: ReadonlySet<ExitSeen["cause"]> = new Set(["wrapper_lost", "host_rebooted", "preempted", "setup_failed", "capacity", "policy"]);

/** Causes that need no more than the host's own words. */
const PLAIN: Record<Exclude<ExitSeen["cause"], "exited" | "oom" | "timeout" | "stopped">, { failureClass: FailureClass; says: string }> = {
  wrapper_lost: { failureClass: "platform", says: "The process that watched over it is gone, so how it ended is not known." },
  host_rebooted: { failureClass: "hardware", says: "Its machine restarted." },
  preempted: { failureClass: "preempted", says: FAILURE_SAYS.preempted },
  hardware: { failureClass: "hardware", says: FAILURE_SAYS.hardware },
  setup_failed: { failureClass: "config", says: FAILURE_SAYS.config },
  capacity: { failureClass: "capacity", says: FAILURE_SAYS.capacity },
  policy: { failureClass: "config", says: "The machine's own policy does not allow it." },
};

function failure(exit: ExitSeen, asked: Asked): { failureClass: FailureClass; message: string } {
  const because = (fallback: string) => exit.detail || fallback;
  // Withdrawn, and taken after all at the last moment: what the agent says of the stop is that it obeyed.
  if (asked.stopReason === UNTAKEN && (exit.cause === "stopped" || UNSETTLED.has(exit.cause))) return { failureClass: "platform", message: "Its agent took it only after it had been withdrawn." };
  if (asked.stopReason !== null && asked.stopReason !== "preempted" && UNSETTLED.has(exit.cause)) return { failureClass: "cancelled", message: because("It is gone, as asked.") };
  switch (exit.cause) {
    case "exited":
      return { failureClass: "user_code", message: exit.rank == null ? ended(exit) : because(ended(exit)) };
    case "oom":
      return { failureClass: "oom", message: `Used more than its ${asked.memoryMib} MiB of memory and was killed.` };
    case "timeout":
      return { failureClass: "timeout", message: asked.maxDurationSeconds === null ? FAILURE_SAYS.timeout : `Reached its maximum duration of ${asked.maxDurationSeconds} s and was stopped.` };
    case "stopped":
      if (asked.stopReason === "preempted") return { failureClass: "preempted", message: "Stopped to make room for other work." };
      if (asked.stopReason === null) return { failureClass: "preempted", message: because("Stopped on its machine, not by Drover.") };
      return { failureClass: "cancelled", message: "Stopped as asked." };
    default: {
      const { failureClass, says } = PLAIN[exit.cause];
      return { failureClass, message: because(says) };
    }
  }
}

function ended({ code, signal }: ExitSeen): string {
  if (signal !== null) return `The command was ended by ${signal}.`;
  if (code === 127) return "The command was not found (exit code 127).";
  if (code === 126) return "The command could not be executed (exit code 126).";
  return code === null ? "The command ended; how is not known." : `The command ended with exit code ${code}.`;
}
