import type { AttemptReport, ForeignJob, SchedulerReport } from "../../agent/protocol/messages.ts";
import type { FieldIssue } from "../shared/errors.ts";
import { formatCount } from "../shared/format.ts";
import { timesOf, tooLong } from "./open-nodes.ts";
import type { LiveHold } from "./placement.ts";

export type { ForeignJob };
/** A scheduler's word on an attempt's own job. */
export type SchedulerWord = NonNullable<AttemptReport["scheduler"]>;
/** Partitions, reservations, QOS and accounts: what changes seldom. */
export type Surroundings = Omit<SchedulerReport, "jobs" | "jobCount">;

/** A cluster's scheduler, as its agent last told. */
export interface SchedulerView extends Surroundings {
  seenAt: Date;
  /** Jobs from outside Drover, the running ones first; at most 5,000. */
  jobs: ForeignJob[];
  jobCount: number;
}

/**
 * The running jobs that others gave to the scheduler, as holds on their nodes: placement must not promise what they have.
 * Amounts are per node, of shares of GPUs those; a job that is spread unevenly counts as spread evenly, rounded up.
 */
export function foreignHolds(jobs: readonly ForeignJob[]): LiveHold[] {
  return jobs.flatMap((job) => {
    if (job.state !== "running" || job.nodes.length === 0) return [];
    const nodes = job.nodes.length;
    const endsBy = job.startedAt !== null && job.limitSeconds !== null ? job.startedAt + job.limitSeconds * 1000 : null;
    return [{ runId: `job:${job.id}`, runName: `Job ${job.id} from outside Drover`, nodeNames: job.nodes, cpus: job.cpus / nodes, memoryMib: Math.ceil(job.memoryMib / nodes), gpus: Math.ceil((job.shares ?? job.gpus) / nodes), ...(job.shares ? { gpuModel: "shared" } : {}), accelerators: [], endsBy }];
  });
}

/** What Slurm's own reason words mean, for the few that people meet. */
const REASONS: Record<string, string> = {
  Resources: "there is not enough free for it yet",
  Priority: "jobs of higher priority are ahead of it",
  None: "the scheduler has not looked at it yet",
  Dependency: "it waits for another job",
  ReqNodeNotAvail: "a node that it asks for is not available",
  Reservation: "it waits for its reservation",
  BeginTime: "its begin time has not come",
  JobHeldUser: "its owner holds it in Slurm",
  JobHeldAdmin: "an administrator holds it in Slurm",
  QOSMaxJobsPerUserLimit: "its owner runs as many jobs as the QOS allows",
  QOSGrpGRES: "the QOS has all its accelerators in use",
  AssocGrpGRES: "its account has all its accelerators in use",
  AssocGrpCpuLimit: "its account has all its cores in use",
  AssocMaxJobsLimit: "its account runs as many jobs as it may",
};

/** What Slurm says after such a word, where jobs are kept from nodes that somebody needs. */
const MAINTENANCE = "its nodes are reserved for maintenance before it would be over: a shorter maxDuration starts earlier";

/** Why a job waits at its scheduler, in a sentence without a full stop. */
export function waitWords(word: SchedulerWord): string {
  const meaning = word.state === "CONFIGURING" ? "its nodes are being started or prepared" : word.reason === null ? undefined : /reserved for maintenance/i.test(word.reason) ? MAINTENANCE : REASONS[word.reason.split(",")[0]!];
  return `Slurm has it as job ${word.job} (${word.state}${word.reason ? `: ${word.reason}` : ""})${meaning ? `, ${meaning}` : ""}`;
}

/** `5,000 of 12,345`: how much of the list is here. */
export const jobsShown = ({ jobs, jobCount }: Pick<SchedulerView, "jobs" | "jobCount">): string => (jobs.length < jobCount ? `${formatCount(jobs.length)} of ${formatCount(jobCount)}` : formatCount(jobCount));

/** What a run asks of a scheduler by name. */
export interface AskedNames {
  partition?: string | undefined;
  account?: string | undefined;
  qos?: string | undefined;
  reservation?: string | undefined;
}

/** Names that the scheduler does not have, and a time that its partition or its QOS does not give, each with the cure. Lists that it does not keep are not held against a run. */
export function unknownNames(asked: AskedNames, maxSeconds: number | null, { partitions, qos, accounts, reservations }: Surroundings): FieldIssue[] {
  const issues: FieldIssue[] = [];
  const check = (key: keyof AskedNames, known: readonly { name: string }[]) => {
    const name = asked[key];
    if (name === undefined || (known.length === 0 && key !== "reservation") || known.some((one) => one.name === name)) return; // reservations it always keeps
    issues.push({ field: `overrides.slurm.${key}`, message: `Slurm has no ${key === "qos" ? "QOS" : key} ${name}. It has${known.length === 0 ? " none" : `: ${known.slice(0, 20).map((one) => one.name).join(", ")}${known.length > 20 ? ", …" : ""}`}.` });
  };
  check("partition", partitions);
  check("account", accounts);
  check("qos", qos);
  check("reservation", reservations);
  const defaultPartition = partitions.find(({ isDefault }) => isDefault)?.name ?? null;
  const time = tooLong({ maxDuration: maxSeconds }, timesOf({ overrides: { slurm: { ...asked } } }, { partitions, qos, defaultPartition }));
  if (time) issues.push(time);
  return issues;
}
