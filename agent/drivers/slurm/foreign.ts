import type { ForeignJob } from "../../protocol/messages.ts";
import { JOB_NAME_PREFIX } from "./names.ts";
import type { QueuedJob } from "./queue.ts";
import { phaseOf } from "./states.ts";

const MOST = 5_000;

/** `n[01-03,07],gpu1` → names. Two-dimensional lists are left as they are. */
export function expandHosts(text: string): string[] {
  const parts = text.match(/[^,[\]]+(?:\[[^\]]*\][^,[\]]*)*/g) ?? [];
  return parts.flatMap((part) => {
    const match = /^([^[]*)\[([^\]]*)\]([^[]*)$/.exec(part);
    if (!match) return [part];
    const [, before = "", ranges = "", after = ""] = match;
    return ranges.split(",").flatMap((range) => {
      const [from = "", to = from] = range.split("-");
      const count = Math.min(10_000, Number(to) - Number(from) + 1);
      return Array.from({ length: Math.max(0, count) }, (_, at) => `${before}${String(Number(from) + at).padStart(from.length, "0")}${after}`);
    });
  });
}

/** Whether it has its nodes: also while those are started for it. */
const holds = (job: QueuedJob): boolean => phaseOf(job.state) === "running" || job.state === "CONFIGURING";

/** The living jobs that others gave to Slurm, first those that have their nodes. */
export function foreignJobs(jobs: readonly QueuedJob[]): { jobs: ForeignJob[]; jobCount: number } {
  const theirs = jobs.filter((job) => phaseOf(job.state) !== "over" && !job.name.startsWith(JOB_NAME_PREFIX));
  const order = theirs.toSorted((a, b) => Number(holds(b)) - Number(holds(a)) || Number.parseInt(a.id, 10) - Number.parseInt(b.id, 10));
  return { jobs: order.slice(0, MOST).map(asForeign), jobCount: theirs.length };
}

function asForeign(job: QueuedJob): ForeignJob {
  const runs = holds(job);
  return {
    id: job.id,
    name: job.name.slice(0, 200),
    user: job.user.slice(0, 128),
    account: job.account.slice(0, 128),
    partition: job.partition.slice(0, 128),
    qos: job.qos.slice(0, 128),
    state: runs ? "running" : "waiting",
    reason: runs ? null : (job.reason?.slice(0, 200) ?? null),
    nodes: runs ? expandHosts(job.nodes).slice(0, 10_000) : [],
    nodeCount: job.nodeCount,
    cpus: job.cpus,
    memoryMib: job.memoryMib,
    gpus: job.gpus,
    ...(job.shares > 0 ? { shares: job.shares } : {}),
    submittedAt: job.submittedAt,
    startedAt: job.startedAt,
    limitSeconds: job.limitSeconds || null,
  };
}
