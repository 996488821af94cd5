import { sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import type { HeldSpan } from "../../../domain/costs/accrual.ts";
import type { CapacityClass, HeldKind, UsageEvidence } from "../../../domain/costs/metering.ts";

interface HeldRow extends Record<string, unknown> {
  run_id: string;
  attempt_id: string;
  cluster_id: string;
  kind: HeldKind;
  model: string;
  capacity_class: CapacityClass;
  milli: number;
  from: string;
  to: string;
  evidence: UsageEvidence;
}

export interface RunSpan extends HeldSpan {
  runId: string;
  attemptId: string;
}

/** What runs held, up to the last proof that each lived, and of what class: of an hour's last capacity, as the ledger has it. */
export async function listHeld(db: DbOrTx, orgId: string, runIds: readonly string[]): Promise<RunSpan[]> {
  if (runIds.length === 0) return [];
  const rows = await db.execute<HeldRow>(sql`
    with held as materialized (
      select i.run_id, i.attempt_id, i.cluster_id, i.node, i.kind, i.model, i.milli, i.from_at, coalesce(i.until_at, greatest(i.from_at, m.alive_at)) as to_at, i.evidence
      from usage_intervals i join usage_meters m on m.attempt_id = i.attempt_id where i.org_id = ${orgId} and i.run_id = any(${sql.param([...runIds])}::text[])
    ), classes as (
      select c.cluster_id, c.node, c.kind, c.model, c.capacity_class, date_trunc('hour', c.from_at, 'UTC') as since,
        coalesce(lead(date_trunc('hour', c.from_at, 'UTC')) over (partition by c.cluster_id, c.node, c.kind, c.model order by c.from_at), 'infinity') as upto
      from (select distinct cluster_id, node, kind, model from held) asset join capacity_intervals c using (cluster_id, node, kind, model)
    ), spans as (
      select h.*, k.capacity_class, greatest(h.from_at, k.since) as since, least(h.to_at, k.upto) as upto from held h join classes k using (cluster_id, node, kind, model) where k.since < k.upto and k.since < h.to_at and k.upto > h.from_at
      union all select h.*, 'owned', h.from_at, least(h.to_at, f.first) from held h left join (select cluster_id, node, kind, model, min(since) as first from classes group by 1, 2, 3, 4) f using (cluster_id, node, kind, model) where f.first is null or f.first > h.from_at
    )
    select run_id, attempt_id, cluster_id, kind, model, capacity_class, milli, (extract(epoch from since) * 1000)::bigint::text as from, (extract(epoch from upto) * 1000)::bigint::text as to, evidence from spans`);
  return rows.map((one) => ({
    runId: one.run_id, attemptId: one.attempt_id, clusterId: one.cluster_id, kind: one.kind, model: one.model, capacityClass: one.capacity_class, milli: one.milli, from: +one.from, to: +one.to, evidence: one.evidence,
  }));
}
