import { formatNumber, plural } from "../shared/format.ts";
import { median } from "../shared/median.ts";

/** What the ranks of a node log so is what a step took them before they wait for the others, in seconds. */
const STEP_KEY = /^node\/(.+)\/step_seconds$/;
/** The same for SQL's `like`. */
export const STEP_KEYS = "node/%/step\\_seconds";
export const nodeOfStepKey = (key: string): string | null => STEP_KEY.exec(key)?.[1] ?? null;

/** A node is behind in a step that takes it so many times as long as the median of its siblings. */
const BEHIND = 1.2;
/** Steadily so: in this share of the steps, of which there must be some. */
const STEADY = 0.8;
const FEWEST_STEPS = 20;
/** One slow run is the run's own matter, and so is the code of one person that gives some rank more to do. */
const FEWEST_RUNS = 3;
export const FEWEST_OWNERS = 2;
/** Of a node's runs over several nodes, this share must be slow by it. */
const MOST_OF_THEM = 2 / 3;

/** Steps of one node in one run over several, in any order; a step that several ranks logged comes several times. */
export interface StepTimes {
  node: string;
  steps: readonly (number | bigint)[];
  seconds: readonly number[];
}

export interface Pace {
  /** What its steps took, as a multiple of its siblings' median: the median over all steps. */
  ratio: number;
  isBehind: boolean;
}

/** How each node kept pace with its siblings, step by step. Nodes with too few steps in common with all others are left out. */
export function paceOf(series: readonly StepTimes[]): Map<string, Pace> {
  const nodes = [...Map.groupBy(series, ({ node }) => node)].map(([node, own]) => ({ node, steps: secondsByStep(own) }));
  const paces = new Map<string, Pace>();
  for (const { node, steps } of nodes) {
    const siblings = nodes.filter((one) => one.node !== node);
    const ratios = [...steps].flatMap(([step, seconds]) => {
      const others = siblings.map((one) => one.steps.get(step)).filter((one) => one !== undefined);
      return others.length === siblings.length && others.length > 0 ? [seconds / median(others)] : [];
    });
    if (ratios.length < FEWEST_STEPS) continue;
    paces.set(node, { ratio: median(ratios), isBehind: ratios.filter((ratio) => ratio > BEHIND).length >= STEADY * ratios.length });
  }
  return paces;
}

/** Of several ranks on one node the median: what one of them does besides is not the node's doing. */
function secondsByStep(series: readonly StepTimes[]): Map<number, number> {
  const found = new Map<number, number[]>();
  for (const { steps, seconds } of series) {
    for (const [at, value] of seconds.entries()) {
      if (!(value > 0 && Number.isFinite(value))) continue;
      const step = Number(steps[at]);
      found.set(step, [...(found.get(step) ?? []), value]);
    }
  }
  return new Map([...found].map(([step, values]) => [step, median(values)]));
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
