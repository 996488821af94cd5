import { add, type Decimal, multiply, ZERO } from "./decimal.ts";
import { HOUR_MS, HELD_KINDS, type HeldKind, type ResourceKind } from "./metering.ts";
import { type CapacitySpan, type Holding, QUANTITY_SCALE, ticksAt } from "./rating.ts";

/** What the capacity's cost went to: every quantity is in exactly one of these. */
export const COST_PARTS = ["used", "idle", "unmeasured", "wasted", "stranded", "free"] as const;
export type CostPart = (typeof COST_PARTS)[number];

/** Parts of what was held; the others were held by nobody. */
export const HELD_PARTS: ReadonlySet<CostPart> = new Set<CostPart>(["used", "idle", "unmeasured", "wasted"]);

/** A node with less than this free (thousandths of a core, of a GiB) takes no further run: it is what a run gets that asks for nothing. */
export const LEAST_FREE_MILLI = 1000n;
const WHOLE_DEVICE_MILLI = 1000n;
const WHOLE_USE = 1000n;

/** What is known of an attempt. */
export interface AttemptFate {
  /** It failed, or was given up: whatever it held came to nothing. */
  isWasted: boolean;
  /** Thousandths of what it held that were used, in the mean of the day; null where nobody measured. */
  use: number | null;
}

/** A charge of the ledger: so much of an asset, held in one hour by an attempt, or by nobody. `units` are of `QUANTITY_SCALE`. */
export interface Charge {
  node: string;
  kind: ResourceKind;
  model: string;
  /** Unix ms, a whole UTC hour. */
  hour: number;
  capacityClass: string;
  attemptId: string | null;
  /** Empty: nobody held it. */
  projectId: string;
  unitPrice: Decimal;
  units: bigint;
  isProvisional: boolean;
}

/** Of what nobody held of an asset in an hour, the part that could not be placed. */
export interface Strandedness {
  stranded: bigint;
  unheld: bigint;
}

/** An attempt that failed, or was given up. One that somebody cancelled had been of use for as long as they let it. */
export const isWasted = ({ status, outcome }: { status: string; outcome: string | null }): boolean => status === "lost" || outcome === "failed";

/** How much of a charge is in which part. Together they are the charge, to the last unit. */
export function splitCharge({ kind, attemptId, units }: Pick<Charge, "kind" | "attemptId" | "units">, fate: AttemptFate | undefined, stranded: Strandedness | undefined): [CostPart, bigint][] {
  if (attemptId === null) {
    // More was held than there was: that stays visible where it is, and is never cut at zero.
    const part = units > 0n && stranded && stranded.unheld > 0n ? (units * least(stranded.stranded, stranded.unheld)) / stranded.unheld : 0n;
    return [["stranded", part], ["free", units - part]];
  }
  if (!HELD_KINDS.some((held) => held === kind)) return [["used", units]]; // of what is stored and served there is nothing to hold in vain
  if (fate?.isWasted) return [["wasted", units]];
  if (!fate || fate.use === null) return [["unmeasured", units]];
  const used = (units * least(BigInt(Math.max(0, fate.use)), WHOLE_USE)) / WHOLE_USE;
  return [["used", used], ["idle", units - used]];
}
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Sums of one day. */
export interface PartSum {
  projectId: string;
  kind: ResourceKind;
  model: string;
  capacityClass: string;
  part: CostPart;
  units: bigint;
  amount: Decimal;
  provisional: Decimal;
}

/** The charges of a day, split and added up: the sums' amounts are the charges' together, to the last digit. */
export function splitDay(charges: readonly Charge[], fateOf: (charge: Charge) => AttemptFate | undefined, strandedOf: (charge: Charge) => Strandedness | undefined): PartSum[] {
  const sums = new Map<string, PartSum>();
  for (const charge of charges) {
    const { projectId, kind, model, capacityClass, unitPrice, isProvisional } = charge;
    for (const [part, units] of splitCharge(charge, fateOf(charge), strandedOf(charge))) {
      if (units === 0n) continue;
      const key = [projectId, kind, model, capacityClass, part].join("\n");
      const amount = multiply({ units, scale: QUANTITY_SCALE }, unitPrice);
      const known = sums.get(key) ?? { projectId, kind, model, capacityClass, part, units: 0n, amount: ZERO, provisional: ZERO };
      sums.set(key, { ...known, units: known.units + units, amount: add(known.amount, amount), provisional: isProvisional ? add(known.provisional, amount) : known.provisional });
    }
  }
  return [...sums.values()];
}

/** One asset of a node: what there was of it, and who held how much, of which device where it is a whole one. */
export interface NodeAsset {
  kind: HeldKind;
  model: string;
  capacity: readonly CapacitySpan[];
  holdings: readonly (Pick<Holding, "from" | "to" | "milli"> & { device: string | null })[];
}

/**
 * Of each asset of a node in one hour, how much nobody held, and how much of that could not be placed: all that is free of a
 * node on which less than a core or a GiB is left, and what is left of an accelerator that is held in part.
 * @returns In the order of `assets`.
 */
export function strandedIn(hour: number, assets: readonly NodeAsset[]): Strandedness[] {
  const found = assets.map((): Strandedness => ({ stranded: 0n, unheld: 0n }));
  for (const [from, to] of stretchesOf(hour, assets)) {
    const ticks = ticksAt(to - hour) - ticksAt(from - hour);
    const frees = assets.map((asset) => freeOf(asset, from, to));
    const isFull = assets.some(({ kind }, at) => kind !== "accelerator" && frees[at]!.free < LEAST_FREE_MILLI);
    for (const [at, { free, fragments }] of frees.entries()) {
      found[at]!.unheld += free * ticks;
      found[at]!.stranded += (free <= 0n ? 0n : isFull ? free : least(fragments, free)) * ticks;
    }
  }
  return found;
}

function freeOf({ capacity, holdings }: NodeAsset, from: number, to: number): { free: bigint; fragments: bigint } {
  const covers = (span: { from: number; to: number }) => span.from <= from && span.to >= to;
  const devices = new Map<string, bigint>();
  let free = 0n;
  for (const span of capacity) if (covers(span)) free += BigInt(span.milli);
  for (const one of holdings) {
    if (!covers(one)) continue;
    free -= BigInt(one.milli);
    if (one.device !== null) devices.set(one.device, (devices.get(one.device) ?? 0n) + BigInt(one.milli));
  }
  let fragments = 0n;
  for (const held of devices.values()) if (held < WHOLE_DEVICE_MILLI) fragments += WHOLE_DEVICE_MILLI - held;
  return { free, fragments };
}

/** The hour cut wherever anything of the node changes. */
function stretchesOf(hour: number, assets: readonly NodeAsset[]): [number, number][] {
  const end = hour + HOUR_MS;
  const ends = assets.flatMap(({ capacity, holdings }) => [...capacity, ...holdings].flatMap(({ from, to }) => [from, to]));
  const cuts = [...new Set([hour, end, ...ends])].filter((at) => at >= hour && at <= end).toSorted((a, b) => a - b);
  return cuts.slice(1).map((to, at) => [cuts[at]!, to]);
}
