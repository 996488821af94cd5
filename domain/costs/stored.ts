import { multiply, ZERO } from "./decimal.ts";
import { HOUR_MS, type UsageEvidence } from "./metering.ts";
import type { PriceSpan } from "./price-book.ts";
import { type ChargeRow, QUANTITY_SCALE } from "./rating.ts";

/** What stands for the owner and for the experiment of what is stored: it is the project's. */
export const STORE = "store";

/** A month of a price, as the calculator of one's own hardware has it: 730.5 hours. */
const MONTH_MS = 2_629_800_000n;
const GIB = 1n << 30n;

/**
 * 10⁻¹⁰ GiB-months that so many bytes have come to by a moment (Unix ms). Money is never rounded: quantities are cut, by this one
 * growing function. The quantity of a stretch is the difference of its two ends, so that whatever hours a stretch is cut into,
 * together they are what it is as a whole.
 */
export const storedBy = (bytes: bigint, at: number): bigint => (bytes * BigInt(Math.trunc(at)) * 10n ** BigInt(QUANTITY_SCALE)) / (GIB * MONTH_MS);

/** What a project had in the store, from when to when (Unix ms). */
export interface Stored {
  projectId: string;
  bytes: bigint;
  from: number;
  to: number;
  evidence: UsageEvidence;
}

/** Who pays for what was stored in an hour. There is as much store as is needed: none of it is idle. */
export function rateStoredHour({ hour, stored, prices }: { hour: number; stored: readonly Stored[]; prices: readonly PriceSpan[] }): ChargeRow[] {
  const rows = new Map<string, ChargeRow & { units: bigint }>();
  for (const { projectId, bytes, from, to, evidence } of stored) {
    for (const span of prices) {
      const [start, end] = [Math.max(from, hour, span.from), Math.min(to, hour + HOUR_MS, span.to)];
      const units = end > start ? storedBy(bytes, end) - storedBy(bytes, start) : 0n;
      if (units === 0n) continue;
      const [priceId, rateId] = [span.price?.id ?? null, span.price?.rateId ?? null];
      const key = `${projectId} ${priceId ?? ""} ${rateId ?? ""} ${evidence}`;
      const all = units + (rows.get(key)?.units ?? 0n);
      const quantity = { units: all, scale: QUANTITY_SCALE };
      const unitPrice = span.price?.unitPrice ?? ZERO;
      rows.set(key, { units: all, attemptId: projectId, priceId, rateId, unitPrice, quantity, amount: multiply(quantity, unitPrice), evidence, capacityClass: "owned" });
    }
  }
  return inOrder(rows);
}

/** By their key, so that the same facts in any order give the same rows. */
export const inOrder = (rows: ReadonlyMap<string, ChargeRow & { units: bigint }>): ChargeRow[] =>
  [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, { units: _, ...row }]) => row);
