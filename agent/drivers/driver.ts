import type { Duplex } from "node:stream";
import type { z } from "zod";
import type { Gpu } from "../inventory/gpu.ts";
import type { AccountedPart, AttemptReport, Capabilities, NodeReport, OutsideJob, SchedulerReport } from "../protocol/messages.ts";

export type DriverCapabilities = z.infer<typeof Capabilities>;
export type ExitReport = NonNullable<AttemptReport["exit"]>;

/** What a driver needs to start an attempt, all of it settled and journaled before the first `submit`. */
export interface Launch {
  attemptId: string;
  /** The attempt's own folder, absolute. */
  folder: string;
  /** Program and arguments; no shell unless the first word is one. */
  command: string[];
  /** The whole environment, nothing is added. */
  env: Record<string, string>;
  workingDirectory: string;
  /** 0: no limit. */
  memoryMib: number;
  /** Account to run as; null: the agent's own. */
  runAs: { name: string; uid: number; gid: number } | null;
  /** What a scheduler must reserve, and how the command becomes several processes. */
  ask: Ask;
}
export interface Ask {
  /** The run's name, for people who look at the scheduler. */
  title: string;
  launcher: string;
  nodes: number;
  /** On how few of `nodes` torchrun may start too; as many where that was not asked for. */
  minNodes: number;
  /** Processes per node that the launcher starts. */
  processes: number;
  /** How often torchrun may start its workers anew. */
  restarts: number;
  /** Per node, as are GPUs. */
  cpus: number;
  gpus: number;
  gpuModel: string | null;
  maxSeconds: number | null;
  graceSeconds: number;
  /** Nodes that must not be used. */
  excludeNodes: string[];
  /** What only this kind of scheduler knows. */
  overrides: Record<string, unknown>;
}

/** What was asked of the scheduler may succeed later: it is away or busy. */
export class NotNow extends Error {}

/** An end as the host saw it, in the host's own clock; the attempt's record adds why it was asked for. */
export interface Ended {
  at: number;
  code: number | null;
  signal: string | null;
  cause: "exited" | "oom" | "wrapper_lost" | "host_rebooted" | "setup_failed" | "timeout" | "stopped" | "hardware" | "preempted";
  detail: string;
  peakMemoryMib: number | null;
  /** From when to when, in seconds since the host's boot, where that was noted at both ends; a wall clock may step. */
  up?: { from: number; to: number } | null;
  /** How long it was by the uptime of another host, which has nothing to do with this one's. */
  lifeMs?: number | null;
}
/** What the scheduler says of an attempt: its own job, state and reason. */
export type SchedulerWord = NonNullable<AttemptReport["scheduler"]>;
export type Observation =
  /** Never started here, and `submit` may start it. */
  | { state: "absent" }
  /** Submitted, the main process not seen yet. `scheduler`: it waits there, maybe for long. */
  | { state: "starting"; scheduler?: SchedulerWord }
  /** `nodes`, and on one node the `accelerators`: where, as the scheduler chose it. */
  | { state: "running"; startedAt: number; nodes?: string[]; accelerators?: number[]; scheduler?: SchedulerWord }
  | { state: "ended"; startedAt: number | null; ended: Ended; nodes?: string[]; accelerators?: number[]; scheduler?: SchedulerWord };

/** What one accelerator of a node did, as somebody on that node measured it. */
export interface AcceleratorUse {
  node: string;
  index: number;
  use: Gpu["use"];
}

/** `command`: the words that start a program in a terminal of the attempt; as another account, within `keptFrom` its environment. `env`: what they need besides the attempt's own. */
export interface Entry {
  command: (program: string[]) => string[];
  env: Record<string, string>;
}

/** What a scheduler gave an attempt, of all its nodes together. */
export interface Granted {
  /** Null where it does not say. */
  gpus: number | null;
  cpus: number;
  memoryMib: number;
}

/** `none`: it keeps nothing, and never did of these. `later`: it cannot be asked now. Of a job that it does not know, no parts. */
export type AccountingAnswer = { kind: "told"; parts: Map<string, AccountedPart[]> } | { kind: "none" | "later"; why: string };
/** What a scheduler keeps of its jobs by itself: another witness of what attempts held. */
export interface Accounting {
  readonly source: "slurm";
  /** The job by which it knows an attempt; null where the scheduler was never given it. */
  jobOf(folder: string): Promise<string | null>;
  /** One query for all. @param jobs Attempt → job. Their folders may be gone. */
  read(jobs: ReadonlyMap<string, string>): Promise<AccountingAnswer>;
}

export type OutsideAnswer = { kind: "told"; jobs: OutsideJob[] } | { kind: "none" | "later"; why: string };
/** What a scheduler keeps of jobs that others gave it. */
export interface OutsideAccounting {
  readonly source: "slurm";
  /** All that held something within the last so many seconds. */
  read(seconds: number): Promise<OutsideAnswer>;
}

/**
 * How the agent drives what is already there. Every call may be repeated, after a crash of the agent too: an attempt is
 * named by its id, and all that a driver must remember lies in the attempt's folder or in the scheduler.
 */
export interface Driver {
  /** The scheduler chooses nodes and accelerators, on machines other than the agent's; else the agent does, on its own. */
  readonly placesItself: boolean;
  capabilities(): Promise<DriverCapabilities>;
  /** Nodes with what runs may use of them, and the health of each accelerator. `holders`: accelerator index → attempt. @throws NotNow while the scheduler has not told of them: that is not to have none. */
  inventory(holders: ReadonlyMap<number, string>): Promise<NodeReport[]>;
  /** Starts it unless it was started before; at most one live execution per attempt id, ever. */
  submit(launch: Launch): Promise<void>;
  observe(attemptId: string, folder: string): Promise<Observation>;
  /** `ask` lets the job end by itself (SIGTERM); `kill` ends all of it, what it left behind too, but never the record. */
  stop(attemptId: string, folder: string, how: "ask" | "kill"): Promise<void>;
  /** Makes sure that an attempt that was never started never will be. False: it was started. */
  preclude(attemptId: string, folder: string): Promise<boolean>;
  /** After the end: kills what the main process left behind and frees what the driver holds. Resolves when it is gone. */
  sweep(attemptId: string, folder: string): Promise<void>;
  /** What living attempts use right now; one look at the host for all of them. CPU seconds are since the start. */
  usage(attempts: readonly { attemptId: string; folder: string }[]): Promise<Map<string, { cpuSeconds: number; memoryMib: number }>>;
  /** What was measured of living attempts' accelerators since this was last asked, where their nodes are not the agent's own. */
  acceleratorUse?(attempts: readonly { folder: string; nodes: readonly string[] }[]): Promise<AcceleratorUse[]>;
  /** Append-only files of raw bytes. */
  logs(folder: string): { stdout: string; stderr: string };
  /** How to start something beside a running attempt: on its (first) machine, as its account, within its limits. Absent: nobody gets in. */
  enter?(attemptId: string, folder: string, runAs: Launch["runAs"]): Promise<Entry>;
  /** A connection to a port of the attempt's (first) machine, on its loopback. @throws where nothing answers. */
  dial?(attemptId: string, folder: string, port: number, runAs: Launch["runAs"]): Promise<Duplex>;
  /** What the scheduler has besides nodes, and the jobs that others gave it; null where there is no scheduler. */
  scheduler?(): Promise<SchedulerReport | null>;
  /** What the scheduler gave it, which may be more than was asked for; null where it cannot say. Absent: what was asked for. */
  granted?(attemptId: string, folder: string): Promise<Granted | null>;
  /** Absent where there is no scheduler. */
  readonly accounting?: Accounting;
  readonly outside?: OutsideAccounting;
  /** Calls back when an attempt that this process started may have changed; a hint, `observe` is the truth. */
  onChange(listener: (attemptId: string) => void): void;
}
