import { add, type Decimal, multiply, ZERO } from "./decimal.ts";
import { type CapacityClass, HOUR_MS, startOfHour, type UsageEvidence } from "./metering.ts";
import type { PriceSpan } from "./price-book.ts";

/** Digits after the point of a quantity: seven for the hour's ticks, three for the thousandths of the amount. */
export const QUANTITY_SCALE = 10;
export const TICKS_PER_HOUR = 10_000_000n;

/**
 * Ticks (10⁻⁷ h) of an hour that have begun by a moment in it. Money is never rounded: quantities are cut, by this one
 * growing function. The quantity of a stretch is the difference of its two ends, so whatever stretches an hour is cut
 * into, together they are exactly one hour, and moving one end changes only the two stretches that touch there.
 */
export function ticksAt(msIntoHour: number): bigint {
  const inside = BigInt(Math.min(HOUR_MS, Math.max(0, Math.trunc(msIntoHour))));
  return (inside * TICKS_PER_HOUR) / BigInt(HOUR_MS);
}

/** Who held how much (in thousandths) of an asset, from when to when (Unix ms). */
export interface Holding {
  /** What holds it: an attempt, or a job from outside Drover. */
  attemptId: string;
  from: number;
  to: number;
  milli: number;
  evidence: UsageEvidence;
  /**
   * Of a job from outside Drover, whose scheduler tells amounts of the whole job: how it is spread over its nodes is reckoned. So
   * it holds at most what is there and Drover's own attempts leave.
   */
  isOutside?: boolean;
}
/** How much of it there was. */
export interface CapacitySpan {
  from: number;
  to: number;
  milli: number;
}

/** An asset is all of one kind on one node: its accelerators of a model, its cores, its memory. */
export interface AssetHour {
  /** Unix ms, a whole UTC hour. */
  hour: number;
  holdings: readonly Holding[];
  capacity: readonly CapacitySpan[];
  /** Cover the whole hour, without gaps. */
  prices: readonly PriceSpan[];
  capacityClass: CapacityClass;
  /** False while the hour goes on: what nobody held is then not known yet. */
  isComplete: boolean;
}

/** A rated row. `attemptId` null: nobody held it (idle). `priceId` null: nothing is priced, so it costs nothing yet. */
export interface ChargeRow {
  attemptId: string | null;
  priceId: string | null;
  /** By which a price in another currency was converted. */
  rateId: string | null;
  unitPrice: Decimal;
  quantity: Decimal;
  amount: Decimal;
  evidence: UsageEvidence;
  capacityClass: CapacityClass;
}

interface Segment {
  ticks: bigint;
  price: PriceSpan["price"];
  capacity: bigint;
  holdings: Holding[];
}

/** Who pays for an asset's hour. Pure: the same facts in any order give the same rows, and their order is fixed. */
export function rateAssetHour(input: AssetHour): ChargeRow[] {
  const rows = new Map<string, { attemptId: string | null; price: PriceSpan["price"]; evidence: UsageEvidence; units: bigint }>();
  const put = (attemptId: string | null, price: PriceSpan["price"], evidence: UsageEvidence, units: bigint) => {
    if (units === 0n) return;
    const key = `${attemptId ?? ""} ${price?.id ?? ""} ${price?.rateId ?? ""} ${evidence}`;
    const row = rows.get(key) ?? { attemptId, price, evidence, units: 0n };
    row.units += units;
    rows.set(key, row);
  };
  for (const { ticks, price, capacity, holdings } of segmentsOf(input)) {
    let held = 0n;
    for (const { attemptId, milli, evidence } of withinCapacity(holdings, capacity)) {
      const units = milli * ticks;
      held += units;
      put(attemptId, price, evidence, units);
    }
    // Never cut at zero: a negative idle row says that more was held than there was, and blocks the close of its period.
    if (input.isComplete) put(null, price, "measured", capacity * ticks - held);
  }
  return [...rows.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).filter(([, row]) => row.units !== 0n).map(([, { attemptId, price, evidence, units }]) => {
    const unitPrice = price?.unitPrice ?? ZERO;
    const quantity: Decimal = { units, scale: QUANTITY_SCALE };
    return { attemptId, priceId: price?.id ?? null, rateId: price?.rateId ?? null, unitPrice, quantity, amount: multiply(quantity, unitPrice), evidence, capacityClass: input.capacityClass };
  });
}

/** What each of them has of an asset, in thousandths: jobs from outside share what is left, in a fixed order. */
function withinCapacity(holdings: readonly Holding[], capacity: bigint): { attemptId: string; milli: bigint; evidence: UsageEvidence }[] {
  let left = capacity;
  const has = (most: (milli: bigint) => bigint) => ({ attemptId, milli, evidence }: Holding) => {
    const own = most(BigInt(milli));
    left -= own;
    return { attemptId, milli: own, evidence };
  };
  const [outside, attempts] = [holdings.filter(({ isOutside }) => isOutside), holdings.filter(({ isOutside }) => !isOutside)];
  const inOrder = outside.toSorted((a, b) => (a.attemptId < b.attemptId ? -1 : a.attemptId > b.attemptId ? 1 : 0));
  return [...attempts.map(has((milli) => milli)), ...inOrder.map(has((milli) => (left <= 0n ? 0n : milli < left ? milli : left)))];
}

/** What the asset costs in that hour, whoever held it: from capacity and prices alone. The rows must add up to it. */
export function assetCost({ hour, capacity, prices }: Pick<AssetHour, "hour" | "capacity" | "prices">): Decimal {
  let total = ZERO;
  for (const price of prices) {
    for (const span of capacity) {
      const from = Math.max(price.from, span.from, hour);
      const to = Math.min(price.to, span.to, hour + HOUR_MS);
      if (to <= from) continue;
      const units = BigInt(span.milli) * (ticksAt(to - hour) - ticksAt(from - hour));
      total = add(total, multiply({ units, scale: QUANTITY_SCALE }, price.price?.unitPrice ?? ZERO));
    }
  }
  return total;
}

/** The hour cut wherever anything changes. */
function segmentsOf({ hour, holdings, capacity, prices }: AssetHour): Segment[] {
  const end = hour + HOUR_MS;
  const spans = [...holdings, ...capacity, ...prices];
  const cuts = [...new Set([hour, end, ...spans.flatMap(({ from, to }) => [from, to])])].filter((at) => at >= hour && at <= end).toSorted((a, b) => a - b);
  const segments: Segment[] = [];
  for (let at = 0; at + 1 < cuts.length; at += 1) {
    const [from, to] = [cuts[at]!, cuts[at + 1]!];
    const covers = (span: { from: number; to: number }) => span.from <= from && span.to >= to;
    segments.push({
      ticks: ticksAt(to - hour) - ticksAt(from - hour),
      price: prices.find(covers)?.price ?? null,
      capacity: capacity.filter(covers).reduce((sum, { milli }) => sum + BigInt(milli), 0n),
      holdings: holdings.filter(covers),
    });
  }
  return segments;
}

/** The whole UTC hours that an interval touches. */
export function hoursOf(from: number, to: number): number[] {
  const first = startOfHour(from);
  const hours: number[] = [];
  for (let hour = first; hour < to; hour += HOUR_MS) hours.push(hour);
  return hours;
}

/** What one stretch of holding costs, by the same ticks as rating: the ledger's rows of it add up to this, to the last digit. */
export function costOfHolding({ from, to, milli }: Pick<Holding, "from" | "to" | "milli">, prices: readonly PriceSpan[]): Decimal {
  let total = ZERO;
  for (const hour of hoursOf(from, to)) {
    for (const { from: priced, to: until, price } of prices) {
      const start = Math.max(from, hour, priced);
      const end = Math.min(to, hour + HOUR_MS, until);
      if (end <= start || !price) continue;
      total = add(total, multiply({ units: BigInt(milli) * (ticksAt(end - hour) - ticksAt(start - hour)), scale: QUANTITY_SCALE }, price.unitPrice));
    }
  }
  return total;
}
