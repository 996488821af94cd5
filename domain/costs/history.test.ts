import fc from "fast-check";
import { expect, it } from "vitest";
import { costOf, type HeldSpan } from "./accrual.ts";
import { compare, type Decimal, decimalText, sum, ZERO } from "./decimal.ts";
import type { ExchangeRate } from "./exchange.ts";
import { type Balance, balancesAfter, bookingOf, counterAmount, entriesFor, type NewEntry } from "./ledger.ts";
import { type CapacityClass, HOUR_MS } from "./metering.ts";
import { type PriceLine, priceSpans } from "./price-book.ts";
import { assetCost, type CapacitySpan, type Holding, rateAssetHour } from "./rating.ts";

// One asset over the four hours around a month's end: all that can happen to it, in one history.
const START = Date.UTC(2026, 9, 31, 22);
const HOURS = [0, 1, 2, 3].map((at) => START + at * HOUR_MS);
const NOW = HOURS[3]! + HOUR_MS;
const ASSET = { kind: "accelerator", clusterId: "cl_1", model: "h100" } as const;

const moment = fc.integer({ min: -HOUR_MS / 2, max: 4.5 * HOUR_MS }).map((ms) => START + ms);
const span = fc.tuple(moment, moment).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })); // of no length, too
const attemptId = fc.constantFrom("att_1", "att_2", "att_3");
/** What is known of a holding, then better known, in the order of its journal: its end moves, its evidence with it. */
const journal = fc.record({ attemptId, at: span, milli: fc.integer({ min: 1, max: 64_000 }), ends: fc.array(moment, { maxLength: 2 }), evidence: fc.constantFrom("measured" as const, "inferred" as const) })
  .map(({ attemptId: id, at, milli, ends, evidence }): Holding[] => [...ends.map((to): Holding => ({ attemptId: id, from: at.from, to: Math.max(at.from, to), milli, evidence: "provisional" })), { attemptId: id, ...at, milli, evidence }]);
/** A device that is cut into other slices now and then, all of them held: a journal for each slice. */
const slices = fc.tuple(fc.uniqueArray(moment, { minLength: 2, maxLength: 4 }), fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { maxLength: 2 }), { minLength: 3, maxLength: 3 }))
  .map(([cuts, shares]): Holding[][] => cuts.toSorted((a, b) => a - b).slice(1).flatMap((to, at, ends) => {
    const edges = [0, ...shares[at]!.toSorted((a, b) => a - b), 1000];
    return edges.slice(1).map((edge, place): Holding[] => [{ attemptId: `slice_${place}`, from: at === 0 ? Math.min(...cuts) : ends[at - 1]!, to, milli: edge - edges[place]!, evidence: "measured" }]);
  }));
const rate = fc.record({ id: fc.uuid(), version: fc.integer({ min: 1, max: 4 }), validFrom: moment, rate: fc.bigInt({ min: 1n, max: 10n ** 10n }).map((units) => ({ units, scale: 8 })) });
/** Some in one other currency, whose rates they share. */
const line = fc.record({ id: fc.uuid(), version: fc.integer({ min: 1, max: 4 }), clusterId: fc.constantFrom(null, "cl_1"), model: fc.constantFrom(null, "h100"), capacityClass: fc.constantFrom(null, "owned" as const, "spot" as const), validFrom: moment, isForeign: fc.boolean(), unitPrice: fc.option(fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }).map((units): Decimal => ({ units, scale: 8 })), { freq: 6 }) });
const capacity = fc.uniqueArray(moment, { minLength: 2, maxLength: 4 }).chain((cuts) => fc.array(fc.record({ milli: fc.integer({ min: 0, max: 64_000 }), capacityClass: fc.constantFrom("owned" as const, "spot" as const) }), { minLength: 3, maxLength: 3 }).map((amounts): ClassedSpan[] => {
  const ordered = cuts.toSorted((a, b) => a - b);
  return ordered.slice(1).map((to, at) => ({ from: ordered[at]!, to, ...amounts[at]! }));
}));
type ClassedSpan = CapacitySpan & { capacityClass: CapacityClass };
const history = fc.record({ journals: fc.array(journal, { maxLength: 4 }), slices, lines: fc.array(line, { maxLength: 4 }), rates: fc.array(rate, { maxLength: 2 }), capacity, dice: fc.infiniteStream(fc.nat()) });

/** What is known at a moment of the history. */
interface Known {
  holdings: Map<number, Holding>;
  capacity: ClassedSpan[];
  lines: PriceLine[];
  rates: ExchangeRate[];
  isComplete: boolean;
  closed: Set<string>;
}
type Booked = NewEntry & ReturnType<typeof bookingOf>;
const nothing = (): Known => ({ holdings: new Map(), capacity: [], lines: [], rates: [], isComplete: false, closed: new Set() });
const versionOf = ({ lines, rates }: Known) => Math.max(0, ...[...lines, ...rates].map(({ version }) => version));
/** The whole hour is of the class that its last capacity has. */
const classOf = ({ capacity: spans }: Known, hour: number): CapacityClass => spans.filter(({ from }) => from < hour + HOUR_MS).toSorted((a, b) => b.from - a.from)[0]?.capacityClass ?? "owned";
const hourOf = (known: Known, hour: number) => {
  const capacityClass = classOf(known, hour);
  return { hour, holdings: [...known.holdings.values()], capacity: known.capacity, prices: priceSpans(known.lines, { ...ASSET, capacityClass }, hour, hour + HOUR_MS, versionOf(known)), capacityClass, isComplete: known.isComplete };
};
const amounts = (entries: readonly { amount: Decimal }[]) => sum(entries.map(({ amount }) => amount));
const words = (balances: readonly Balance[]) => balances.map(({ attemptId: id, priceId, rateId, unitPrice, quantity, evidence, capacityClass }) => [id, priceId, rateId, decimalText(unitPrice), decimalText(quantity), evidence, capacityClass].join(" "));

/** Four hours' ledgers, and what became of them. */
class Ledger {
  readonly balances = HOURS.map((): Balance[] => []);
  readonly entries: Booked[][] = HOURS.map(() => []);
  /** Every transaction with its other side added up to nothing. */
  isBalanced = true;

  post(at: number, known: Known): number {
    const hour = HOURS[at]!;
    const fresh = entriesFor(this.balances[at]!, rateAssetHour(hourOf(known, hour)));
    this.isBalanced &&= compare(sum([...fresh.map(({ amount }) => amount), counterAmount(fresh)]), ZERO) === 0;
    this.balances[at] = balancesAfter(this.balances[at]!, fresh);
    const where = bookingOf(hour, known.closed, NOW);
    this.entries[at]!.push(...fresh.map((entry) => ({ ...entry, ...where })));
    return fresh.length;
  }
  totalOf = (period: string) => amounts(this.entries.flat().filter((entry) => entry.period === period));
}

/** Everything that is told, each source in its own order. */
function newsOf({ journals, slices: cut, lines, rates, capacity: spans }: { journals: Holding[][]; slices: Holding[][]; lines: { id: string; isForeign: boolean }[]; rates: ExchangeRate[]; capacity: ClassedSpan[] }): ((known: Known) => void)[][] {
  return [
    ...[...journals, ...cut].map((drafts, id) => drafts.map((draft) => (known: Known) => void known.holdings.set(id, draft))),
    ...spans.map((one) => [(known: Known) => void known.capacity.push(one)]),
    ...lines.map(({ isForeign, ...one }) => [(known: Known) => void known.lines.push({ ...one, kind: "accelerator", ...(isForeign ? { rates: known.rates } : {}) } as PriceLine)]),
    ...rates.map((one) => [(known: Known) => void known.rates.push(one)]),
    [(known) => void (known.isComplete = true)],
  ];
}

it("is one ledger, exact to the last digit, whatever is told in whatever order: intervals, slices, late ends, prices, rates, classes, corrections, a month that is closed meanwhile", () => {
  fc.assert(fc.property(history, ({ dice, ...given }) => {
    const roll = (sides: number) => dice.next().value % sides;
    const known = nothing();
    const ledger = new Ledger();
    let frozen: Decimal | null = null;
    const waiting = newsOf(given);
    while (waiting.length > 0) {
      const source = waiting[roll(waiting.length)]!;
      source.shift()!(known);
      if (source.length === 0) waiting.splice(waiting.indexOf(source), 1);
      if (roll(3) === 0) ledger.post(roll(4), known);
      if (frozen === null && roll(8) === 0) {
        known.closed.add("2026-10");
        frozen = ledger.totalOf("2026-10");
      }
    }
    const once = new Ledger();
    for (const at of HOURS.keys()) {
      ledger.post(at, known);
      once.post(at, known);
      expect(words(ledger.balances[at]!)).toEqual(words(once.balances[at]!)); // the same ledger as of who knew everything at once
      expect(compare(amounts(ledger.entries[at]!), assetCost(hourOf(known, HOURS[at]!)))).toBe(0); // the hour's rows add up to what the asset costs
      const elsewhere = ledger.entries[at]!.filter(({ capacityClass }) => capacityClass !== classOf(known, HOURS[at]!));
      expect(compare(amounts(elsewhere), ZERO)).toBe(0); // what was entered under another class is taken back there
      expect(ledger.post(at, known)).toBe(0); // and saying it again books nothing
    }
    expect(ledger.isBalanced).toBe(true);
    // What was closed stays what it was; what came later is a correction in the month after.
    if (frozen) expect(compare(ledger.totalOf("2026-10"), frozen)).toBe(0);
    const all = ledger.entries.flat();
    expect(all.every(({ period, chargeClass }) => chargeClass === null || period === "2026-11")).toBe(true);
    expect(compare(sum(["2026-10", "2026-11"].map(ledger.totalOf)), amounts(all))).toBe(0);
    // Each holder was charged what its own page says, in these hours.
    const book = { lines: known.lines, version: versionOf(known) };
    for (const id of new Set([...known.holdings.values()].map((one) => one.attemptId))) {
      const held = [...known.holdings.values()].filter((one) => one.attemptId === id);
      const shown = sum(HOURS.map((hour) => costOf(held.map((one): HeldSpan => ({ ...ASSET, ...one, capacityClass: classOf(known, hour) })), book, hour, hour + HOUR_MS)));
      expect(compare(amounts(all.filter((entry) => entry.attemptId === id)), shown)).toBe(0);
    }
  }), { numRuns: 10_000 });
}, 120_000);
