import { and, eq, lte } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { exchangeRates } from "../../../db/schema/costs.ts";
import { noRateWords } from "../../../domain/costs/exchange.ts";
import { type Held, heldLines, isTooLarge, scopesOfRate } from "../../../domain/costs/held.ts";
import type { AddRate } from "../../../domain/costs/inputs.ts";
import type { PriceLine } from "../../../domain/costs/price-book.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { loadPriceBook } from "../queries/prices.ts";
import { nextVersion, rateAgain } from "./rating-version.ts";
import { tellCosts } from "./tell-costs.ts";

/**
 * A rate is added, never changed. As with a price, the rating version grows, and what is priced in this currency is rated
 * anew from its day on.
 */
export async function addRate(ctx: Ctx, { currency, validFrom, rate, note }: AddRate): Promise<{ version: number }> {
  const version = await ctx.db.transaction(async (tx) => {
    const settings = await nextVersion(tx, ctx.orgId);
    if (currency === settings.currency) throw refusal("currency", `${currency} is the organization's own currency. Name another one.`);
    const [made] = await tx.insert(exchangeRates).values({ orgId: ctx.orgId, version: settings.version, currency, validFrom, rate, note: note ?? null, createdBy: ctx.actor.name }).returning();
    const held = await refuseTooLarge(tx, ctx.orgId, currency, "rate");
    await rateAgain(tx, ctx.orgId, scopesOfRate(held, Date.parse(validFrom)));
    await audit(tx, ctx, { action: "price.rate", target: { type: "exchange-rate", id: made!.id, name: currency }, after: { currency, validFrom, rate, of: settings.currency } });
    return settings.version;
  });
  await tellCosts(ctx);
  return { version };
}

/**
 * The currency of a price as it is kept: null for the organization's own.
 * @param own The organization's.
 * @throws DomainError "invalid" where no rate of it holds when the price begins.
 */
export async function currencyOf(tx: Tx, orgId: string, own: string, { currency, validFrom }: { currency: string | null; validFrom: Date }): Promise<string | null> {
  if (currency === null || currency === own) return null;
  const day = validFrom.toISOString().slice(0, 10);
  const [rate] = await tx.select({ id: exchangeRates.id }).from(exchangeRates).where(and(eq(exchangeRates.orgId, orgId), eq(exchangeRates.currency, currency), lte(exchangeRates.validFrom, day))).limit(1);
  if (!rate) throw refusal("currency", noRateWords(currency, day));
  return currency;
}

/** What no ledger could book is refused here, and not by the worker every minute. @returns the lines in this currency, each as long as it holds. */
export async function refuseTooLarge(tx: Tx, orgId: string, currency: string, field: string): Promise<Held<PriceLine>[]> {
  const { lines } = await loadPriceBook(tx, orgId);
  const held = heldLines(lines).filter(({ item }) => item.currency === currency);
  if (isTooLarge(held, held[0]?.item.rates ?? [])) throw refusal(field, `With it, an hour in ${currency} would cost more than twelve digits. Correct the price or the rate.`);
  return held;
}

function refusal(field: string, message: string): DomainError {
  return new DomainError("invalid", message, { issues: [{ field, message }] });
}
