import { formatNumber, plural } from "../shared/format.ts";
import { type Pace, paceOf, type StepTimes } from "./stragglers.ts";

/** Steps of one rank, in any order. */
export interface RankSteps extends StepTimes {
  rank: number;
}

export interface SlowRank {
  rank: number;
  node: string;
  /** What its steps take, as a multiple of the median of the others. */
  ratio: number;
}

export interface SlowRanks {
  /** The slowest first. */
  ranks: SlowRank[];
  /** All of them, the slow ones too. */
  of: number;
  says: string;
  advice: string;
}

/** Ranks of one attempt that steadily keep the others waiting; null where none does, or too little is known. */
export function slowRanksOf(series: readonly RankSteps[]): SlowRanks | null {
  const nodeOf = new Map(series.map(({ rank, node }) => [rank, node]));
  const paces = paceOf(series.map((one) => ({ ...one, node: String(one.rank) })));
  const ranks = [...paces].flatMap(([rank, pace]) => (pace.isBehind ? [slowRank(Number(rank), pace, nodeOf)] : [])).toSorted((a, b) => b.ratio - a.ratio || a.rank - b.rank);
  if (ranks.length === 0) return null;
  return { ranks, of: paces.size, says: sayingOf(ranks, paces.size), advice: adviceOf(ranks, nodeOf) };
}

const slowRank = (rank: number, { ratio }: Pace, nodeOf: ReadonlyMap<number, string>): SlowRank => ({ rank, node: nodeOf.get(rank)!, ratio });

function sayingOf(ranks: readonly SlowRank[], of: number): string {
  const [worst] = ranks as [SlowRank];
  const more = ranks.length > 1 ? ` ${plural(ranks.length - 1, "other")} of ${of} ${ranks.length === 2 ? "is" : "are"} behind as well.` : "";
  return `Rank ${worst.rank} on ${worst.node} takes ${times(worst.ratio)} the median step of the others.${more}`;
}

const times = (ratio: number): string => `${formatNumber(ratio, 2)} times`;

/** Where to look first: where its neighbours on the node are slow as well it is the node, else the rank's own part or card. */
function adviceOf(ranks: readonly SlowRank[], nodeOf: ReadonlyMap<number, string>): string {
  const waits = "Every rank waits for the slowest at each step.";
  const [worst] = ranks as [SlowRank];
  const beside = [...nodeOf].flatMap(([rank, node]) => (node === worst.node ? [rank] : []));
  const isNodes = beside.every((rank) => ranks.some((slow) => slow.rank === rank)) && new Set(nodeOf.values()).size > 1;
  if (isNodes) return `${waits} ${beside.length === 1 ? "It is alone on its node" : `${beside.length === 2 ? "Both" : `All ${beside.length}`} ranks on ${worst.node} are slow`}: look at that node's clocks, temperature, disk and link, or leave it out.`;
  if (ranks.length === 1 && worst.rank === 0) return `${waits} Rank 0 often has more to do: it logs, evaluates and saves.`;
  return `${waits} Others on ${worst.node} keep pace: look at its part of the data, and at the accelerator it has.`;
}
