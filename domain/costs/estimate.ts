import { kindsOf, modelMatches } from "../agents/accelerators.ts";
import { add, compare, type Decimal, multiply, ZERO } from "./decimal.ts";
import { type CapacityClass, type HeldKind, HOUR_MS, milliOf } from "./metering.ts";
import { type PriceLine, priceAt } from "./price-book.ts";
import { QUANTITY_SCALE, TICKS_PER_HOUR, ticksAt } from "./rating.ts";

/** A run that says nothing of its time and has no history is held as if it ran for a day. */
export const ASSUMED_SECONDS = 24 * 3600;

/** Thousandths of an accelerator that nobody has cut. */
const WHOLE = milliOf.accelerators(1);

/** What a run holds, all nodes together, in thousandths. */
export interface Holds {
  accelerator: number;
  cpu: number;
  memory: number;
  model: string | null;
}

export function holdsOf(resources: { nodes: number; gpus: number; cpus: number; memory: number; gpuModel: string | null }): Holds {
  const { nodes, gpus, cpus, memory, gpuModel } = resources;
  return { accelerator: milliOf.accelerators(gpus * nodes), cpu: milliOf.cpus(cpus) * nodes, memory: milliOf.memory(memory) * nodes, model: gpuModel };
}

/** A place where it could run. */
export interface PricedPlace {
  clusterId: string;
  capacityClass: CapacityClass;
  /** Models of accelerators there. */
  models: readonly string[];
  /** Of models that are slices or shares, how much of an accelerator one is, in thousandths. */
  parts?: ReadonlyMap<string, number>;
}
/** The accelerators of a place, as prices look at them. */
export function acceleratorsOf(nodes: readonly { accelerators: readonly { model: string; milli?: number; shares?: number | null }[] }[]): Required<Pick<PricedPlace, "models" | "parts">> {
  const parts = new Map<string, number>();
  for (const { model, milli } of nodes.flatMap((node) => node.accelerators.flatMap(kindsOf))) parts.set(model, Math.max(milli, parts.get(model) ?? 0)); // shares of one GPU may differ by a thousandth
  return { models: [...parts.keys()], parts };
}

export interface Span {
  low: Decimal;
  high: Decimal;
}
/** How long it should take, and where that is known from. */
export interface LengthGuess {
  lowSeconds: number;
  highSeconds: number;
  from: "history" | "limit" | "assumed";
}
export interface Estimate {
  hourly: Span;
  total: Span;
  length: LengthGuess;
  /** What a budget keeps for it: the dearest hour for the longest time. */
  hold: Decimal;
}

/** From the history of its experiment where there is one, never longer than its own limit; else that limit; else a day. */
export function guessLength(maxSeconds: number | null, history: { p50: number; p90: number } | null): LengthGuess {
  const cut = (seconds: number) => (maxSeconds === null ? seconds : Math.min(seconds, maxSeconds));
  if (history) return { lowSeconds: cut(history.p50), highSeconds: cut(history.p90), from: "history" };
  if (maxSeconds !== null) return { lowSeconds: 0, highSeconds: maxSeconds, from: "limit" };
  return { lowSeconds: 0, highSeconds: ASSUMED_SECONDS, from: "assumed" };
}

/** What a run should cost, over all places and models that it may get. Null where no place has a price for any of it. */
export function estimate(holds: Holds, places: readonly PricedPlace[], length: LengthGuess, lines: readonly PriceLine[], at: number, version: number): Estimate | null {
  const spans = places.map((place) => hourlyPrice(holds, place, lines, at, version)).filter((span) => span !== null);
  const [first, ...rest] = spans;
  if (!first) return null;
  const hourly = rest.reduce((all, one) => ({ low: least(all.low, one.low), high: most(all.high, one.high) }), first);
  const total = { low: over(hourly.low, length.lowSeconds * 1000), high: over(hourly.high, length.highSeconds * 1000) };
  return { hourly, total, length, hold: total.high };
}

const least = (a: Decimal, b: Decimal): Decimal => (compare(a, b) <= 0 ? a : b);
const most = (a: Decimal, b: Decimal): Decimal => (compare(a, b) >= 0 ? a : b);

/** Price of one hour of these holds in one place, from its cheapest to its dearest model that fits; kinds without a price cost nothing. */
function hourlyPrice(holds: Holds, place: PricedPlace, lines: readonly PriceLine[], at: number, version: number): Span | null {
  let total: Span = { low: ZERO, high: ZERO };
  let isPriced = false;
  for (const kind of ["accelerator", "cpu", "memory"] as const satisfies readonly HeldKind[]) {
    const milli = holds[kind];
    if (milli === 0) continue;
    const models = kind === "accelerator" ? modelsThatFit(holds.model, place.models) : [null];
    const [first, ...rest] = models.flatMap((model) => {
      const price = priceAt(lines, { kind, clusterId: place.clusterId, capacityClass: place.capacityClass, model }, at, version)?.unitPrice;
      return price === undefined ? [] : [multiply({ units: BigInt(milli * (place.parts?.get(model ?? "") ?? WHOLE)), scale: 6 }, price)];
    });
    if (!first) continue;
    isPriced = true;
    total = { low: add(total.low, rest.reduce(least, first)), high: add(total.high, rest.reduce(most, first)) };
  }
  return isPriced ? total : null;
}

/** Of a place, those that a run may get; where none fits, the one that it asks for. */
export const modelsThatFit = (wanted: string | null, models: readonly string[]): (string | null)[] => {
  const fitting = models.filter((model) => modelMatches(model, wanted));
  return fitting.length > 0 ? fitting : [wanted];
};

/** An hourly price over some milliseconds, by the same ticks as rating. */
function over(hourly: Decimal, milliseconds: number): Decimal {
  const whole = BigInt(Math.floor(milliseconds / HOUR_MS)) * TICKS_PER_HOUR;
  return multiply(hourly, { units: whole + ticksAt(milliseconds % HOUR_MS), scale: QUANTITY_SCALE - 3 });
}
