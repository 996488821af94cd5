import { dayName } from "./days.ts";
import type { Decimal } from "./decimal.ts";
import { replaces } from "./replaces.ts";

/** Digits after the point that a rate may have. */
export const RATE_SCALE = 8;

/**
 * From a UTC day on (Unix ms), one unit of a currency is worth `rate` of the organization's own. Rates are only ever added,
 * as prices are: a later one of the same day replaces the earlier one from its own rating version on.
 */
export interface ExchangeRate {
  id: string;
  version: number;
  validFrom: number;
  rate: Decimal;
}

/** The rate that holds at a moment as `version` knew it; null before the first. @param rates All of one currency. */
export function rateAt(rates: readonly ExchangeRate[], at: number, version: number): ExchangeRate | null {
  let best: ExchangeRate | null = null;
  for (const rate of rates) {
    if (rate.version > version || rate.validFrom > at) continue;
    if (!best || replaces(rate, best)) best = rate;
  }
  return best;
}

/** Why a price in this currency cannot begin on this day. */
export const noRateWords = (currency: string, day: string): string => `There is no rate of ${currency} that holds on ${dayName(day)}. Add one first.`;
