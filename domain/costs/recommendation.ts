import type { Anomaly, Cause } from "./anomaly.ts";
import type { CostStand } from "./cost-view.ts";
import { type Decimal, decimal, decimalText, multiply, subtract, sum } from "./decimal.ts";
import type { Allowed } from "../experiments/run-view.ts";
import type { IdleRun } from "./waste.ts";
import { formatMib, plural } from "../shared/format.ts";
import { geometryOf } from "./money.ts";

/** Days whose costs a saving is reckoned from. */
export const LOOKED_BACK_DAYS = 30;
/** Runs of an experiment that must have told their peak before anything is said of its memory. */
export const FEWEST_PEAKS = 5;
/** Memory above the highest peak that is left, as a part of it; and the part of a request below which it counts as too much. */
const HEADROOM = 1.25;
const OVERSIZED = 0.6;
/** Another place must be cheaper by so much. */
const LEAST_CHEAPER = 0.1;

/** What the one click does: ends a run, or opens the form with the newest run of an experiment, changed. */
export type RecommendationAct = { kind: "cancel"; runId: string; runName: string; allowed: Allowed } | { kind: "clone"; runId: string; patch: { memory?: number; cpus?: number; gpus?: number; cluster?: string } };
export interface Recommendation {
  id: string;
  kind: "idle" | "fewer" | "memory" | "cores" | "cluster" | "spot";
  /** One sentence each: what, and how that is known. */
  title: string;
  why: string;
  /** Exact decimal as text: an hour from now on, or what the last thirty days would have cost less. */
  saving: string;
  per: "hour" | "month";
  /** null: nothing that a click could do, as long as there is no place for it. */
  act: RecommendationAct | null;
}
export interface AdviceView extends CostStand {
  /** What the days cost that savings are reckoned from, as the caller sees them. */
  recent: { amount: string; provisional: string };
  /** The last day whose costs are complete; null: none yet. */
  lastDay: string | null;
  anomalies: (Anomaly & { causes: Cause[] })[];
  recommendations: Recommendation[];
}

/** What holds accelerators in vain: stopped where none of them is used, else asked for with fewer; null where some may be used that nobody measures. */
export function lessIdle({ id, name, owner, cluster, nodes, idle, held, asked, use, perHour, cancel }: IdleRun): Recommendation | null {
  if (perHour === null) return null;
  const of = { per: "hour" as const, saving: perHour, why: `${owner} holds ${held} on ${cluster} and uses ${use < 1 ? "less than 1" : Math.round(use)} % of them; ${idle} do nothing.` };
  if (idle === asked) return { ...of, id: `idle ${id}`, kind: "idle", act: { kind: "cancel", runId: id, runName: name, allowed: cancel }, title: `Stop ${name}, or put its accelerators to work` };
  if (held < asked || nodes.length > 1) return null;
  const enough = held - idle;
  return { ...of, id: `fewer ${id}`, kind: "fewer", act: { kind: "clone", runId: id, patch: { gpus: enough } }, title: `Ask for ${plural(enough, "accelerator")} instead of ${held} in runs such as ${name}` };
}

/** What the runs of an experiment asked for and used in memory, on each node. */
export interface MemoryUse {
  experimentId: string;
  experiment: string;
  project: string;
  /** Newest run: what a click starts from. */
  runId: string;
  requestedMib: number;
  /** The highest of the last thirty days, and how many runs told theirs. */
  peakMib: number;
  peaks: number;
  /** What their memory cost. */
  amount: string;
}

/** Whole GiB above what was ever needed, with headroom. */
const enoughMib = (peakMib: number): number => Math.max(1024, Math.ceil((peakMib * HEADROOM) / 1024) * 1024);

/** Less memory, where far more is asked for than was ever used; null where it is about right or costs nothing. */
export function lessMemory({ experimentId, experiment, project, runId, requestedMib, peakMib, peaks, amount }: MemoryUse): Recommendation | null {
  const enough = enoughMib(peakMib);
  if (peaks < FEWEST_PEAKS || enough > OVERSIZED * requestedMib) return null;
  const saving = multiply(decimal(amount), partOf(requestedMib - enough, requestedMib));
  if (saving.units <= 0n) return null;
  return {
    id: `memory ${experimentId}`, kind: "memory", per: "month", saving: decimalText(saving), act: { kind: "clone", runId, patch: { memory: enough } },
    title: `Ask for ${formatMib(enough)} instead of ${formatMib(requestedMib)} in ${project} / ${experiment}`,
    why: `The most that any of its last ${peaks} runs used was ${formatMib(peakMib)}. What nobody asks for can be given to others.`,
  };
}

/** What the runs of an experiment asked for and used in cores, on one node. */
export interface CoreUse extends Omit<MemoryUse, "requestedMib" | "peakMib"> {
  requested: number;
  /** The most of the last thirty days, of samples that are means of some seconds. */
  peak: number;
}

/** Fewer cores, where far more are asked for than were ever used; null where it is about right or costs nothing. */
export function lessCores({ experimentId, experiment, project, runId, requested, peak, peaks, amount }: CoreUse): Recommendation | null {
  const enough = Math.max(1, Math.ceil(peak * HEADROOM));
  if (peaks < FEWEST_PEAKS || enough > OVERSIZED * requested) return null;
  const saving = multiply(decimal(amount), partOf(requested - enough, requested));
  if (saving.units <= 0n) return null;
  return {
    id: `cores ${experimentId}`, kind: "cores", per: "month", saving: decimalText(saving), act: { kind: "clone", runId, patch: { cpus: enough } },
    title: `Ask for ${plural(enough, "core")} instead of ${requested} in ${project} / ${experiment}`,
    why: `The most that any of its last ${peaks} runs used was ${Math.round(peak * 10) / 10}. What nobody asks for can be given to others.`,
  };
}

/** Of attempts on spot capacity that ended of late: how many, how many were taken away, and the part of all their accelerator time that those had. */
export interface SpotLoss {
  attempts: number;
  taken: number;
  millionths: number;
}
/** Accelerators that runs which save checkpoints held on demand, and what they cost as spot. */
export interface SpotChoice {
  experimentId: string;
  experiment: string;
  project: string;
  runId: string;
  use: { hours: string; amount: string; spot: Decimal }[];
  loss: SpotLoss;
  /** A cluster of spot capacity with the same accelerators that fits; null: there is only its price. */
  there: { name: string; slug: string } | null;
}

/** Spot capacity for what saves checkpoints; null where it saves less than a tenth. All that an attempt held that was taken away counts as lost, so that no checkpoint is counted on. */
export function spotInstead({ experimentId, experiment, project, runId, use, loss, there }: SpotChoice): Recommendation | null {
  const amount = sum(use.map((one) => decimal(one.amount)));
  const asSpot = sum(use.map(({ hours, spot }) => multiply(decimal(hours), spot)));
  const lost = multiply(asSpot, { units: BigInt(loss.millionths), scale: 6 });
  const saving = subtract(subtract(amount, asSpot), lost);
  const [now, less] = [amount, saving].map((one) => geometryOf(decimalText(one))) as [number, number];
  if (now <= 0 || less < now * LEAST_CHEAPER) return null;
  const known = loss.attempts === 0 ? "No run has been on spot capacity yet, so nothing is known of what is taken away there." : `Of ${plural(loss.attempts, "attempt")} there ${loss.taken === 0 ? "none was" : `${loss.taken} ${loss.taken === 1 ? "was" : "were"}`} taken away; ${loss.taken === 0 ? "nothing is" : "all that they held is"} counted as lost.`;
  return {
    id: `spot ${experimentId}`, kind: "spot", per: "month", saving: decimalText(saving), act: there && { kind: "clone", runId, patch: { cluster: there.slug } },
    title: `Run ${project} / ${experiment} on spot capacity${there ? `, on ${there.name}` : ""}`,
    why: `Its runs save checkpoints and held the same accelerators on demand. ${known}`,
  };
}

/** Where the runs of an experiment ran of late, and the cheapest other place that they fit. */
export interface PlaceChoice {
  experimentId: string;
  experiment: string;
  project: string;
  runId: string;
  /** What it cost here in thirty days. */
  amount: string;
  here: { name: string; hourly: Decimal };
  there: { name: string; slug: string; hourly: Decimal; isSpot: boolean; sameModels: boolean };
}

/** A cheaper cluster that fits; null where none is cheaper by a tenth. */
export function cheaperPlace({ experimentId, experiment, project, runId, amount, here, there }: PlaceChoice): Recommendation | null {
  const [now, then] = [geometryOf(decimalText(here.hourly)), geometryOf(decimalText(there.hourly))];
  if (now <= 0 || then > now * (1 - LEAST_CHEAPER)) return null;
  const saving = multiply(decimal(amount), fraction(subtract(here.hourly, there.hourly), here.hourly));
  const speed = there.sameModels ? "" : " Its accelerators are others there, so it may take longer or shorter.";
  const spot = there.isSpot ? " It is spot capacity, which may be taken away: let the run be preemptible, with checkpoints." : "";
  return {
    id: `cluster ${experimentId}`, kind: "cluster", per: "month", saving: decimalText(saving), act: { kind: "clone", runId, patch: { cluster: there.slug } },
    title: `Run ${project} / ${experiment} on ${there.name}`,
    why: `An hour there costs ${Math.round((1 - then / now) * 100)} % less than on ${here.name}, for the same request.${speed}${spot}`,
  };
}

const PARTS = 1_000_000;
const partOf = (part: number, whole: number): Decimal => ({ units: BigInt(Math.floor((part * PARTS) / whole)), scale: 6 });
/** To a millionth, cut: a saving is an expectation, never a charge. */
const fraction = (part: Decimal, whole: Decimal): Decimal => {
  const scale = Math.max(part.scale, whole.scale);
  const units = (value: Decimal) => value.units * 10n ** BigInt(scale - value.scale);
  return { units: (units(part) * BigInt(PARTS)) / units(whole), scale: 6 };
};

/** The most saved in a month first; an hour counts for as many as a working day of a forgotten run has. */
export function bySaving(a: Recommendation, b: Recommendation): number {
  const weight = ({ saving, per }: Recommendation) => geometryOf(saving) * (per === "hour" ? 24 : 1);
  return weight(b) - weight(a);
}
