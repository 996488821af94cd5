import type { Sql, TransactionSql } from "postgres";
import type { Db } from "../../../db/client.ts";
import { newId } from "../../../db/schema/columns.ts";
import { decimal, decimalText, isNegative } from "../../../domain/costs/decimal.ts";
import { bookingOf, counterAmount, entriesFor, type NewEntry, repricedOf } from "../../../domain/costs/ledger.ts";
import { HOUR_MS } from "../../../domain/costs/metering.ts";
import { LIKE_OUTSIDE, OUTSIDE } from "../../../domain/costs/outside.ts";
import { type PriceSpan, priceSpans } from "../../../domain/costs/price-book.ts";
import { type ChargeRow, rateAssetHour } from "../../../domain/costs/rating.ts";
import { rateServedHour, SERVED } from "../../../domain/costs/served.ts";
import { rateStoredHour, STORE } from "../../../domain/costs/stored.ts";
import { failpoint } from "../../failpoint.ts";
import { booking } from "./period-lock.ts";
import { reviewOverheld } from "./reviews.ts";
import { type DirtyHour, type HourFacts, loadHourFacts, takeDirtyHours } from "../queries/dirty.ts";
import { loadPriceBook, type PriceBook } from "../queries/prices.ts";

const TOGETHER = 1000;
/** How long an hour stays open after its end: journals of agents that were out of reach for a moment come in. */
const SETTLE_SECONDS = 120;
/** Hours of one cluster that are closed in one go, when nobody did for long. */
const MOST_HOURS = 48;

/**
 * Rates asset-hours whose facts changed, and books the difference to what the ledger says. All in one transaction with the
 * row that asked for it, so that a worker that dies leaves it asked for.
 * @param orgId Only this organization's; null: everybody's.
 * @returns how many asset-hours were looked at.
 */
export async function postDirtyHours({ sql, db }: { sql: Sql; db: Db }, now: number, orgId: string | null = null): Promise<{ hours: number }> {
  return sql.begin(async (tx) => {
    const hours = await takeDirtyHours(tx, TOGETHER, orgId);
    if (hours.length === 0) return { hours: 0 };
    const facts = await loadHourFacts(tx, hours);
    const orgs = [...new Set(hours.map(({ orgId }) => orgId))];
    const closed = await booking(tx, orgs);
    const books = new Map(await Promise.all(orgs.map(async (orgId) => [orgId, await loadPriceBook(db, orgId)] as const)));
    const rows = hours.flatMap((hour, at) => rowsOf(hour, facts[at]!, books.get(hour.orgId)!, closed.get(hour.orgId)!, now));
    if (rows.length > 0) await append(tx, rows);
    const overheld = new Set(rows.flatMap(({ hour, account, entry, quantity }) => (account === "idle" && !entry.reverses && isNegative(decimal(quantity)) ? [hour] : [])));
    if (overheld.size > 0) await reviewOverheld(tx, [...overheld]);
    await tx`
      delete from dirty_hours d using unnest(${hours.map((one) => one.clusterId)}::text[], ${hours.map((one) => one.node)}::text[], ${hours.map((one) => one.kind)}::text[], ${hours.map((one) => one.model)}::text[], ${hours.map((one) => new Date(one.hour).toISOString())}::timestamptz[]) as k (cluster_id, node, kind, model, hour)
      where d.cluster_id = k.cluster_id and d.node = k.node and d.kind = k.kind and d.model = k.model and d.hour = k.hour`;
    failpoint("worker.costs.before-commit");
    return { hours: hours.length };
  });
}

interface LedgerRow {
  hour: DirtyHour;
  facts: HourFacts;
  transactionId: string;
  line: number;
  version: number;
  period: string;
  chargeClass: "Correction" | null;
  account: "holder" | "idle" | "asset";
  entry: Pick<NewEntry, "attemptId" | "priceId" | "rateId" | "evidence" | "capacityClass" | "reverses">;
  unitPrice: string;
  quantity: string;
  amount: string;
  repriced: boolean;
}

/** What is held is rated with what nobody held; what is stored and served, as it is. */
function rate({ kind, hour, isComplete }: DirtyHour, { holdings, capacity, capacityClass, stored, served }: HourFacts, prices: readonly PriceSpan[]): ChargeRow[] {
  if (kind === "storage") return rateStoredHour({ hour, stored, prices });
  if (kind === "request" || kind === "token") return rateServedHour({ kind, served, prices });
  return rateAssetHour({ hour, holdings, capacity, prices, capacityClass, isComplete });
}

/** Line 0 is the asset's own side: the sum of the others, taken back. */
function rowsOf(hour: DirtyHour, facts: HourFacts, book: PriceBook, closed: ReadonlySet<string>, now: number): LedgerRow[] {
  const asset = { kind: hour.kind, clusterId: hour.clusterId, model: hour.model || null, capacityClass: facts.capacityClass };
  const prices = priceSpans(book.lines, asset, hour.hour, hour.hour + HOUR_MS, book.version);
  const entries = entriesFor(facts.balances, rate(hour, facts, prices));
  if (entries.length === 0) return [];
  const repriced = new Set(repricedOf(entries));
  const common = { hour, facts, transactionId: newId("ledgerTransaction"), version: book.version, ...bookingOf(hour.hour, closed, now) };
  const own: LedgerRow = { ...common, line: 0, account: "asset", entry: { attemptId: null, priceId: null, rateId: null, evidence: "measured", capacityClass: facts.capacityClass, reverses: false }, unitPrice: "0", quantity: "0", amount: decimalText(counterAmount(entries)), repriced: false };
  return [own, ...entries.map((entry, at): LedgerRow => ({ ...common, line: at + 1, account: entry.attemptId === null ? "idle" : "holder", entry, unitPrice: decimalText(entry.unitPrice), quantity: decimalText(entry.quantity), amount: decimalText(entry.amount), repriced: repriced.has(entry) }))];
}

/** The ledger's rows, and the sums that are kept of them, in one statement. */
async function append(tx: TransactionSql, rows: LedgerRow[]): Promise<void> {
  const column = <Value>(of: (row: LedgerRow) => Value) => rows.map(of);
  await tx`
    with fresh as materialized (
      select f.*, a.run_id, coalesce(r.project_id, o.project_id, ${OUTSIDE}::text || ':' || o.account, sm.project_id, case kind when 'storage' then f.attempt_id end) as project_id,
        coalesce(r.experiment_id, case when o.id is not null then ${OUTSIDE}::text when sm.id is not null then ${SERVED}::text when kind = 'storage' and f.attempt_id is not null then ${STORE}::text end) as experiment_id,
        coalesce(r.owner_id, ${OUTSIDE}::text || ':' || o.user_name, sm.owner_id, case when kind = 'storage' and f.attempt_id is not null then ${STORE}::text end) as owner_id,
        um.sweep_id, coalesce(um.endpoint_id, sm.endpoint_id) as endpoint_id, coalesce(um.release_id, sm.release_id) as release_id, coalesce(um.pipeline_id, sm.pipeline_id) as pipeline_id, a.status in ('ended', 'lost') and r.status not in ('succeeded', 'failed', 'cancelled') as is_of_before
      from unnest(${column(() => newId("ledgerEntry"))}::text[], ${column((row) => row.hour.orgId)}::text[], ${column((row) => row.hour.clusterId)}::text[], ${column((row) => row.hour.node)}::text[], ${column((row) => row.hour.kind)}::text[], ${column((row) => row.hour.model)}::text[],
        ${column((row) => row.transactionId)}::text[], ${column((row) => row.line)}::smallint[], ${column((row) => new Date(row.hour.hour).toISOString())}::timestamptz[], ${column((row) => row.period)}::text[], ${column((row) => row.chargeClass)}::text[], ${column((row) => row.version)}::int[],
        ${column((row) => row.account)}::text[], ${column((row) => row.entry.capacityClass)}::text[], ${column((row) => row.entry.attemptId)}::text[], ${column((row) => row.entry.priceId)}::text[], ${column((row) => row.entry.rateId)}::text[],
        ${column((row) => row.unitPrice)}::numeric[], ${column((row) => row.quantity)}::numeric[], ${column((row) => row.amount)}::numeric[], ${column((row) => row.entry.evidence)}::text[], ${column((row) => String(row.entry.reverses))}::text[], ${column((row) => String(row.repriced))}::text[])
        as f (id, org_id, cluster_id, node, kind, model, transaction_id, line, hour, period, charge_class, rating_version, side, capacity_class, attempt_id, price_id, rate_id, unit_price, quantity, amount, evidence, reverses, repriced)
      left join attempts a on a.id = f.attempt_id left join runs r on r.id = a.run_id left join usage_meters um on um.attempt_id = f.attempt_id left join outside_jobs o on o.id = f.attempt_id left join served_meters sm on sm.id = f.attempt_id
    ), booked as (
      insert into ledger_entries (id, org_id, cluster_id, node, kind, model, transaction_id, line, hour, period, charge_class, rating_version, account, capacity_class, attempt_id, run_id, project_id, experiment_id, owner_id, sweep_id, endpoint_id, release_id, pipeline_id, price_id, rate_id, unit_price, quantity, amount, evidence, reverses)
      select id, org_id, cluster_id, node, kind, model, transaction_id, line, hour, period, charge_class, rating_version,
        case side when 'asset' then 'asset:' || cluster_id || '/' || node || '/' || kind when 'idle' then 'idle:' || cluster_id else case when project_id like ${LIKE_OUTSIDE} then '' else 'project:' end || project_id end,
        capacity_class, attempt_id, run_id, project_id, experiment_id, owner_id, sweep_id, endpoint_id, release_id, pipeline_id, price_id, rate_id, unit_price, quantity, amount, evidence, reverses::boolean
      from fresh
    ), daily as (
      insert into cost_daily as c (day, org_id, project_id, owner_id, experiment_id, cluster_id, kind, model, capacity_class, quantity, amount, provisional)
      select (hour at time zone 'utc')::date, org_id, coalesce(project_id, ''), coalesce(owner_id, ''), coalesce(experiment_id, ''), cluster_id, kind, model, capacity_class, sum(quantity), sum(amount), coalesce(sum(amount) filter (where evidence = 'provisional'), 0)
      from fresh where line > 0 group by 1, 2, 3, 4, 5, 6, 7, 8, 9 order by 1, 2, 3, 4, 5, 6, 7, 8, 9
      on conflict (org_id, day, project_id, owner_id, experiment_id, cluster_id, kind, model, capacity_class) do update set
        quantity = c.quantity + excluded.quantity, amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional
    ), by_period as (
      insert into cost_booked as c (org_id, period, project_id, amount, provisional, corrections)
      select org_id, period, coalesce(project_id, ''), sum(amount), coalesce(sum(amount) filter (where evidence = 'provisional'), 0), coalesce(sum(amount) filter (where charge_class = 'Correction'), 0)
      from fresh where line > 0 group by 1, 2, 3 order by 1, 2, 3
      on conflict (org_id, period, project_id) do update set amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional, corrections = c.corrections + excluded.corrections
    ), monthly as (
      insert into cost_monthly as c (org_id, month, project_id, owner_id, amount, provisional)
      select org_id, to_char(hour at time zone 'utc', 'YYYY-MM'), coalesce(project_id, ''), coalesce(owner_id, ''), sum(amount), coalesce(sum(amount) filter (where evidence = 'provisional'), 0)
      from fresh where line > 0 group by 1, 2, 3, 4 order by 1, 2, 3, 4
      on conflict (org_id, month, project_id, owner_id) do update set amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional
    ), of_before as ( -- of attempts that are over, of runs that go on: nothing of what is held for the next attempt
      update budget_holds h set charged_before = h.charged_before + late.amount
      from (select run_id, sum(amount) as amount from fresh where is_of_before group by 1) late where h.run_id = late.run_id and h.released_at is null
    ), by_version as (
      ${intoVersions(tx)}
    ), by_facet as (
      ${intoFacets(tx)}
    ), run_daily as (
      insert into cost_run_days as c (run_id, day, org_id, accelerator_hours, amount, provisional)
      select run_id, (hour at time zone 'utc')::date, org_id, coalesce(sum(quantity) filter (where kind = 'accelerator'), 0), sum(amount), coalesce(sum(amount) filter (where evidence = 'provisional'), 0)
      from fresh where run_id is not null group by 1, 2, 3 order by 1, 2
      on conflict (run_id, day) do update set accelerator_hours = c.accelerator_hours + excluded.accelerator_hours, amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional
    )
    insert into cost_runs as c (run_id, org_id, project_id, experiment_id, owner_id, first_hour, last_hour, accelerator_hours, amount, provisional)
    select run_id, org_id, project_id, experiment_id, owner_id, min(hour), max(hour), coalesce(sum(quantity) filter (where kind = 'accelerator'), 0), sum(amount), coalesce(sum(amount) filter (where evidence = 'provisional'), 0)
    from fresh where run_id is not null group by run_id, org_id, project_id, experiment_id, owner_id order by run_id
    on conflict (run_id) do update set
      first_hour = least(c.first_hour, excluded.first_hour), last_hour = greatest(c.last_hour, excluded.last_hour),
      accelerator_hours = c.accelerator_hours + excluded.accelerator_hours, amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional`;
}

/** Of charges that have a sweep, endpoint, release or pipeline. A part of the statement above. */
const intoFacets = (tx: TransactionSql) => tx`
  insert into cost_facet_days as c (org_id, day, project_id, facet, key, accelerator_hours, amount, provisional)
  select org_id, (hour at time zone 'utc')::date, project_id, facet.facet, facet.key, coalesce(sum(quantity) filter (where kind = 'accelerator'), 0), sum(amount), coalesce(sum(amount) filter (where evidence = 'provisional'), 0)
  from fresh cross join lateral (values ('sweep', sweep_id), ('endpoint', endpoint_id), ('release', release_id), ('pipeline', pipeline_id)) as facet (facet, key)
  where line > 0 and facet.key is not null group by 1, 2, 3, 4, 5 order by 1, 4, 2, 3, 5
  on conflict (org_id, facet, day, project_id, key) do update set accelerator_hours = c.accelerator_hours + excluded.accelerator_hours, amount = c.amount + excluded.amount, provisional = c.provisional + excluded.provisional`;

/** What this version changed of what an older one charged. A part of the statement above. */
const intoVersions = (tx: TransactionSql) => tx`
  insert into cost_repriced as c (org_id, version, month, project_id, kind, quantity, before, after)
  select org_id, rating_version, to_char(hour at time zone 'utc', 'YYYY-MM'), coalesce(project_id, ''), kind, coalesce(sum(quantity) filter (where reverses = 'false'), 0), coalesce(-sum(amount) filter (where reverses = 'true'), 0), coalesce(sum(amount) filter (where reverses = 'false'), 0)
  from fresh where repriced = 'true' group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (org_id, version, month, project_id, kind) do update set quantity = c.quantity + excluded.quantity, before = c.before + excluded.before, after = c.after + excluded.after`;

/** Hours that are over: from then on what nobody held in them is known, and is booked as idle. Also where something was held of what was not there: less than nothing, whether its journal came before the hour was over or after. */
export async function completeHours(sql: Sql): Promise<number> {
  return sql.begin(async (tx) => {
    const due = await tx<{ cluster_id: string; from: Date; to: Date }[]>`
      select cluster_id, complete_to as from, least(date_trunc('hour', now() - make_interval(secs => ${SETTLE_SECONDS}), 'UTC'), complete_to + make_interval(hours => ${MOST_HOURS})) as to
      from cost_clocks where complete_to + interval '1 hour' <= now() - make_interval(secs => ${SETTLE_SECONDS}) order by cluster_id limit 100 for update skip locked`;
    for (const { cluster_id, from, to } of due) {
      await tx`
        insert into dirty_hours (org_id, cluster_id, node, kind, model, hour)
        with h as materialized (select hour from generate_series(${from}::timestamptz, ${to}::timestamptz - interval '1 hour', interval '1 hour') as hour)
        select c.org_id, c.cluster_id, c.node, c.kind, c.model, h.hour
        from h join capacity_intervals c on c.cluster_id = ${cluster_id} and c.from_at < h.hour + interval '1 hour' and (c.until_at is null or c.until_at > h.hour)
        union select n.org_id, n.cluster_id, n.name, held.kind, booked.model, h.hour
        from h cross join nodes n cross join unnest(array['accelerator', 'cpu', 'memory']) as held (kind)
        cross join lateral (select distinct l.model from ledger_entries l where l.cluster_id = n.cluster_id and l.node = n.name and l.kind = held.kind and l.hour = h.hour and l.line > 0) booked
        where n.cluster_id = ${cluster_id}
        order by 2, 3, 4, 5, 6 on conflict (cluster_id, node, kind, model, hour) do update set marked_at = now()`;
      await tx`update cost_clocks set complete_to = ${to} where cluster_id = ${cluster_id}`;
    }
    return due.length;
  });
}
