import type { Anomaly, Cause } from "./anomaly.ts";
import { type Decimal, decimal, decimalText, multiply, subtract } from "./decimal.ts";
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
export type RecommendationAct = { kind: "cancel"; runId: string; runName: string; allowed: Allowed } | { kind: "clone"; runId: string; patch: { memory?: number; gpus?: number; cluster?: string } };
export interface Recommendation {
  id: string;
  kind: "idle" | "fewer" | "memory" | "cluster";
  /** One sentence each: what, and how that is known. */
  title: string;
  why: string;
  /** Exact decimal as text: an hour from now on, or what the last thirty days would have cost less. */
  saving: string;
  per: "hour" | "month";
  act: RecommendationAct;
}
export interface AdviceView {
  currency: string;
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
