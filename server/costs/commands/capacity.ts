import { sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";

/**
 * The capacity of a cluster from now on is what its nodes have now. In the transaction that changed the nodes: what was
 * different ends, what is new begins, what stayed is left alone. A node that is down still costs; one that is switched off or gone does not.
 */
export async function followCapacity(tx: Tx, { orgId, clusterId }: { orgId: string; clusterId: string }): Promise<void> {
  const ended = await tx.execute<{ node: string; kind: string; model: string }>(sql`
    with wanted as (${capacityNow(clusterId)})
    update capacity_intervals c set until_at = greatest(c.from_at, now())
    where c.cluster_id = ${clusterId} and c.until_at is null
      and not exists (select 1 from wanted w where w.node = c.node and w.kind = c.kind and w.model = c.model and w.milli = c.milli and w.capacity_class = c.capacity_class)
    returning c.node, c.kind, c.model`);
  const begun = await tx.execute<{ node: string; kind: string; model: string; milli: number; capacity_class: string }>(sql`
    with wanted as (${capacityNow(clusterId)})
    select w.* from wanted w where not exists (select 1 from capacity_intervals c where c.cluster_id = ${clusterId} and c.until_at is null and c.node = w.node and c.kind = w.kind and c.model = w.model)`);
  for (const { node, kind, model, milli, capacity_class } of begun) {
    await tx.execute(sql`
      insert into capacity_intervals (id, org_id, cluster_id, node, kind, model, milli, capacity_class, from_at)
      values (${newId("capacityInterval")}, ${orgId}, ${clusterId}, ${node}, ${kind}, ${model}, ${milli}, ${capacity_class}, now())`);
  }
  if (begun.length > 0) await tx.execute(sql`insert into cost_clocks (cluster_id, org_id, complete_to) values (${clusterId}, ${orgId}, date_trunc('hour', now(), 'UTC')) on conflict do nothing`);
  for (const { node, kind, model } of ended) {
    await tx.execute(sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) values (${orgId}, ${clusterId}, ${node}, ${kind}, ${model}, date_trunc('hour', now(), 'UTC')) on conflict (cluster_id, node, kind, model, hour) do update set marked_at = now()`);
  }
}

/** A slice or share is capacity of its GPU, and priced by it: as `wholeName` has it. */
const WHOLE_MODEL = sql`regexp_replace(a.model, ' (MIG [^ ]+|shared 1/[0-9]+)$', '')`;
const capacityNow = (clusterId: string) => sql`
  select n.name as node, 'cpu' as kind, '' as model, round(n.cpus * 1000)::int as milli, c.capacity_class
  from nodes n join clusters c on c.id = n.cluster_id where n.cluster_id = ${clusterId} and n.state not in ('off', 'gone') and n.cpus > 0
  union all
  select n.name, 'memory', '', round(n.memory_mib * 1000.0 / 1024)::int, c.capacity_class
  from nodes n join clusters c on c.id = n.cluster_id where n.cluster_id = ${clusterId} and n.state not in ('off', 'gone') and n.memory_mib > 0
  union all
  select n.name, 'accelerator', ${WHOLE_MODEL}, (count(distinct coalesce(a.parent_uuid, a.uuid)) * 1000)::int, c.capacity_class
  from accelerators a join nodes n on n.id = a.node_id join clusters c on c.id = n.cluster_id
  where n.cluster_id = ${clusterId} and n.state not in ('off', 'gone') and a.present group by n.name, ${WHOLE_MODEL}, c.capacity_class`;
