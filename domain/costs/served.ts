import { multiply, ZERO } from "./decimal.ts";
import { HOUR_MS, type ServedKind } from "./metering.ts";
import type { PriceSpan } from "./price-book.ts";
import { type ChargeRow, QUANTITY_SCALE } from "./rating.ts";
import { inOrder } from "./stored.ts";

/** What stands for the experiment of what is served: it is an endpoint's. */
export const SERVED = "served";

/** How many of a kind have one price. */
const PRICED_TOGETHER: Record<ServedKind, bigint> = { request: 1_000n, token: 1_000_000n };
/** Exact: a price is of a power of ten of them. */
export const servedQuantity = (kind: ServedKind, count: bigint) => ({ units: (count * 10n ** BigInt(QUANTITY_SCALE)) / PRICED_TOGETHER[kind], scale: QUANTITY_SCALE });

/** How much a meter counted from a moment on (Unix ms). */
export interface Served {
  meterId: string;
  count: bigint;
  from: number;
}

/** Who pays for what was served in an hour, by the price that held when each count began. */
export function rateServedHour({ kind, served, prices }: { kind: ServedKind; served: readonly Served[]; prices: readonly PriceSpan[] }): ChargeRow[] {
  const rows = new Map<string, ChargeRow & { units: bigint }>();
  for (const { meterId, count, from } of served) {
    const price = prices.find((span) => span.from <= from && from < span.to)?.price ?? null;
    const [priceId, rateId] = [price?.id ?? null, price?.rateId ?? null];
    const key = `${meterId} ${priceId ?? ""} ${rateId ?? ""}`;
    const units = count + (rows.get(key)?.units ?? 0n);
    const quantity = servedQuantity(kind, units);
    const unitPrice = price?.unitPrice ?? ZERO;
    rows.set(key, { units, attemptId: meterId, priceId, rateId, unitPrice, quantity, amount: multiply(quantity, unitPrice), evidence: "measured", capacityClass: "owned" });
  }
  return inOrder(rows);
}

/** Counts are told of stretches within one hour: no count could be cut exactly where the price of the next hour is another. */
export const isWithinHour = (from: number, until: number): boolean => until > from && Math.floor(from / HOUR_MS) === Math.floor((until - 1) / HOUR_MS);
