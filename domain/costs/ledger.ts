import { add, compare, type Decimal, isZero, multiply, negate, sum } from "./decimal.ts";
import type { CapacityClass, UsageEvidence } from "./metering.ts";
import type { ChargeRow } from "./rating.ts";

/** What tells one charge of an asset-hour from another. */
export interface LineKey {
  attemptId: string | null;
  priceId: string | null;
  rateId: string | null;
  unitPrice: Decimal;
  evidence: UsageEvidence;
  /** Of the asset in that hour, as it was known when this was entered: what is taken back is taken back where it stands. */
  capacityClass: CapacityClass;
}
/** The sum of all entries so far with one key. */
export interface Balance extends LineKey {
  quantity: Decimal;
}
/** An entry to append. `reverses`: it takes back what stood there, to be entered anew. */
export interface NewEntry extends LineKey {
  quantity: Decimal;
  amount: Decimal;
  reverses: boolean;
}

const priceOf = ({ priceId, rateId }: LineKey): string => `${priceId ?? ""} ${rateId ?? ""}`;

/**
 * Those of an asset-hour's entries that other prices brought about: of a holder whose old lines were taken back and whose
 * new ones are not by the same prices. A late journal or a better evidence changes lines too, but not what a unit costs.
 */
export function repricedOf(entries: readonly NewEntry[]): NewEntry[] {
  const holders = Map.groupBy(entries, ({ attemptId }) => attemptId);
  return [...holders.values()].flatMap((own) => {
    const prices = (reverses: boolean) => new Set(own.filter((entry) => entry.reverses === reverses).map(priceOf));
    const [old, fresh] = [prices(true), prices(false)];
    return old.size > 0 && fresh.size > 0 && (old.size !== fresh.size || [...old].some((one) => !fresh.has(one))) ? own : [];
  });
}

const keyOf = ({ attemptId, priceId, rateId, evidence, capacityClass }: LineKey): string => `${attemptId ?? ""} ${priceId ?? ""} ${rateId ?? ""} ${evidence} ${capacityClass}`;

/**
 * What to append so that the ledger says what was rated: nothing where it says so already; else the old line in reverse
 * and the new line. Nothing is ever changed or removed.
 */
export function entriesFor(balances: readonly Balance[], rated: readonly ChargeRow[]): NewEntry[] {
  const wanted = new Map(rated.map((row) => [keyOf(row), row]));
  const standing = new Map(balances.map((balance) => [keyOf(balance), balance]));
  const entries: NewEntry[] = [];
  for (const [key, balance] of standing) {
    if (isZero(balance.quantity)) continue;
    const row = wanted.get(key);
    if (row && compare(row.quantity, balance.quantity) === 0) continue;
    const quantity = negate(balance.quantity);
    entries.push({ ...lineOf(balance), quantity, amount: multiply(quantity, balance.unitPrice), reverses: true });
  }
  for (const [key, row] of wanted) {
    const balance = standing.get(key);
    if (balance && !isZero(balance.quantity) && compare(row.quantity, balance.quantity) === 0) continue;
    entries.push({ ...lineOf(row), quantity: row.quantity, amount: row.amount, reverses: false });
  }
  return entries.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : a.reverses === b.reverses ? 0 : a.reverses ? -1 : 1));
}

const lineOf = ({ attemptId, priceId, rateId, unitPrice, evidence, capacityClass }: LineKey): LineKey => ({ attemptId, priceId, rateId, unitPrice, evidence, capacityClass });

/** Where a transaction's other side goes, so that its entries add up to nothing. */
export const counterAmount = (entries: readonly { amount: Decimal }[]): Decimal => negate(sum(entries.map(({ amount }) => amount)));

/** What stands after more entries, by key; keys that came to nothing are gone. */
export function balancesAfter(balances: readonly Balance[], entries: readonly NewEntry[]): Balance[] {
  const after = new Map(balances.map((balance) => [keyOf(balance), balance]));
  for (const entry of entries) {
    const known = after.get(keyOf(entry));
    after.set(keyOf(entry), known ? { ...known, quantity: add(known.quantity, entry.quantity) } : { ...lineOf(entry), quantity: entry.quantity });
  }
  return [...after.entries()].filter(([, { quantity }]) => !isZero(quantity)).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, balance]) => balance);
}

/** A billing period is a UTC month, written 2026-11. */
export const periodOf = (at: number): string => new Date(at).toISOString().slice(0, 7);

/**
 * The period in which a change is booked: its own while that is open; after its close the first one that is open, as a
 * correction of the original time.
 */
export function bookingOf(hour: number, closed: ReadonlySet<string>, now: number): { period: string; chargeClass: "Correction" | null } {
  const own = periodOf(hour);
  if (!closed.has(own)) return { period: own, chargeClass: null };
  const date = new Date(`${own}-01T00:00:00Z`);
  const limit = periodOf(now);
  for (;;) {
    date.setUTCMonth(date.getUTCMonth() + 1);
    const period = periodOf(date.getTime());
    if (!closed.has(period) || period > limit) return { period, chargeClass: "Correction" };
  }
}
