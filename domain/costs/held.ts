import { compare, type Decimal, decimal, multiply, roundHalfEven } from "./decimal.ts";
import type { ExchangeRate } from "./exchange.ts";
import type { ResourceKind } from "./metering.ts";
import { PRICE_SCALE, type PriceLine, scopeOf } from "./price-book.ts";
import { replaces, type Dated } from "./replaces.ts";

/** A price times a rate must fit where amounts of a price are kept, as it is rounded there: twelve digits before the point. */
const MOST_PRICE: Decimal = decimal("1000000000000");

/** Something that is only added to, and until when it holds (Unix ms): until the next of its scope begins. What another one of the same scope and start replaced never does. */
export interface Held<Item> {
  item: Item;
  until: number;
}
export function heldOf<Item extends Dated>(items: readonly Item[], scope: (item: Item) => string): Held<Item>[] {
  return [...Map.groupBy(items, scope).values()].flatMap((own) => {
    const newest = [...Map.groupBy(own, ({ validFrom }) => validFrom).values()].map((same) => same.reduce((best, item) => (replaces(item, best) ? item : best)));
    const ordered = newest.toSorted((a, b) => a.validFrom - b.validFrom);
    return ordered.map((item, at) => ({ item, until: ordered[at + 1]?.validFrom ?? Infinity }));
  });
}

/** Lines of a price book, each as long as it holds. */
export const heldLines = <Line extends PriceLine>(lines: readonly Line[]): Held<Line>[] => heldOf(lines, (line) => `${line.kind} ${scopeOf(line)}`);

/** Whether a price comes, at a rate that holds while it does, to more than a ledger can book. @param lines All in the currency of `rates`. */
export function isTooLarge(lines: readonly Held<PriceLine>[], rates: readonly ExchangeRate[]): boolean {
  const held = heldOf(rates, () => "");
  return lines.some(({ item: line, until }) => line.unitPrice !== null && held.some((rate) => line.validFrom < rate.until && rate.item.validFrom < until && compare(roundHalfEven(multiply(line.unitPrice!, rate.item.rate), PRICE_SCALE), MOST_PRICE) >= 0));
}

/** What is to be rated anew since when (Unix ms): of one cluster and model, or of every one. */
export interface RatedScope {
  kind: ResourceKind;
  clusterId: string | null;
  model: string | null;
  since: number;
}
/** What a rate that begins at `from` concerns, of lines in its currency. */
export function scopesOfRate(lines: readonly Held<PriceLine>[], from: number): RatedScope[] {
  const later = lines.filter(({ until }) => until > from).map(({ item }) => item);
  return [...Map.groupBy(later, ({ kind, clusterId, model }) => JSON.stringify([kind, clusterId, model])).values()].map((own) => {
    const { kind, clusterId, model } = own[0]!;
    return { kind, clusterId, model, since: Math.max(from, Math.min(...own.map(({ validFrom }) => validFrom))) };
  });
}
