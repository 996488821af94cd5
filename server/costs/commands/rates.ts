import { and, eq, lte, type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { exchangeRates, priceLines } from "../../../db/schema/costs.ts";
import { noRateWords } from "../../../domain/costs/exchange.ts";
import type { AddRate } from "../../../domain/costs/inputs.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { nextVersion, rateAgain } from "./rating-version.ts";
import { tellCosts } from "./tell-costs.ts";

/** A price times a rate must fit where amounts of a price are kept: twelve digits before the point. */
const MOST_PRICE = "1000000000000";

/**
 * A rate is added, never changed. As with a price, the rating version grows, and what is priced in this currency is rated
 * anew from its day on.
 */
export async function addRate(ctx: Ctx, { currency, validFrom, rate, note }: AddRate): Promise<{ version: number }> {
  const version = await ctx.db.transaction(async (tx) => {
    const settings = await nextVersion(tx, ctx.orgId);
    if (currency === settings.currency) throw refusal("currency", `${currency} is the organization's own currency. Name another one.`);
    const [made] = await tx.insert(exchangeRates).values({ orgId: ctx.orgId, version: settings.version, currency, validFrom, rate, note: note ?? null, createdBy: ctx.actor.name }).returning();
    await refuseTooLarge(tx, ctx.orgId, currency, "rate");
    await rateAgain(tx, ctx.orgId, sql`
      select kind, cluster_id, model, greatest(min(valid_from), ${validFrom}::timestamp at time zone 'UTC') as since
      from (${heldLines(ctx.orgId, currency)}) line where until > ${validFrom}::timestamp at time zone 'UTC' group by 1, 2, 3`);
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

/** Of what holds at one time. What no ledger could book is refused here, and not by the worker every minute. */
export async function refuseTooLarge(tx: Tx, orgId: string, currency: string, field: string): Promise<void> {
  const [over] = await tx.execute(sql`
    select 1 from (${heldLines(orgId, currency)}) line join (${heldRates(orgId, currency)}) rate on line.valid_from < rate.until and rate.valid_from < line.until
    where line.unit_price * rate.rate >= ${MOST_PRICE}::numeric limit 1`);
  if (over) throw refusal(field, `With it, an hour in ${currency} would cost more than twelve digits. Correct the price or the rate.`);
}

/** Lines in this currency, and until when each holds. What another one of the same scope and start replaced does not. */
const heldLines = (orgId: string, currency: string): SQL => sql`
  select * from (
    select *, coalesce(lead(valid_from) over (partition by kind, cluster_id, model, capacity_class order by valid_from), 'infinity') as until
    from (
      select distinct on (kind, cluster_id, model, capacity_class, valid_from) * from ${priceLines} where ${priceLines.orgId} = ${orgId}
      order by kind, cluster_id, model, capacity_class, valid_from, version desc
    ) newest
  ) held where currency = ${currency}`;

/** The rates of this currency likewise. */
const heldRates = (orgId: string, currency: string): SQL => sql`
  select rate, valid_from, coalesce(lead(valid_from) over (order by valid_from), 'infinity') as until
  from (
    select distinct on (valid_from) rate, valid_from::timestamp at time zone 'UTC' as valid_from from ${exchangeRates} where ${exchangeRates.orgId} = ${orgId} and ${exchangeRates.currency} = ${currency}
    order by valid_from, version desc
  ) newest`;

function refusal(field: string, message: string): DomainError {
  return new DomainError("invalid", message, { issues: [{ field, message }] });
}
