import { FAILURE_SAYS, type FailureClass } from "../experiments/failure.ts";
import { plural } from "../shared/format.ts";
import { xidMeaning, xidOf } from "./health.ts";
import { FEWEST_OWNERS, type PacedRun, stragglingOf } from "./stragglers.ts";

/** Failures are looked at over so long. */
export const WINDOW_HOURS = 24;
/** Ends that may be the node's doing. A program that asked for too much memory or time failed by itself. */
export const TELLING_CLASSES = ["hardware", "platform", "user_code"] as const satisfies FailureClass[];
/** How seldom chance alone may accuse a node, over all nodes of a cluster together. */
const CHANCE = 0.01;
/** A bug in one person's code fails anywhere: so many runs, of so many people, must have failed. */
const FEWEST_RUNS = 3;
const FEWEST_CODE_RUNS = 5;
/** Whether code fails here only, the other nodes must have shown. */
const FEWEST_ELSEWHERE = 10;
const SHOWN_RUNS = 5;

export interface NodeHealth {
  id: string;
  name: string;
  isDrained: boolean;
  accelerators: { index: number; model: string; health: "ok" | "degraded" | "failed"; healthReason: string | null }[];
}

/** How an attempt on one node ended. `failed`: null where it succeeded. */
export interface NodeOutcome {
  node: string;
  runId: string;
  ownerId: string;
  failed: FailureClass | null;
  /** Unix ms. */
  at: number;
}

export interface NodeFinding {
  /** Another as soon as something new is seen: what somebody sets aside is this, not the node. */
  key: string;
  nodeId: string;
  node: string;
  tone: "bad" | "warn";
  /** What is wrong, in one sentence. */
  says: string;
  advice: string;
  /** The newest runs that it rests on, and what they are: failures, or slow ones. */
  runs: { id: string; how: string; at: number }[];
  runsAre: "the newest failures" | "the slow runs";
}

/** Nodes that should take no new work, each with its evidence: the worst first. Drained ones are taken care of. */
export function nodeFindings(nodes: readonly NodeHealth[], outcomes: readonly NodeOutcome[], paced: readonly PacedRun[] = []): NodeFinding[] {
  const byNode = Map.groupBy(outcomes, ({ node }) => node);
  const tallies = new Map([...byNode].map(([name, of]) => [name, tallyOf(of)]));
  const found = nodes.filter(({ isDrained }) => !isDrained).flatMap((node) => [ofAccelerators(node), ofFailures(node, tallies, nodes.length), ofPace(node, paced)].filter((one) => one !== null));
  return found.toSorted((a, b) => Number(b.tone === "bad") - Number(a.tone === "bad") || (a.node < b.node ? -1 : 1));
}

function ofAccelerators(node: NodeHealth): NodeFinding | null {
  const sick = node.accelerators.filter(({ health }) => health !== "ok");
  if (sick.length === 0) return null;
  const failed = sick.filter(({ health }) => health === "failed");
  const worst = failed[0] ?? sick[0]!;
  const reason = worst.healthReason ?? (worst.health === "failed" ? "It failed." : "It is degraded.");
  const code = xidOf(reason);
  const count = failed.length > 0 ? failed.length : sick.length;
  const more = count > 1 ? ` So ${count === 2 ? "does" : "do"} ${plural(count - 1, "other")}.` : "";
  return {
    key: `accelerators ${sick.map(({ index, health, healthReason }) => `${index} ${health} ${healthReason ?? ""}`).join("; ")}`,
    nodeId: node.id, node: node.name, tone: failed.length > 0 ? "bad" : "warn",
    says: `Accelerator ${worst.index} of ${node.name} ${worst.health === "failed" ? "does not work" : "reports errors"}: ${reason}${more}`,
    advice: (code === null ? null : xidMeaning(code)?.advice) ?? "Drain the node; once nothing uses the GPU, reset it or restart the node.",
    runs: [], runsAre: "the newest failures",
  };
}

interface Tally {
  /** Runs that ended here, each counted once: one that succeeded in the end did. */
  runs: number;
  hardware: NodeOutcome[];
  any: NodeOutcome[];
}

function tallyOf(outcomes: readonly NodeOutcome[]): Tally {
  const runs = Map.groupBy(outcomes, ({ runId }) => runId);
  const failed = [...runs.values()].filter((of) => of.every(({ failed: as }) => as !== null)).map((of) => of.toSorted((a, b) => b.at - a.at)[0]!);
  return { runs: runs.size, any: failed, hardware: failed.filter(({ failed: as }) => as !== "user_code") };
}

/** More failures than the other nodes' share of them makes likely. */
function ofFailures(node: NodeHealth, tallies: ReadonlyMap<string, Tally>, nodeCount: number): NodeFinding | null {
  const own = tallies.get(node.name);
  if (!own) return null;
  const others = [...tallies].filter(([name]) => name !== node.name).map(([, tally]) => tally);
  const sum = (of: (tally: Tally) => number) => others.reduce((total, tally) => total + of(tally), 0);
  const elsewhere = sum(({ runs }) => runs);
  const isUnlikely = (failed: number, there: number) => chanceOfAtLeast(failed, own.runs, (there + 1) / (elsewhere + 2)) < CHANCE / nodeCount;
  const hardware = own.hardware.length >= FEWEST_RUNS && isUnlikely(own.hardware.length, sum((tally) => tally.hardware.length));
  const owners = new Set(own.any.map(({ ownerId }) => ownerId)).size;
  const any = elsewhere >= FEWEST_ELSEWHERE && own.any.length >= FEWEST_CODE_RUNS && owners >= FEWEST_OWNERS && isUnlikely(own.any.length, sum((tally) => tally.any.length));
  if (!hardware && !any) return null;
  const failures = (hardware ? own.hardware : own.any).toSorted((a, b) => b.at - a.at);
  const there = sum((tally) => (hardware ? tally.hardware : tally.any).length);
  return {
    key: `failures ${failures[0]!.runId} ${failures[0]!.at}`,
    nodeId: node.id, node: node.name, tone: hardware ? "bad" : "warn",
    says: `${failures.length} of ${plural(own.runs, "run")} failed on ${node.name} in ${WINDOW_HOURS} hours${elsewhere > 0 ? `; on the other nodes ${there} of ${elsewhere}` : ""}.`,
    advice: hardware ? "Drain the node, then look at its kernel log, disk and network." : "They are of several people and fail here only: drain the node, then look at its disk, drivers and mounts.",
    runs: failures.slice(0, SHOWN_RUNS).map(({ runId: id, failed, at }) => ({ id, how: FAILURE_SAYS[failed!], at })), runsAre: "the newest failures",
  };
}

function ofPace(node: NodeHealth, paced: readonly PacedRun[]): NodeFinding | null {
  const found = stragglingOf(node.name, paced, WINDOW_HOURS);
  return found && {
    key: `pace ${found.runs.map(({ id }) => id).toSorted().at(-1)}`, // ids sort by age; of runs that still go on, none ended last
    nodeId: node.id, node: node.name, tone: "warn", says: found.says,
    advice: "Every node of such a run waits for the slowest. Drain it, then look at the clocks, temperature and power limits of its GPUs, at its disk and at its link to the others.",
    runs: found.runs.slice(0, SHOWN_RUNS), runsAre: "the slow runs",
  };
}

/** P(X ≥ k) of X ~ Binomial(n, p). */
export function chanceOfAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  let log = k * Math.log(p) + (n - k) * Math.log1p(-p);
  for (let at = 1; at <= k; at += 1) log += Math.log((n - k + at) / at);
  let term = Math.exp(log);
  let total = 0;
  for (let at = k; at <= n; at += 1) {
    total += term;
    term *= ((n - at) / (at + 1)) * (p / (1 - p));
  }
  return Math.min(1, total);
}
