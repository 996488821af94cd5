import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { costSettings } from "../../../db/schema/costs.ts";

/** With every change of prices or rates the rating version grows. The row is locked until the transaction ends. */
export async function nextVersion(tx: Tx, orgId: string): Promise<{ version: number; currency: string }> {
  const [settings] = await tx.insert(costSettings).values({ orgId, ratingVersion: 1 }).onConflictDoUpdate({ target: costSettings.orgId, set: { ratingVersion: sql`${costSettings.ratingVersion} + 1`, updatedAt: sql`now()` } }).returning();
  return { version: settings!.ratingVersion, currency: settings!.currency };
}

/**
 * Every asset-hour that some prices may concern. By how its asset was there: capacity is told from the day that costs began, so this is bounded by it.
 * @param scopes A query of `kind`, `cluster_id`, `model` (null: every one) and `since`.
 */
export async function rateAgain(tx: Tx, orgId: string, scopes: SQL): Promise<void> {
  await tx.execute(sql`
    insert into dirty_hours (org_id, cluster_id, node, kind, model, hour)
    select distinct c.org_id, c.cluster_id, c.node, c.kind, c.model, h.hour
    from (${scopes}) price
    join capacity_intervals c on c.kind = price.kind and (price.cluster_id is null or c.cluster_id = price.cluster_id) and (price.model is null or position(price.model in lower(c.model)) > 0)
    cross join generate_series(date_trunc('hour', greatest(c.from_at, price.since), 'UTC'), least(coalesce(c.until_at, now()), now()), interval '1 hour') as h (hour)
    where c.org_id = ${orgId}
    order by 2, 3, 4, 5, 6 on conflict (cluster_id, node, kind, model, hour) do update set marked_at = now()`);
}
