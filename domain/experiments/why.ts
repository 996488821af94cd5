import { waitWords } from "../agents/scheduler.ts";
import { formatCount, formatMib, formatSeconds, plural } from "../shared/format.ts";
import type { AttemptView, RunDetail } from "./run-view.ts";
import { type Evidence, FAILURE_SAYS, type FailureClass } from "./failure.ts";
import type { PendingReason } from "./pending.ts";
import type { RunSpec } from "./run-spec.ts";

/** The one best next step. `clone` opens the form with a change already made; `patch` is merged into the spec. */
export type NextStep =
  | { kind: "retry"; label: string }
  | { kind: "log"; label: string }
  | { kind: "clone"; label: string; patch: { memory?: number; maxDuration?: number } }
  | { kind: "declare-lost"; label: string }
  | { kind: "clusters"; label: string };

/** Why a run is where it is, for the box on its page. */
export interface Why {
  tone: "neutral" | "warn" | "bad";
  /** One sentence. */
  title: string;
  /** What Drover will do, or what one may do. */
  detail: string | null;
  /** A moment that the sentence speaks of, shown beside it. */
  moment: { label: string; at: Date; basis: string | null } | null;
  facts: { label: string; value: string }[];
  /** The end of the log. */
  lines: string[];
  clusters: { clusterId: string; name: string; reason: string }[];
  next: NextStep | null;
}

const none = { detail: null, moment: null, facts: [], lines: [], clusters: [], next: null };

type Asked = Pick<RunDetail, "status" | "statusReason" | "pending" | "failureClass" | "evidence" | "attempts" | "spec" | "memoryMib">;
type Submitted = Asked & { spec: RunSpec };

/** The why box of a run; null while it simply runs, or when it succeeded or was cancelled by someone. */
export function whyOf(run: Asked): Why | null {
  if (!run.spec) return null; // a client's own: it knows, and does not say
  const { spec } = run;
  if (run.status === "queued") return waiting(run.pending);
  if (run.status === "starting") return atItsScheduler(run.attempts);
  if (run.status === "unreachable") return outOfReach({ ...run, spec });
  if (run.status === "cancelling") return stopping(run.attempts);
  if (run.status === "failed") return failed({ ...run, spec });
  return null;
}

function waiting(pending: PendingReason | null): Why {
  if (!pending) return { ...none, tone: "neutral", title: "Waiting for placement to look at it." };
  const { kind, message, ahead, clusters = [], earliestAt, basis } = pending;
  const facts = ahead ? [{ label: "Ahead of it", value: plural(ahead, "run") }] : [];
  const at = earliestAt ? new Date(earliestAt) : null;
  const moment = at ? { label: kind === "backoff" ? "Tries again" : "Starts at the latest", at, basis: basis ?? null } : null;
  const step: NextStep | null = kind === "never" ? { kind: "clone", label: "Clone and change it", patch: {} } : kind === "away" ? { kind: "clusters", label: "See the clusters" } : null;
  const tone = kind === "never" ? "bad" : kind === "away" ? "warn" : "neutral";
  const detail = kind === "never" ? "It stays queued, in case a cluster that can run it is connected." : !moment && kind === "busy" ? "No end can be promised: what runs there has no maximum duration." : null;
  return { ...none, tone, title: message, detail, moment, facts, clusters, next: step };
}

/** Placed and handed over: from here on its cluster's own scheduler decides. */
function atItsScheduler(attempts: AttemptView[]): Why | null {
  const word = attempts.at(-1)?.scheduler;
  if (!word || word.state === "RUNNING") return null;
  const moment = word.startsAt === null ? null : { label: "Slurm expects it to start", at: new Date(word.startsAt), basis: "Slurm's own estimate" };
  return { ...none, tone: "neutral", title: `${waitWords(word)}.`, moment };
}

function outOfReach({ attempts, spec }: Pick<Submitted, "attempts" | "spec">): Why {
  const lost = attempts.find((attempt) => attempt.status === "unreachable");
  const where = lost ? lost.cluster.name : "its cluster";
  const detail =
    spec.onLostContact === "restart"
      ? `The process may still be running. When its lease has run out Drover starts a new attempt elsewhere, as the run asks; the old one is refused if it comes back.`
      : `The process may still be running, so Drover waits and starts nothing twice. When ${where} is back, logs and metrics catch up and the run goes on.`;
  const moment = lost?.unreachableSince ? { label: "Out of reach since", at: lost.unreachableSince, basis: null } : null;
  return { ...none, tone: "warn", title: `${where} does not answer.`, detail, moment, facts: lost ? places(lost) : [], next: { kind: "declare-lost", label: "Declare lost" } };
}

function stopping(attempts: AttemptView[]): Why | null {
  const live = attempts.find((attempt) => attempt.status === "unreachable");
  if (!live) return null;
  const moment = live.unreachableSince ? { label: "Out of reach since", at: live.unreachableSince, basis: null } : null;
  return { ...none, tone: "warn", title: `${live.cluster.name} does not answer, so nobody knows yet whether it stopped.`, detail: "It is cancelled as soon as the agent says that the process is gone.", moment, facts: places(live), next: { kind: "declare-lost", label: "Declare lost" } };
}

function places(attempt: AttemptView): Why["facts"] {
  return attempt.nodeNames.length > 0 ? [{ label: attempt.nodeNames.length === 1 ? "Node" : "Nodes", value: attempt.nodeNames.join(", ") }] : [];
}

function failed(run: Submitted): Why {
  const kind = run.failureClass ?? "user_code";
  const evidence = run.evidence ?? run.attempts.find((attempt) => attempt.evidence)?.evidence ?? {};
  const title = run.statusReason ?? FAILURE_SAYS[kind];
  const says = title === FAILURE_SAYS[kind] ? null : FAILURE_SAYS[kind];
  return { ...none, tone: "bad", title, detail: [says, evidence.detail === title ? null : evidence.detail].filter(Boolean).join(" ") || null, facts: factsOf(kind, evidence, run), lines: evidence.lastLines ?? [], next: nextAfter(kind, evidence, run) };
}

function factsOf(kind: FailureClass, evidence: Evidence, run: Submitted): Why["facts"] {
  const facts: Why["facts"] = [{ label: "Class", value: kind }];
  if (typeof evidence.exitCode === "number") facts.push({ label: "Exit code", value: String(evidence.exitCode) });
  if (evidence.signal) facts.push({ label: "Signal", value: evidence.signal });
  if (typeof evidence.peakMemoryMib === "number") {
    const limit = evidence.limitMemoryMib ?? run.memoryMib;
    facts.push({ label: "Memory peak", value: `${formatMib(evidence.peakMemoryMib)} of ${formatMib(limit)}` });
  }
  if (kind === "timeout" && run.spec.maxDuration) facts.push({ label: "Maximum duration", value: formatSeconds(run.spec.maxDuration) });
  if (run.attempts.length > 1) facts.push({ label: "Attempts", value: formatCount(run.attempts.length) });
  return facts;
}

/** Twice the memory, in whole GiB above one. */
export function moreMemory(limitMib: number): number {
  const doubled = limitMib * 2;
  return doubled > 1024 ? Math.ceil(doubled / 1024) * 1024 : doubled;
}

function nextAfter(kind: FailureClass, evidence: Evidence, run: Submitted): NextStep {
  switch (kind) {
    case "oom": {
      const memory = moreMemory(evidence.limitMemoryMib ?? run.memoryMib);
      return { kind: "clone", label: `Clone with ${formatMib(memory)}`, patch: { memory } };
    }
    case "timeout": {
      const maxDuration = run.spec.maxDuration ? run.spec.maxDuration * 2 : null;
      return { kind: "clone", label: maxDuration ? `Clone with ${formatSeconds(maxDuration)}` : "Clone with more time", patch: maxDuration ? { maxDuration } : {} };
    }
    case "image":
    case "config":
      return { kind: "clone", label: "Clone and correct it", patch: {} };
    case "user_code":
      return { kind: "log", label: "Open the log" };
    default:
      return { kind: "retry", label: "Retry" };
  }
}

/** One line under a run's name and in lists: why it has its status. null where the status says it all. */
export function reasonLine(run: { status: string; statusReason: string | null; pending?: PendingReason | null }): string | null {
  if (run.status === "queued" && run.pending) return run.pending.message;
  return run.statusReason;
}
