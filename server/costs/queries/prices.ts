import { asc, desc, eq, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costSettings, priceLines } from "../../../db/schema/costs.ts";
import type { PriceBookView } from "../../../domain/costs/cost-view.ts";
import { decimal } from "../../../domain/costs/decimal.ts";
import type { PriceLine } from "../../../domain/costs/price-book.ts";

/** The prices of an organization, and the version of them that holds now. */
export interface PriceBook {
  version: number;
  currency: string;
  lines: PriceLine[];
}

const settingsOf = async (db: DbOrTx, orgId: string) => {
  const [settings] = await db.select({ currency: costSettings.currency, version: costSettings.ratingVersion }).from(costSettings).where(eq(costSettings.orgId, orgId));
  return settings ?? { currency: "USD", version: 0 };
};

export async function loadPriceBook(db: DbOrTx, orgId: string): Promise<PriceBook> {
  const rows = await db.select().from(priceLines).where(eq(priceLines.orgId, orgId)).orderBy(asc(priceLines.version), asc(priceLines.id));
  const lines = rows.map((row): PriceLine => ({ id: row.id, version: row.version, kind: row.kind, clusterId: row.clusterId, model: row.model, capacityClass: row.capacityClass, validFrom: row.validFrom.getTime(), unitPrice: row.unitPrice === null ? null : decimal(row.unitPrice) }));
  return { ...(await settingsOf(db, orgId)), lines };
}

/** Every line, the newest first: nothing is ever taken out. */
export async function listPrices(db: DbOrTx, orgId: string): Promise<PriceBookView> {
  const lines = await db
    .select({ id: priceLines.id, version: priceLines.version, kind: priceLines.kind, cluster: clusters.name, model: priceLines.model, capacityClass: priceLines.capacityClass, validFrom: priceLines.validFrom, unitPrice: sql<string | null>`trim_scale(${priceLines.unitPrice})::text`, note: priceLines.note, createdBy: priceLines.createdBy, createdAt: priceLines.createdAt })
    .from(priceLines)
    .leftJoin(clusters, eq(clusters.id, priceLines.clusterId))
    .where(eq(priceLines.orgId, orgId))
    .orderBy(desc(priceLines.version), desc(priceLines.id));
  return { ...(await settingsOf(db, orgId)), lines };
}

/** Every line as a file has it, in the order in which they were added. */
export async function priceFileRows(db: DbOrTx, orgId: string) {
  return db
    .select({ kind: priceLines.kind, cluster: clusters.slug, model: priceLines.model, class: priceLines.capacityClass, validFrom: priceLines.validFrom, unitPrice: sql<string | null>`trim_scale(${priceLines.unitPrice})::text`, note: priceLines.note })
    .from(priceLines)
    .leftJoin(clusters, eq(clusters.id, priceLines.clusterId))
    .where(eq(priceLines.orgId, orgId))
    .orderBy(asc(priceLines.version), asc(priceLines.id));
}
