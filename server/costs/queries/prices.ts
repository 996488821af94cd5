import { asc, desc, eq, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costSettings, exchangeRates, priceLines } from "../../../db/schema/costs.ts";
import type { PriceBookView } from "../../../domain/costs/cost-view.ts";
import { decimal } from "../../../domain/costs/decimal.ts";
import type { ExchangeRate } from "../../../domain/costs/exchange.ts";
import type { PriceLine } from "../../../domain/costs/price-book.ts";

/** The prices of an organization, and the version of them that holds now. */
export interface PriceBook {
  version: number;
  currency: string;
  lines: (PriceLine & { currency: string | null })[];
}

const settingsOf = async (db: DbOrTx, orgId: string) => {
  const [settings] = await db.select({ currency: costSettings.currency, version: costSettings.ratingVersion }).from(costSettings).where(eq(costSettings.orgId, orgId));
  return settings ?? { currency: "USD", version: 0 };
};

/** In which everything is rated. */
export const readCurrency = async (db: DbOrTx, orgId: string): Promise<string> => (await settingsOf(db, orgId)).currency;

export async function loadPriceBook(db: DbOrTx, orgId: string): Promise<PriceBook> {
  const [settings, rows] = await Promise.all([settingsOf(db, orgId), db.select().from(priceLines).where(eq(priceLines.orgId, orgId)).orderBy(asc(priceLines.version), asc(priceLines.id))]);
  const rates = rows.some((row) => row.currency !== null) ? await loadRates(db, orgId) : new Map<string, ExchangeRate[]>();
  const lines = rows.map((row) => ({ id: row.id, version: row.version, kind: row.kind, clusterId: row.clusterId, model: row.model, capacityClass: row.capacityClass, validFrom: row.validFrom.getTime(), unitPrice: row.unitPrice === null ? null : decimal(row.unitPrice), currency: row.currency, ...(row.currency === null ? {} : { rates: rates.get(row.currency) ?? [] }) }));
  return { ...settings, lines };
}

/** By currency. */
export async function loadRates(db: DbOrTx, orgId: string): Promise<Map<string, ExchangeRate[]>> {
  const rows = await db.select().from(exchangeRates).where(eq(exchangeRates.orgId, orgId)).orderBy(asc(exchangeRates.version));
  return new Map([...Map.groupBy(rows, ({ currency }) => currency)].map(([currency, own]) => [currency, own.map((row): ExchangeRate => ({ id: row.id, version: row.version, validFrom: Date.parse(row.validFrom), rate: decimal(row.rate) }))]));
}

/** The organization's own, and since which day there are rates of others. */
export async function loadCurrencies(db: DbOrTx, orgId: string): Promise<{ currency: string; ratesSince: Map<string, string> }> {
  const { currency } = await settingsOf(db, orgId);
  const rows = await db.select({ currency: exchangeRates.currency, since: sql<string>`min(${exchangeRates.validFrom})::text` }).from(exchangeRates).where(eq(exchangeRates.orgId, orgId)).groupBy(exchangeRates.currency);
  return { currency, ratesSince: new Map(rows.map((row) => [row.currency, row.since])) };
}

/** Every line, the newest first: nothing is ever taken out. */
export async function listPrices(db: DbOrTx, orgId: string): Promise<PriceBookView> {
  const settings = await settingsOf(db, orgId);
  const rates = await db
    .select({ id: exchangeRates.id, version: exchangeRates.version, currency: exchangeRates.currency, validFrom: exchangeRates.validFrom, rate: sql<string>`trim_scale(${exchangeRates.rate})::text`, note: exchangeRates.note, createdBy: exchangeRates.createdBy, createdAt: exchangeRates.createdAt })
    .from(exchangeRates)
    .where(eq(exchangeRates.orgId, orgId))
    .orderBy(desc(exchangeRates.validFrom), asc(exchangeRates.currency), desc(exchangeRates.version));
  const lines = await db
    .select({ id: priceLines.id, version: priceLines.version, kind: priceLines.kind, cluster: clusters.name, model: priceLines.model, capacityClass: priceLines.capacityClass, validFrom: priceLines.validFrom, unitPrice: sql<string | null>`trim_scale(${priceLines.unitPrice})::text`, currency: sql<string>`coalesce(${priceLines.currency}, ${settings.currency})`, note: priceLines.note, createdBy: priceLines.createdBy, createdAt: priceLines.createdAt })
    .from(priceLines)
    .leftJoin(clusters, eq(clusters.id, priceLines.clusterId))
    .where(eq(priceLines.orgId, orgId))
    .orderBy(desc(priceLines.version), desc(priceLines.id));
  return { ...settings, lines, rates };
}

/** Every line as a file has it, in the order in which they were added. */
export async function priceFileRows(db: DbOrTx, orgId: string) {
  const { currency: own } = await settingsOf(db, orgId);
  return db
    .select({ kind: priceLines.kind, cluster: clusters.slug, model: priceLines.model, class: priceLines.capacityClass, validFrom: priceLines.validFrom, unitPrice: sql<string | null>`trim_scale(${priceLines.unitPrice})::text`, currency: sql<string | null>`case when ${priceLines.unitPrice} is not null then coalesce(${priceLines.currency}, ${own}) end`, note: priceLines.note })
    .from(priceLines)
    .leftJoin(clusters, eq(clusters.id, priceLines.clusterId))
    .where(eq(priceLines.orgId, orgId))
    .orderBy(asc(priceLines.version), asc(priceLines.id));
}
