import type { DbOrTx } from "../../../db/client.ts";
import { decimalText, trimmed } from "../../../domain/costs/decimal.ts";
import type { DisplayRate } from "../../../domain/costs/display-currency.ts";
import { dayOf } from "../../../domain/costs/days.ts";
import { type ExchangeRate, noRateWords, rateAt } from "../../../domain/costs/exchange.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { loadCurrencies, loadRates } from "./prices.ts";

const shown = (currency: string, { rate, validFrom }: ExchangeRate): DisplayRate => ({ currency, rate: decimalText(trimmed(rate)), since: dayOf(validFrom) });

/** The currencies in which the figures of a report that ends on this day can be shown as well. */
export async function displayRates(db: DbOrTx, orgId: string, day: string): Promise<DisplayRate[]> {
  const rates = await loadRates(db, orgId);
  return [...rates].flatMap(([currency, own]) => {
    const rate = rateAt(own, Date.parse(day), Infinity);
    return rate ? [shown(currency, rate)] : [];
  }).toSorted((a, b) => (a.currency < b.currency ? -1 : 1));
}

/**
 * The rate of a report's last day. Null where none is asked for, or the organization's own.
 * @throws DomainError "invalid" where no rate of it holds on that day.
 */
export async function displayRate(db: DbOrTx, orgId: string, currency: string | null | undefined, day: string): Promise<DisplayRate | null> {
  if (!currency || (await loadCurrencies(db, orgId)).currency === currency) return null;
  const found = (await displayRates(db, orgId, day)).find((one) => one.currency === currency);
  if (found) return found;
  const message = noRateWords(currency, day);
  throw new DomainError("invalid", message, { issues: [{ field: "currency", message }] });
}
