import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costSettings, exchangeRates, priceLines } from "../../../db/schema/costs.ts";
import { costPeriods } from "../../../db/schema/periods.ts";
import { monthName } from "../../../domain/costs/period.ts";
import { type Decimal, decimal, decimalText, trimmed } from "../../../domain/costs/decimal.ts";
import type { AddPrice } from "../../../domain/costs/inputs.ts";
import type { PriceImport } from "../../../domain/costs/price-columns.ts";
import type { RatedScope } from "../../../domain/costs/held.ts";
import type { ImportPrices } from "../../../domain/costs/price-file.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { readPriceFile } from "../price-file.ts";
import { loadCurrencies, loadPriceBook } from "../queries/prices.ts";
import { currencyOf, refuseTooLarge } from "./rates.ts";
import { nextVersion, rateAgain } from "./rating-version.ts";
import { tellCosts } from "./tell-costs.ts";

/**
 * A line is added, never changed; with it the rating version grows, and every asset-hour since its start that it may
 * concern is rated anew. What differs is booked beside what stood there.
 */
export async function addPrice(ctx: Ctx, input: AddPrice): Promise<{ version: number }> {
  const version = await ctx.db.transaction(async (tx) => {
    if (input.clusterId) await refuseUnknownCluster(tx, ctx.orgId, input.clusterId);
    return insertPrices(tx, ctx, [input]);
  });
  await tellCosts(ctx);
  return { version };
}

/** All of them under one new rating version. */
async function insertPrices(tx: Tx, ctx: Ctx, lines: readonly AddPrice[]): Promise<number> {
  const { version, currency: own } = await nextVersion(tx, ctx.orgId);
  const foreign = new Set<string>();
  const scopes: RatedScope[] = [];
  for (const input of lines) {
    const validFrom = new Date(input.validFrom);
    const currency = input.unitPrice === null ? null : await currencyOf(tx, ctx.orgId, own, { currency: input.currency, validFrom });
    const [line] = await tx.insert(priceLines).values({ ...input, currency, note: input.note ?? null, validFrom, orgId: ctx.orgId, version, createdBy: ctx.actor.name }).returning();
    if (currency) foreign.add(currency);
    const { kind, clusterId, model, capacityClass, unitPrice } = input;
    scopes.push({ kind, clusterId, model, since: validFrom.getTime() });
    await audit(tx, ctx, { action: "price.add", target: { type: "price", id: line!.id, name: model ?? kind }, after: { kind, model, capacityClass, clusterId, unitPrice, currency, validFrom: input.validFrom } });
  }
  for (const currency of foreign) await refuseTooLarge(tx, ctx.orgId, currency, "unitPrice");
  await rateAgain(tx, ctx.orgId, scopes);
  return version;
}

/**
 * A price book from a file, all of it or nothing. What says the same as a line that holds is passed over, so that a file that
 * was exported, changed and brought back adds only what was changed.
 * @throws DomainError "invalid" whose issues name line and column.
 */
export async function importPrices(ctx: Ctx, { csv, apply }: ImportPrices): Promise<PriceImport> {
  const found = await ctx.db.transaction(async (tx) => {
    const known = new Map((await tx.select({ id: clusters.id, slug: clusters.slug }).from(clusters).where(eq(clusters.orgId, ctx.orgId))).map(({ id, slug }) => [slug, id]));
    const lines = readPriceFile(csv, { clusters: known, ...(await loadCurrencies(tx, ctx.orgId)) });
    if (apply) await tx.insert(costSettings).values({ orgId: ctx.orgId }).onConflictDoNothing(); // the row that two imports wait for each other on
    await tx.select({ orgId: costSettings.orgId }).from(costSettings).where(eq(costSettings.orgId, ctx.orgId)).for("update");
    const book = await loadPriceBook(tx, ctx.orgId);
    const holds = new Map(book.lines.map((line) => [scopeOf({ ...line, validFrom: line.validFrom }), priceWords(line.unitPrice, line.currency)]));
    const last = new Map(lines.map((line) => [scopeOf({ ...line, validFrom: Date.parse(line.validFrom) }), line])); // of two that replace each other, as an export has them, the later holds
    const fresh = [...last].flatMap(([scope, line]) => {
      const isNew = !holds.has(scope) || holds.get(scope) !== priceWords(line.unitPrice === null ? null : decimal(line.unitPrice), line.currency);
      return isNew ? [line] : [];
    });
    const version = apply && fresh.length > 0 ? await insertPrices(tx, ctx, fresh) : null;
    return { fresh: fresh.length, present: lines.length - fresh.length, version };
  });
  if (found.version !== null) await tellCosts(ctx);
  return found;
}

const scopeOf = ({ kind, clusterId, model, capacityClass, validFrom }: Pick<AddPrice, "kind" | "clusterId" | "model" | "capacityClass"> & { validFrom: number }) => JSON.stringify([kind, clusterId, model, capacityClass, validFrom]);

/** Of all prices: amounts keep their figures, and get another name. Not with rates, which say what is worth something in the old one, nor once a month was closed, and so invoiced, in it. */
export async function setCurrency(ctx: Ctx, currency: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await tx.insert(costSettings).values({ orgId: ctx.orgId }).onConflictDoNothing(); // the row that a first rate and this wait for each other on
    const [before] = await tx.select({ currency: costSettings.currency }).from(costSettings).where(eq(costSettings.orgId, ctx.orgId)).for("update");
    const [rate] = await tx.select({ id: exchangeRates.id }).from(exchangeRates).where(eq(exchangeRates.orgId, ctx.orgId)).limit(1);
    const [closed] = await tx.select({ period: costPeriods.period }).from(costPeriods).where(and(eq(costPeriods.orgId, ctx.orgId), eq(costPeriods.state, "closed"))).limit(1);
    const why = rate ? "There are exchange rates into the present currency, and they stay." : closed ? `${monthName(closed.period)} is closed in the present currency, and stays what it is.` : null;
    if (why) {
      const message = `${why} It can no longer be changed.`;
      throw new DomainError("conflict", message, { issues: [{ field: "currency", message }] });
    }
    await tx.update(costSettings).set({ currency, updatedAt: sql`now()` }).where(eq(costSettings.orgId, ctx.orgId));
    await audit(tx, ctx, { action: "price.currency", target: { type: "organization", id: ctx.orgId }, before, after: { currency } });
  });
  await tellCosts(ctx);
}

/** One price in words that are the same whenever it is. */
const priceWords = (price: Decimal | null, currency: string | null): string => (price === null ? "ended" : `${decimalText(trimmed(price))} ${currency ?? "own"}`);

async function refuseUnknownCluster(tx: Tx, orgId: string, id: string): Promise<void> {
  const [found] = await tx.select({ id: clusters.id }).from(clusters).where(and(eq(clusters.orgId, orgId), eq(clusters.id, id)));
  if (!found) throw notFound();
}
