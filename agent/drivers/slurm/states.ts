import type { Ended } from "../driver.ts";

/** What Slurm says of a job, in the words of squeue and sacct. */
export interface JobSeen {
  /** `11`, and `11_8` of a task of an array of ours. */
  id: string;
  /** Its own number: also of a task, from its start on. Until then it may have that of its array. */
  raw: string;
  /** Of a task of an array of ours. */
  index: number | null;
  name: string;
  /** Base state, in capitals: PENDING, RUNNING, … */
  state: string;
  /** Why it waits or ended, in Slurm's words; null where it says nothing. */
  reason: string | null;
  nodes: string;
  /** Unix ms; null where it has none. */
  startedAt: number | null;
  endedAt: number | null;
  /** `code:signal`, from sacct alone. */
  exitCode: string | null;
}

export type Phase = "waiting" | "running" | "over";
type Cause = Ended["cause"];

const WAITING = new Set(["PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"]);
const RUNNING = new Set(["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "RESIZING", "STAGE_OUT"]);

export function phaseOf(state: string): Phase {
  if (WAITING.has(state)) return "waiting";
  return RUNNING.has(state) ? "running" : "over";
}

/** `CANCELLED by 0`, `RUNNING+`: the first word is the state. */
export const baseState = (text: string): string => /^[A-Z_]+/.exec(text.trim().toUpperCase())?.[0] ?? "UNKNOWN";

/** How Slurm's terminal states end an attempt. What is not here ended by its own exit code. */
const CAUSES: Record<string, { cause: Cause; says: (job: JobSeen) => string }> = {
  TIMEOUT: { cause: "timeout", says: () => "Slurm ended it at its time limit (TIMEOUT)." },
  DEADLINE: { cause: "timeout", says: () => "Slurm ended it at its deadline (DEADLINE)." },
  OUT_OF_MEMORY: { cause: "oom", says: () => "Slurm: OUT_OF_MEMORY." },
  NODE_FAIL: { cause: "hardware", says: (job) => `Slurm: a node failed while it ran (NODE_FAIL${job.nodes ? `, on ${job.nodes}` : ""}).` },
  BOOT_FAIL: { cause: "hardware", says: (job) => `Slurm: its nodes did not start (BOOT_FAIL${job.nodes ? `, ${job.nodes}` : ""}).` },
  PREEMPTED: { cause: "preempted", says: () => "Slurm preempted it for work of higher priority (PREEMPTED)." },
  CANCELLED: { cause: "stopped", says: () => "It was cancelled in Slurm (CANCELLED)." },
  REVOKED: { cause: "stopped", says: () => "Slurm revoked it: a sibling cluster runs it (REVOKED)." },
  LAUNCH_FAILED: { cause: "hardware", says: (job) => `Slurm could not start it on its nodes (LAUNCH_FAILED${job.reason ? `: ${job.reason}` : ""}).` },
};

/** A reason why Slurm ended a job that was no decision of the job's own; null where its exit code is the answer. */
export function verdictOf(job: JobSeen): { cause: Cause; detail: string } | null {
  const known = CAUSES[job.state];
  if (known) return { cause: known.cause, detail: known.says(job) };
  // Refused after it was accepted: never had a node.
  if (job.state === "FAILED" && job.startedAt === null && /constraint|config|limit|invalid|account|qos/i.test(job.reason ?? "")) return { cause: "setup_failed", detail: `Slurm cannot run it: ${job.reason}.` };
  return null;
}

/** Waiting jobs that Slurm will never start as they are: better told at once than shown as pending for ever. */
const HOPELESS: Record<string, string> = {
  BadConstraints: "no node fits its constraints",
  PartitionNodeLimit: "its partition never gives that many nodes",
  PartitionTimeLimit: "its time limit is over the partition's",
  PartitionConfig: "its partition cannot run it as asked",
  AssociationNodeLimit: "its account never gets that many nodes",
  AssocMaxNodePerJobLimit: "its account never gets that many nodes",
  QOSMaxNodePerJobLimit: "its QOS never gives that many nodes",
  QOSMaxGRESPerJob: "its QOS never gives that many GPUs",
  QOSMaxCpuPerJobLimit: "its QOS never gives that many cores",
  QOSMaxWallDurationPerJobLimit: "its time limit is over the QOS's",
  QOSTimeLimit: "its time limit is over the QOS's",
  AssociationTimeLimit: "its time limit is over its account's",
  AccountNotAllowed: "its account may not use the partition",
  QOSNotAllowed: "its QOS may not be used in the partition",
  InvalidAccount: "its account is not valid",
  InvalidQOS: "its QOS is not valid",
  DependencyNeverSatisfied: "what it depends on can no longer happen",
};

export const hopeless = (reason: string | null): string | null => (reason === null ? null : (HOPELESS[reason] ?? null));
