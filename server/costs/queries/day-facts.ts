import type { TransactionSql } from "postgres";
import { DAY_MS } from "../../../domain/costs/days.ts";
import { decimal, rescale } from "../../../domain/costs/decimal.ts";
import { type HeldKind, RESOURCE_KINDS, type ResourceKind, STORED_WHAT } from "../../../domain/costs/metering.ts";
import { QUANTITY_SCALE } from "../../../domain/costs/rating.ts";
import { type AttemptFate, type Charge, isWasted, type NodeAsset } from "../../../domain/costs/split.ts";

/** A day (UTC, 2026-11-25) of a cluster. */
export interface ClusterDay {
  orgId: string;
  clusterId: string;
  day: string;
}
/** What the ledger says of it so far. Asked node by node, which is how the ledger is found. */
export async function loadCharges(tx: TransactionSql, { clusterId, day }: ClusterDay): Promise<Charge[]> {
  const rows = await tx<{ node: string; kind: ResourceKind; model: string; hour: Date; capacity_class: string; attempt_id: string | null; project_id: string; unit_price: string; quantity: string; is_provisional: boolean }[]>`
    with known as (
      select name as node from nodes where cluster_id = ${clusterId} union select node from capacity_intervals where cluster_id = ${clusterId}
      union select endpoint_id from served_meters where cluster_id = ${clusterId} union select what from unnest(${[...STORED_WHAT]}::text[]) as what
    )
    select e.node, e.kind, e.model, e.hour, e.capacity_class, e.attempt_id, coalesce(e.project_id, '') as project_id, e.unit_price::text, sum(e.quantity)::text as quantity, e.evidence = 'provisional' as is_provisional
    from known cross join unnest(${[...RESOURCE_KINDS]}::text[]) as held (kind)
    cross join lateral (
      select * from ledger_entries l where l.cluster_id = ${clusterId} and l.node = known.node and l.kind = held.kind and l.line > 0
        and l.hour >= ${day}::date::timestamp at time zone 'utc' and l.hour < (${day}::date + 1)::timestamp at time zone 'utc'
    ) e
    group by e.node, e.kind, e.model, e.hour, e.capacity_class, e.attempt_id, e.project_id, e.unit_price, e.evidence having sum(e.quantity) <> 0`;
  return rows.map((row) => ({
    node: row.node, kind: row.kind, model: row.model, hour: row.hour.getTime(), capacityClass: row.capacity_class, attemptId: row.attempt_id, projectId: row.project_id,
    unitPrice: decimal(row.unit_price), units: rescale(decimal(row.quantity), QUANTITY_SCALE).units, isProvisional: row.is_provisional,
  }));
}

/** How these attempts ended, and how much of what they held they used on that day; by `<attempt> <kind>`. */
export async function loadFates(tx: TransactionSql, attemptIds: readonly string[], day: string): Promise<(attemptId: string, kind: ResourceKind) => AttemptFate> {
  const rows = await tx<{ id: string; status: string; outcome: string | null; kind: HeldKind | null; use: number | null }[]>`
    select a.id, a.status, a.outcome, u.kind, u.use from attempts a left join attempt_use u on u.attempt_id = a.id and u.day = ${day} where a.id = any(${[...attemptIds]}::text[])`;
  const wasted = new Set(rows.filter(isWasted).map(({ id }) => id));
  const use = new Map(rows.map((row) => [`${row.id} ${row.kind}`, row.use]));
  return (attemptId, kind) => ({ isWasted: wasted.has(attemptId), use: use.get(`${attemptId} ${kind}`) ?? null });
}

type Span = { node: string; kind: HeldKind; model: string; from: Date; to: Date | null; milli: number };
type Growing = NodeAsset & { capacity: NodeAsset["capacity"][number][]; holdings: NodeAsset["holdings"][number][] };

/** What each node had that day, and who held how much of it. */
export async function loadNodes(tx: TransactionSql, { clusterId, day }: ClusterDay, attemptIds: readonly string[]): Promise<Map<string, NodeAsset[]>> {
  const [begin, end] = [new Date(day), new Date(Date.parse(day) + DAY_MS)];
  const capacity = await tx<Span[]>`
    select node, kind, model, from_at as from, until_at as to, milli from capacity_intervals where cluster_id = ${clusterId} and from_at < ${end} and (until_at is null or until_at > ${begin})`;
  const holdings = await tx<(Span & { device: string | null })[]>`
    select i.node, i.kind, i.model, i.from_at as from, coalesce(i.until_at, greatest(i.from_at, m.alive_at)) as to, i.milli, i.device
    from usage_intervals i join usage_meters m on m.attempt_id = i.attempt_id
    where i.attempt_id = any(${[...attemptIds]}::text[]) and i.cluster_id = ${clusterId} and i.from_at < ${end} and coalesce(i.until_at, greatest(i.from_at, m.alive_at)) > ${begin}
    union all select u.node, u.kind, u.model, u.from_at, coalesce(u.until_at, j.alive_at), u.milli, null
    from outside_usage u join outside_jobs j on j.id = u.outside_job_id
    where u.outside_job_id = any(${[...attemptIds]}::text[]) and u.from_at < ${end} and coalesce(u.until_at, j.alive_at) > ${begin}`;
  const nodes = new Map<string, Growing[]>();
  const assetOf = ({ node, kind, model }: Span): Growing => {
    const assets = nodes.get(node) ?? [];
    nodes.set(node, assets);
    const known = assets.find((asset) => asset.kind === kind && asset.model === model) ?? { kind, model, capacity: [], holdings: [] };
    if (!assets.includes(known)) assets.push(known);
    return known;
  };
  for (const span of capacity) assetOf(span).capacity.push({ from: span.from.getTime(), to: span.to?.getTime() ?? Infinity, milli: span.milli });
  for (const span of holdings) assetOf(span).holdings.push({ from: span.from.getTime(), to: span.to!.getTime(), milli: span.milli, device: span.device });
  return nodes;
}
