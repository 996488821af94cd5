import type { ClusterRow } from "../clusters/cluster-view.ts";
import type { FailureClass } from "../experiments/failure.ts";
import type { Overview } from "../experiments/run-view.ts";
import { formatCount, plural } from "../shared/format.ts";

export type VerdictTone = "good" | "warn" | "bad";

/** One thing that is wrong, and what the page links it to. */
export interface Problem {
  tone: "warn" | "bad";
  text: string;
  target: { kind: "run"; id: string } | { kind: "runs"; status: "failed" | "unreachable" | "queued" } | { kind: "cluster"; id: string };
}

export interface Verdict {
  tone: VerdictTone;
  /** One sentence that answers "is anything wrong?". */
  title: string;
  problems: Problem[];
}

type RunsPart = Pick<Overview, "running" | "waiting" | "failedToday" | "failedCount" | "counts">;

/**
 * Is anything wrong in what one may see? Worst first.
 * @param runs null when one may not see runs.
 * @param clusters null when one may not see clusters.
 */
export function judge(runs: RunsPart | null, clusters: readonly ClusterRow[] | null): Verdict {
  const problems = [...(clusters ?? []).flatMap(clusterProblems), ...(runs ? runProblems(runs) : [])].sort((a, b) => Number(a.tone === "warn") - Number(b.tone === "warn"));
  const tone: VerdictTone = problems.some((one) => one.tone === "bad") ? "bad" : problems.length > 0 ? "warn" : "good";
  return { tone, title: tone === "good" ? "Nothing is wrong." : `${plural(problems.length, "thing needs", "things need")} a look.`, problems };
}

function clusterProblems(cluster: ClusterRow): Problem[] {
  const target = { kind: "cluster" as const, id: cluster.id };
  const problems: Problem[] = [];
  if (cluster.reachability.state === "unreachable") problems.push({ tone: "bad", target, text: `${cluster.name} is out of reach${cluster.liveAttempts > 0 ? `; ${plural(cluster.liveAttempts, "run")} there may go on unseen` : ""}.` });
  if (cluster.reachability.state === "cloned") problems.push({ tone: "bad", target, text: `${cluster.name}: two agents used one identity, so it is locked.` });
  if (cluster.reachability.state === "revoked" && cluster.liveAttempts > 0) problems.push({ tone: "bad", target, text: `${cluster.name} was revoked while ${plural(cluster.liveAttempts, "run")} went on there.` });
  if (cluster.accelerators.failed > 0 && cluster.reachability.state !== "revoked") problems.push({ tone: "bad", target, text: `${cluster.name}: ${plural(cluster.accelerators.failed, "accelerator")} failed.` });
  const down = cluster.nodes.total - cluster.nodes.up - cluster.nodes.drained;
  if (cluster.reachability.state === "reachable" && down > 0) problems.push({ tone: "warn", target, text: `${cluster.name}: ${plural(down, "node")} down.` });
  return problems;
}

const OF_THE_MACHINES: ReadonlySet<FailureClass> = new Set<FailureClass>(["hardware", "capacity", "platform", "preempted"]);

function runProblems({ running, waiting, failedToday, failedCount, counts }: RunsPart): Problem[] {
  const problems: Problem[] = [];
  if (counts.unreachable > 0) problems.push(one(running.filter((run) => run.status === "unreachable"), counts.unreachable, "warn", "unreachable", "is out of reach", "are out of reach"));
  // What a run did wrong is its owner's to mend; what the machines did wrong is everybody's.
  const machine = failedToday.filter((run) => run.failureClass !== null && OF_THE_MACHINES.has(run.failureClass));
  const own = failedToday.filter((run) => !machine.includes(run));
  if (machine.length > 0) problems.push(one(machine, machine.length, "bad", "failed", "failed in the last 24 h through no fault of its own", "failed in the last 24 h through no fault of their own"));
  const ownCount = own.length + Math.max(0, failedCount - failedToday.length); // the rest of the day is not listed
  if (own.length > 0) problems.push(one(own, ownCount, "warn", "failed", "ended with an error in the last 24 h", "ended with an error in the last 24 h"));
  const stuck = waiting.filter((run) => run.pending?.kind === "never");
  if (stuck.length > 0) problems.push(one(stuck, stuck.length, "bad", "queued", "cannot start on any connected cluster", "cannot start on any connected cluster"));
  return problems;
}

function one(runs: readonly { id: string; name: string }[], count: number, tone: Problem["tone"], status: "failed" | "unreachable" | "queued", is: string, are: string): Problem {
  const single = count === 1 ? runs[0] : undefined;
  return single ? { tone, target: { kind: "run", id: single.id }, text: `${single.name} ${is}.` } : { tone, target: { kind: "runs", status }, text: `${formatCount(count)} runs ${are}.` };
}
