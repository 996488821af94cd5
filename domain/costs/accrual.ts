import { add, type Decimal, decimalText, ZERO } from "./decimal.ts";
import type { CapacityClass, HeldKind, UsageEvidence } from "./metering.ts";
import { type PriceLine, priceSpans } from "./price-book.ts";
import { costOfHolding } from "./rating.ts";

export interface PriceBook {
  lines: readonly PriceLine[];
  version: number;
}

/** What a run held of one asset, from when to when, Unix ms. */
export interface HeldSpan {
  clusterId: string;
  kind: HeldKind;
  model: string;
  capacityClass: CapacityClass;
  milli: number;
  from: number;
  to: number;
  evidence: UsageEvidence;
}

/** What these spans cost between two moments; the whole of them without any. Exact, and the same figures that the ledger has. */
export function costOf(held: readonly HeldSpan[], { lines, version }: PriceBook, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY): Decimal {
  return held.reduce((total, { milli, ...one }) => {
    const [from, to] = [Math.max(one.from, since), Math.min(one.to, until)];
    if (to <= from) return total;
    const asset = { kind: one.kind, clusterId: one.clusterId, model: one.kind === "accelerator" ? one.model : null, capacityClass: one.capacityClass };
    return add(total, costOfHolding({ from, to, milli }, priceSpans(lines, asset, from, to, version)));
  }, ZERO);
}

/** What these spans cost, and the part of it that may still change, as text. */
export function figuresOf(held: readonly HeldSpan[], prices: PriceBook): { amount: string; provisional: string } {
  const provisional = held.filter(({ evidence }) => evidence === "provisional");
  return { amount: decimalText(costOf(held, prices)), provisional: decimalText(costOf(provisional, prices)) };
}

/** What they had cost by each of these moments, in order: each stretch between two of them is rated once. */
export function accrued(held: readonly HeldSpan[], prices: PriceBook, moments: readonly number[]): { at: number; amount: Decimal }[] {
  let amount = ZERO;
  return moments.map((at, place) => {
    amount = add(amount, costOf(held, prices, moments[place - 1], at));
    return { at, amount };
  });
}

/** Moments at which a curve of what has been spent bends, or nearly: every begin and end, and steps between them. At most about `steps` + two for each span. */
export function momentsOf(held: readonly Pick<HeldSpan, "from" | "to">[], steps: number): number[] {
  const ends = held.flatMap(({ from, to }) => [from, to]);
  if (ends.length === 0) return [];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const between = Array.from({ length: steps + 1 }, (_, at) => Math.round(first + ((last - first) * at) / steps));
  return [...new Set([...ends, ...between])].toSorted((a, b) => a - b);
}
