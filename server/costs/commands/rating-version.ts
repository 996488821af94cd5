import { sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { costSettings } from "../../../db/schema/costs.ts";
import type { RatedScope } from "../../../domain/costs/held.ts";

/** With every change of prices or rates the rating version grows. The row is locked until the transaction ends. */
export async function nextVersion(tx: Tx, orgId: string): Promise<{ version: number; currency: string }> {
  const [settings] = await tx.insert(costSettings).values({ orgId, ratingVersion: 1 }).onConflictDoUpdate({ target: costSettings.orgId, set: { ratingVersion: sql`${costSettings.ratingVersion} + 1`, updatedAt: sql`now()` } }).returning();
  return { version: settings!.ratingVersion, currency: settings!.currency };
}

/**
 * Every asset-hour that some prices may concern. By how its asset was there: capacity is told from the day that costs began, so this is bounded by it.
 * And those in which more was held than there was, which may be nothing; and what was stored and served.
 */
export async function rateAgain(tx: Tx, orgId: string, scopes: readonly RatedScope[]): Promise<void> {
  if (scopes.length === 0) return;
  await tx.execute(sql`
    with price as (select * from jsonb_to_recordset(${JSON.stringify(scopes.map(({ since, ...scope }) => ({ ...scope, since: new Date(since) })))}::text::jsonb) as price (kind text, "clusterId" text, model text, since timestamptz))
    insert into dirty_hours (org_id, cluster_id, node, kind, model, hour)
    select c.org_id, c.cluster_id, c.node, c.kind, c.model, h.hour
    from price join capacity_intervals c on c.kind = price.kind and (price."clusterId" is null or c.cluster_id = price."clusterId") and (price.model is null or position(price.model in lower(c.model)) > 0)
    cross join generate_series(date_trunc('hour', greatest(c.from_at, price.since), 'UTC'), least(coalesce(c.until_at, now()), now()), interval '1 hour') as h (hour)
    where c.org_id = ${orgId}
    union select l.org_id, l.cluster_id, l.node, l.kind, l.model, l.hour
    from price join ledger_entries l on l.kind = price.kind and (price."clusterId" is null or l.cluster_id = price."clusterId") and (price.model is null or position(price.model in lower(l.model)) > 0) and l.hour >= date_trunc('hour', price.since, 'UTC')
    where l.org_id = ${orgId} and l.line > 0 and l.attempt_id is null and l.quantity < 0
    union select s.org_id, s.org_id, s.what, 'storage', '', h.hour
    from price join stored_intervals s on price.kind = 'storage' cross join generate_series(date_trunc('hour', greatest(s.from_at, price.since), 'UTC'), s.until_at - interval '1 hour', interval '1 hour') as h (hour)
    where s.org_id = ${orgId}
    union select s.org_id, m.cluster_id, m.endpoint_id, s.kind, s.model, date_trunc('hour', s.from_at, 'UTC')
    from price join served_counts s on s.kind = price.kind and s.from_at >= date_trunc('hour', price.since, 'UTC') and (price.model is null or position(price.model in lower(s.model)) > 0) join served_meters m on m.id = s.meter_id and (price."clusterId" is null or m.cluster_id = price."clusterId")
    where s.org_id = ${orgId}
    order by 2, 3, 4, 5, 6 on conflict (cluster_id, node, kind, model, hour) do update set marked_at = now()`);
}
