import { formatNumber, plural } from "../shared/format.ts";
import { median } from "../shared/median.ts";

/** What the ranks of a node log so is what a step took them before they wait for the others, in seconds. */
export const stepKeyOf = (node: string): string => `node/${node}/step_seconds`;

/** A node is behind in a step that takes it so many times as long as the median of its siblings. */
const BEHIND = 1.2;
/** Steadily so: in this share of the steps, of which there must be some. */
const STEADY = 0.8;
const FEWEST_STEPS = 20;
/** The latest that all nodes have: older ones would not change a verdict. */
const MOST_STEPS = 500;
/** Looked at of one series: several ranks may log the same step. */
const MOST_POINTS = 4 * MOST_STEPS;
/** One slow run is the run's own matter, and so is the code of one person that gives some rank more to do. */
const FEWEST_RUNS = 3;
export const FEWEST_OWNERS = 2;
/** Of a node's runs over several nodes, this share must be slow by it. */
const MOST_OF_THEM = 2 / 3;

/** Steps of one node in one run over several, in any order; a step that several ranks logged comes several times. */
export interface StepTimes {
  node: string;
  steps: ArrayLike<number | bigint>;
  seconds: ArrayLike<number>;
}

export interface Pace {
  /** What its steps took, as a multiple of its siblings' median: the median over all steps. */
  ratio: number;
  isBehind: boolean;
}

/**
 * How each node kept pace with its siblings, step by step, in the latest steps that all of them have. None where those are too few.
 * What it costs grows with the nodes alone: whoever logs a million steps holds up nobody else's page.
 */
export function paceOf(series: readonly StepTimes[]): Map<string, Pace> {
  const byNode = Map.groupBy(series, ({ node }) => node);
  const until = Math.min(...[...byNode.values()].map(lastStep));
  const nodes = [...byNode].map(([node, own]) => ({ node, seconds: secondsByStep(own, until), ratios: [] as number[] }));
  const common = [...(nodes[0]?.seconds.keys() ?? [])].filter((step) => nodes.every(({ seconds }) => seconds.has(step))).toSorted((a, b) => b - a).slice(0, MOST_STEPS);
  if (nodes.length < 2 || common.length < FEWEST_STEPS) return new Map();
  for (const step of common) {
    const ordered = nodes.map((node) => ({ node, seconds: median(node.seconds.get(step)!) })).toSorted((a, b) => a.seconds - b.seconds);
    const sorted = ordered.map(({ seconds }) => seconds);
    for (const [at, { node, seconds }] of ordered.entries()) node.ratios.push(seconds / medianWithout(sorted, at));
  }
  return new Map(nodes.map(({ node, ratios }) => [node, { ratio: median(ratios), isBehind: ratios.filter((ratio) => ratio > BEHIND).length >= STEADY * ratios.length }]));
}

function lastStep(series: readonly StepTimes[]): number {
  let last = Number.NEGATIVE_INFINITY;
  for (const { steps } of series) for (let at = 0; at < steps.length; at += 1) last = Math.max(last, Number(steps[at]));
  return last;
}

/** What each step took, up to the last that every node has. Of several ranks on one node the median counts: what one of them does besides is not the node's doing. */
function secondsByStep(series: readonly StepTimes[], until: number): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const { steps, seconds } of series) {
    for (let at = steps.length - 1, left = MOST_POINTS; at >= 0 && left > 0; at -= 1) {
      const [step, value] = [Number(steps[at]), seconds[at]!];
      if (step > until || !(value > 0 && Number.isFinite(value))) continue;
      left -= 1;
      const known = found.get(step);
      if (known) known.push(value);
      else found.set(step, [value]);
    }
  }
  return found;
}

/** The median of the others, of values in order. */
function medianWithout(sorted: readonly number[], without: number): number {
  const other = (at: number) => sorted[at < without ? at : at + 1]!;
  const count = sorted.length - 1;
  return (other(Math.ceil(count / 2) - 1) + other(Math.floor(count / 2))) / 2;
}

/** An attempt over several nodes whose ranks logged their steps. */
export interface PacedRun {
  runId: string;
  ownerId: string;
  /** Unix ms. */
  at: number;
  /** In the order of their ranks. */
  nodes: readonly string[];
  paces: ReadonlyMap<string, Pace>;
}

export interface Straggling {
  says: string;
  /** The slow runs, the newest first. */
  runs: { id: string; how: string; at: number }[];
}

/**
 * A node that again and again kept the others of its runs waiting. The first node of a run often has more to do (it logs,
 * evaluates, saves): being slow only there says nothing.
 */
export function stragglingOf(node: string, runs: readonly PacedRun[], windowHours: number): Straggling | null {
  const own = [...Map.groupBy(runs.filter(({ paces }) => paces.has(node)), ({ runId }) => runId).values()].map((tries) => tries.toSorted((a, b) => b.at - a.at)[0]!);
  const slow = own.filter(({ paces }) => paces.get(node)!.isBehind).toSorted((a, b) => b.at - a.at);
  if (slow.length < FEWEST_RUNS || slow.length < MOST_OF_THEM * own.length) return null;
  if (new Set(slow.map(({ ownerId }) => ownerId)).size < FEWEST_OWNERS || slow.every(({ nodes }) => nodes[0] === node)) return null;
  const ratio = ({ paces }: PacedRun) => paces.get(node)!.ratio;
  return {
    says: `${node} kept the others waiting in ${slow.length} of ${plural(own.length, "run")} over several nodes in ${windowHours} hours: its steps took ${times(median(slow.map(ratio)))} as long as theirs.`,
    runs: slow.map((run) => ({ id: run.runId, how: `Steps took ${times(ratio(run))} as long as on ${plural(run.paces.size - 1, "other node")}.`, at: run.at })),
  };
}

const times = (ratio: number): string => `${formatNumber(ratio, 2)} times`;
