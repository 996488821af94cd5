import type { Sql, TransactionSql } from "postgres";
import { decimal } from "../../../domain/costs/decimal.ts";
import type { Balance } from "../../../domain/costs/ledger.ts";
import { type CapacityClass, HOUR_MS, type ResourceKind, type UsageEvidence } from "../../../domain/costs/metering.ts";
import type { CapacitySpan, Holding } from "../../../domain/costs/rating.ts";
import type { Served } from "../../../domain/costs/served.ts";
import type { Stored } from "../../../domain/costs/stored.ts";

/** One hour of one asset whose facts changed since it was rated. */
export interface DirtyHour {
  orgId: string;
  clusterId: string;
  node: string;
  kind: ResourceKind;
  model: string;
  /** Unix ms. */
  hour: number;
  /** The hour is over, and what nobody held in it is known. */
  isComplete: boolean;
}
/** Whose hours wait to be rated; one look at the index for each. */
export async function listDirtyOrgs(sql: Sql): Promise<string[]> {
  const rows = await sql<{ org_id: string }[]>`
    with recursive orgs as (
      (select org_id from dirty_hours order by org_id limit 1)
      union all select (select d.org_id from dirty_hours d where d.org_id > orgs.org_id order by d.org_id limit 1) from orgs where orgs.org_id is not null
    ) select org_id from orgs where org_id is not null`;
  return rows.map((row) => row.org_id);
}
/** What is known of one of them. */
export interface HourFacts {
  holdings: Holding[];
  stored: Stored[];
  served: Served[];
  capacity: CapacitySpan[];
  capacityClass: CapacityClass;
  balances: Balance[];
}
/**
 * The oldest, locked for this transaction; those that another worker has in hand are left to it. What is complete is asked
 * once they are locked: an hour that becomes so later is marked again, and waits for the lock.
 * @param orgId Only this organization's; null: everybody's.
 */
export async function takeDirtyHours(tx: TransactionSql, limit: number, orgId: string | null): Promise<DirtyHour[]> {
  const rows = await tx<{ org_id: string; cluster_id: string; node: string; kind: ResourceKind; model: string; hour: Date }[]>`
    select org_id, cluster_id, node, kind, model, hour from dirty_hours where ${orgId === null ? tx`true` : tx`org_id = ${orgId}`} order by marked_at, cluster_id, node, kind, model, hour limit ${limit} for update skip locked`;
  const clocks = await tx<{ cluster_id: string; complete_to: Date }[]>`select cluster_id, complete_to from cost_clocks where cluster_id = any(${[...new Set(rows.map((row) => row.cluster_id))]}::text[])`;
  const completeTo = new Map(clocks.map((row) => [row.cluster_id, row.complete_to.getTime()]));
  return rows.map((row) => ({ orgId: row.org_id, clusterId: row.cluster_id, node: row.node, kind: row.kind, model: row.model, hour: row.hour.getTime(), isComplete: row.hour.getTime() + HOUR_MS <= (completeTo.get(row.cluster_id) ?? 0) }));
}

/** Them as a table `k`, in their order. */
export const keysOf = (tx: TransactionSql, hours: readonly DirtyHour[]) => {
  const column = (of: (one: DirtyHour) => string) => hours.map(of);
  return tx`unnest(${column((one) => one.clusterId)}::text[], ${column((one) => one.node)}::text[], ${column((one) => one.kind)}::text[], ${column((one) => one.model)}::text[], ${column((one) => new Date(one.hour).toISOString())}::timestamptz[])
    with ordinality as k (cluster_id, node, kind, model, hour, at)`;
};
/** `with ordinality` counts from 1, as a bigint. */
const ordinal = (at: string): number => Math.trunc(+at) - 1;

/** Holdings, capacity and what the ledger says so far, for all of them in three statements. What still runs is held up to its last proof of life. */
export async function loadHourFacts(tx: TransactionSql, hours: readonly DirtyHour[]): Promise<HourFacts[]> {
  const facts = hours.map((): HourFacts => ({ holdings: [], stored: [], served: [], capacity: [], capacityClass: "owned", balances: [] }));
  const holdings = await tx<{ at: string; attempt_id: string; from: Date; to: Date; milli: number; evidence: UsageEvidence }[]>`
    select k.at, i.attempt_id, i.from_at as from, coalesce(i.until_at, greatest(i.from_at, m.alive_at)) as to, i.milli, i.evidence
    from ${keysOf(tx, hours)} join usage_intervals i on i.cluster_id = k.cluster_id and i.node = k.node and i.kind = k.kind and i.model = k.model and i.from_at < k.hour + interval '1 hour'
    join usage_meters m on m.attempt_id = i.attempt_id
    where coalesce(i.until_at, greatest(i.from_at, m.alive_at)) > k.hour`;
  await addOutside(tx, hours, facts);
  await addStored(tx, hours, facts);
  await addServed(tx, hours, facts);
  for (const { at, attempt_id, from, to, milli, evidence } of holdings) facts[ordinal(at)]!.holdings.push({ attemptId: attempt_id, from: from.getTime(), to: to.getTime(), milli, evidence });
  const capacity = await tx<{ at: string; from: Date; to: Date | null; milli: number; capacity_class: CapacityClass }[]>`
    select k.at, c.from_at as from, c.until_at as to, c.milli, c.capacity_class
    from ${keysOf(tx, hours)} join capacity_intervals c on c.cluster_id = k.cluster_id and c.node = k.node and c.kind = k.kind and c.model = k.model
      and c.from_at < k.hour + interval '1 hour' and (c.until_at is null or c.until_at > k.hour)
    order by c.from_at`;
  for (const { at, from, to, milli, capacity_class } of capacity) {
    const fact = facts[ordinal(at)]!;
    fact.capacity.push({ from: from.getTime(), to: to?.getTime() ?? Infinity, milli });
    fact.capacityClass = capacity_class; // of the last one in the hour: a cluster changes its class once in a long while
  }
  await classBareHours(tx, hours, facts);
  const balances = await tx<{ at: string; attempt_id: string | null; price_id: string | null; rate_id: string | null; unit_price: string; evidence: UsageEvidence; capacity_class: CapacityClass; quantity: string }[]>`
    select k.at, e.attempt_id, e.price_id, e.rate_id, e.unit_price::text, e.evidence, e.capacity_class, sum(e.quantity)::text as quantity
    from ${keysOf(tx, hours)} join ledger_entries e on e.cluster_id = k.cluster_id and e.node = k.node and e.kind = k.kind and e.model = k.model and e.hour = k.hour and e.line > 0
    group by k.at, e.attempt_id, e.price_id, e.rate_id, e.unit_price, e.evidence, e.capacity_class`;
  for (const row of balances) facts[ordinal(row.at)]!.balances.push({ attemptId: row.attempt_id, priceId: row.price_id, rateId: row.rate_id, unitPrice: decimal(row.unit_price), evidence: row.evidence, capacityClass: row.capacity_class, quantity: decimal(row.quantity) });
  return facts;
}

/** What jobs from outside Drover held; those that run, up to the last proof of it. */
async function addOutside(tx: TransactionSql, hours: readonly DirtyHour[], facts: readonly HourFacts[]): Promise<void> {
  const rows = await tx<{ at: string; id: string; from: Date; to: Date; milli: number; evidence: UsageEvidence }[]>`
    select k.at, u.outside_job_id as id, u.from_at as from, coalesce(u.until_at, j.alive_at) as to, u.milli, u.evidence
    from ${keysOf(tx, hours)} join outside_usage u on u.cluster_id = k.cluster_id and u.node = k.node and u.kind = k.kind and u.model = k.model and u.from_at < k.hour + interval '1 hour' and (u.until_at is null or u.until_at > k.hour)
    join outside_jobs j on j.id = u.outside_job_id
    where coalesce(u.until_at, j.alive_at) > k.hour`;
  for (const { at, id, from, to, milli, evidence } of rows) facts[ordinal(at)]!.holdings.push({ attemptId: id, from: from.getTime(), to: to.getTime(), milli, evidence, isOutside: true });
}

/** What was stored: of an organization's own asset, whose node says what. */
async function addStored(tx: TransactionSql, hours: readonly DirtyHour[], facts: readonly HourFacts[]): Promise<void> {
  if (hours.every(({ kind }) => kind !== "storage")) return;
  const rows = await tx<{ at: string; project_id: string; bytes: string; from: Date; to: Date; evidence: UsageEvidence }[]>`
    select k.at, s.project_id, s.bytes::text, s.from_at as from, s.until_at as to, s.evidence
    from ${keysOf(tx, hours)} join stored_intervals s on k.kind = 'storage' and s.org_id = k.cluster_id and s.what = k.node and s.from_at < k.hour + interval '1 hour' and s.until_at > k.hour`;
  for (const { at, project_id, bytes, from, to, evidence } of rows) facts[ordinal(at)]!.stored.push({ projectId: project_id, bytes: BigInt(bytes), from: from.getTime(), to: to.getTime(), evidence });
}

/** What was served: of an endpoint, which is the node. */
async function addServed(tx: TransactionSql, hours: readonly DirtyHour[], facts: readonly HourFacts[]): Promise<void> {
  if (hours.every(({ kind }) => kind !== "request" && kind !== "token")) return;
  const rows = await tx<{ at: string; meter_id: string; count: string; from: Date }[]>`
    select k.at, s.meter_id, s.count::text, s.from_at as from
    from ${keysOf(tx, hours)} join served_meters m on m.cluster_id = k.cluster_id and m.endpoint_id = k.node
    join served_counts s on s.meter_id = m.id and s.kind = k.kind and s.model = k.model and s.from_at >= k.hour and s.from_at < k.hour + interval '1 hour'`;
  for (const { at, meter_id, count, from } of rows) facts[ordinal(at)]!.served.push({ meterId: meter_id, count: BigInt(count), from: from.getTime() });
}

/** What was held of capacity that is no more is of the class that it had last. */
async function classBareHours(tx: TransactionSql, hours: readonly DirtyHour[], facts: readonly HourFacts[]): Promise<void> {
  const bare = [...hours.keys()].filter((at) => facts[at]!.capacity.length === 0);
  if (bare.length === 0) return;
  const rows = await tx<{ at: string; capacity_class: CapacityClass }[]>`
    select k.at, last.capacity_class from ${keysOf(tx, bare.map((at) => hours[at]!))} cross join lateral (
      select c.capacity_class from capacity_intervals c where c.cluster_id = k.cluster_id and c.node = k.node and c.kind = k.kind and c.model = k.model and c.from_at <= k.hour order by c.from_at desc limit 1
    ) last`;
  for (const { at, capacity_class } of rows) facts[bare[ordinal(at)]!]!.capacityClass = capacity_class;
}
