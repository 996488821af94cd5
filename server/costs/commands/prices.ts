import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costSettings, priceLines } from "../../../db/schema/costs.ts";
import { decimal, decimalText, trimmed } from "../../../domain/costs/decimal.ts";
import type { AddPrice } from "../../../domain/costs/inputs.ts";
import type { PriceImport } from "../../../domain/costs/price-columns.ts";
import type { ImportPrices } from "../../../domain/costs/price-file.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { bus } from "../../bus.ts";
import type { Ctx } from "../../trpc/context.ts";
import { readPriceFile } from "../price-file.ts";
import { loadPriceBook } from "../queries/prices.ts";

/**
 * A line is added, never changed; with it the rating version grows, and every asset-hour since its start that it may
 * concern is rated anew. What differs is booked beside what stood there.
 */
export async function addPrice(ctx: Ctx, input: AddPrice): Promise<{ version: number }> {
  const version = await ctx.db.transaction(async (tx) => {
    if (input.clusterId) await refuseUnknownCluster(tx, ctx.orgId, input.clusterId);
    return insertPrices(tx, ctx, [input]);
  });
  await tell(ctx);
  return { version };
}

/** All of them under one new rating version. */
async function insertPrices(tx: Tx, ctx: Ctx, lines: readonly AddPrice[]): Promise<number> {
  const [settings] = await tx.insert(costSettings).values({ orgId: ctx.orgId, ratingVersion: 1 }).onConflictDoUpdate({ target: costSettings.orgId, set: { ratingVersion: sql`${costSettings.ratingVersion} + 1`, updatedAt: sql`now()` } }).returning();
  const version = settings!.ratingVersion;
  for (const input of lines) {
    const validFrom = new Date(input.validFrom);
    const [line] = await tx.insert(priceLines).values({ ...input, note: input.note ?? null, validFrom, orgId: ctx.orgId, version, createdBy: ctx.actor.name }).returning();
    await rateAgain(tx, ctx.orgId, { ...input, validFrom });
    const { kind, model, capacityClass, unitPrice } = input;
    await audit(tx, ctx, { action: "price.add", target: { type: "price", id: line!.id, name: model ?? kind }, after: { kind, model, capacityClass, clusterId: input.clusterId, unitPrice, validFrom: input.validFrom } });
  }
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
    const lines = readPriceFile(csv, known);
    if (apply) await tx.insert(costSettings).values({ orgId: ctx.orgId }).onConflictDoNothing(); // the row that two imports wait for each other on
    await tx.select({ orgId: costSettings.orgId }).from(costSettings).where(eq(costSettings.orgId, ctx.orgId)).for("update");
    const book = await loadPriceBook(tx, ctx.orgId);
    const holds = new Map(book.lines.map((line) => [scopeOf({ ...line, validFrom: line.validFrom }), line.unitPrice === null ? null : decimalText(trimmed(line.unitPrice))]));
    const fresh = lines.filter((line) => {
      const scope = scopeOf({ ...line, validFrom: Date.parse(line.validFrom) });
      return !holds.has(scope) || holds.get(scope) !== (line.unitPrice === null ? null : decimalText(trimmed(decimal(line.unitPrice))));
    });
    const version = apply && fresh.length > 0 ? await insertPrices(tx, ctx, fresh) : null;
    return { fresh: fresh.length, present: lines.length - fresh.length, version };
  });
  if (found.version !== null) await tell(ctx);
  return found;
}

const scopeOf = ({ kind, clusterId, model, capacityClass, validFrom }: Pick<AddPrice, "kind" | "clusterId" | "model" | "capacityClass"> & { validFrom: number }) => JSON.stringify([kind, clusterId, model, capacityClass, validFrom]);

/** Of all prices: amounts keep their figures, and get another name. */
export async function setCurrency(ctx: Ctx, currency: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [before] = await tx.select({ currency: costSettings.currency }).from(costSettings).where(eq(costSettings.orgId, ctx.orgId)).for("update");
    await tx.insert(costSettings).values({ orgId: ctx.orgId, currency }).onConflictDoUpdate({ target: costSettings.orgId, set: { currency, updatedAt: sql`now()` } });
    await audit(tx, ctx, { action: "price.currency", target: { type: "organization", id: ctx.orgId }, before: before ?? null, after: { currency } });
  });
  await tell(ctx);
}

const tell = (ctx: Ctx) => bus().publishNow([{ orgId: ctx.orgId, topic: "costs", id: ctx.orgId }]);

async function refuseUnknownCluster(tx: Tx, orgId: string, id: string): Promise<void> {
  const [found] = await tx.select({ id: clusters.id }).from(clusters).where(and(eq(clusters.orgId, orgId), eq(clusters.id, id)));
  if (!found) throw notFound();
}

/** By how its asset was there: capacity is told from the day that costs began, so this is bounded by it. */
async function rateAgain(tx: Tx, orgId: string, { kind, clusterId, model, validFrom }: Pick<AddPrice, "kind" | "clusterId" | "model"> & { validFrom: Date }): Promise<void> {
  await tx.execute(sql`
    insert into dirty_hours (org_id, cluster_id, node, kind, model, hour)
    select distinct c.org_id, c.cluster_id, c.node, c.kind, c.model, h.hour
    from capacity_intervals c, generate_series(date_trunc('hour', greatest(c.from_at, ${validFrom.toISOString()}::timestamptz), 'UTC'), least(coalesce(c.until_at, now()), now()), interval '1 hour') as h (hour)
    where c.org_id = ${orgId} and c.kind = ${kind} ${clusterId ? sql`and c.cluster_id = ${clusterId}` : sql``} ${model ? sql`and position(${model} in lower(c.model)) > 0` : sql``}
    order by 2, 3, 4, 5, 6 on conflict (cluster_id, node, kind, model, hour) do update set marked_at = now()`);
}
