import { compare, type Decimal, multiply, roundHalfEven } from "./decimal.ts";
import { type ExchangeRate, rateAt } from "./exchange.ts";
import type { CapacityClass, ResourceKind } from "./metering.ts";
import { replaces } from "./replaces.ts";

/** Digits after the point that a unit price may have. With a quantity of ten, a cost has eighteen, exactly. */
export const PRICE_SCALE = 8;

/**
 * One line of a price book: from `validFrom` (Unix ms) on, an hour of this kind costs `unitPrice`, wherever the scope fits.
 * Lines are only ever added. A later line with the same scope and the same start replaces the earlier one from its own
 * version on; reports of the version before keep theirs. `unitPrice` null ends the scope: the next wider one holds again.
 */
export interface PriceLine {
  id: string;
  version: number;
  kind: ResourceKind;
  clusterId: string | null;
  /** Part of the accelerator's name, lower case; null fits every model. */
  model: string | null;
  capacityClass: CapacityClass | null;
  validFrom: number;
  unitPrice: Decimal | null;
  /** Of the currency that the price is in; left out: it is the organization's own. */
  rates?: readonly ExchangeRate[];
}

/** What is priced. */
export interface PricedAsset {
  kind: ResourceKind;
  clusterId: string;
  model: string | null;
  capacityClass: CapacityClass;
}

export interface FoundPrice {
  id: string;
  /** In the organization's currency. */
  unitPrice: Decimal;
  /** By which it was converted. */
  rateId: string | null;
}

const fits = (line: PriceLine, asset: PricedAsset): boolean =>
  line.kind === asset.kind &&
  (line.clusterId === null || line.clusterId === asset.clusterId) &&
  (line.model === null || (asset.model ?? "").toLowerCase().includes(line.model)) &&
  (line.capacityClass === null || line.capacityClass === asset.capacityClass);

/** A cluster says more than a model, a model more than a class; of two models the longer name. */
const precision = (line: PriceLine): number => (line.clusterId === null ? 0 : 10_000) + (line.model === null ? 0 : 10 + line.model.length) + (line.capacityClass === null ? 0 : 1);
export const scopeOf = (line: PriceLine): string => `${line.clusterId ?? ""} ${line.model ?? ""} ${line.capacityClass ?? ""}`;

/**
 * Of a line in another currency, in the organization's own. Here alone is something rounded: a price, never an amount, to its
 * last digit, half to even. Before the first rate of its currency it is none.
 */
function priceOf({ id, unitPrice, rates }: PriceLine, at: number, version: number): FoundPrice | null {
  if (!unitPrice || !rates) return unitPrice && { id, unitPrice, rateId: null };
  const rate = rateAt(rates, at, version);
  return rate && { id, unitPrice: roundHalfEven(multiply(unitPrice, rate.rate), PRICE_SCALE), rateId: rate.id };
}

/** The line that holds at `at` as `version` knew it; null where nothing is priced. */
export function priceAt(lines: readonly PriceLine[], asset: PricedAsset, at: number, version: number): FoundPrice | null {
  const newest = new Map<string, PriceLine>();
  for (const line of lines) {
    if (line.version > version || line.validFrom > at || !fits(line, asset)) continue;
    const scope = scopeOf(line);
    const known = newest.get(scope);
    if (!known || replaces(line, known)) newest.set(scope, line);
  }
  for (const line of [...newest.values()].toSorted((a, b) => precision(b) - precision(a) || (a.id < b.id ? -1 : 1))) {
    const found = priceOf(line, at, version);
    if (found) return found;
  }
  return null;
}

/** One stretch of time with one price. */
export interface PriceSpan {
  from: number;
  to: number;
  price: FoundPrice | null;
}

/** The prices of an asset between two moments, without gaps; neighbours differ. */
export function priceSpans(lines: readonly PriceLine[], asset: PricedAsset, from: number, to: number, version: number): PriceSpan[] {
  const fitting = lines.filter((line) => line.version <= version && line.validFrom < to && fits(line, asset));
  const inside = [...fitting, ...new Set(fitting.flatMap(({ rates }) => rates ?? []))].map(({ validFrom }) => validFrom).filter((at) => at > from && at < to);
  const starts = [...new Set([from, ...inside])].toSorted((a, b) => a - b);
  const spans: PriceSpan[] = [];
  for (const [at, start] of starts.entries()) {
    const price = priceAt(lines, asset, start, version);
    const last = spans.at(-1);
    const end = starts[at + 1] ?? to;
    if (last && last.price?.id === price?.id && last.price?.rateId === price?.rateId) last.to = end;
    else spans.push({ from: start, to: end, price });
  }
  return spans;
}

/** Cheapest and dearest of some prices, for a range. */
export function priceRange(prices: readonly Decimal[]): { least: Decimal; most: Decimal } | null {
  const [first, ...rest] = prices;
  if (!first) return null;
  return rest.reduce((range, price) => ({ least: compare(price, range.least) < 0 ? price : range.least, most: compare(price, range.most) > 0 ? price : range.most }), { least: first, most: first });
}
