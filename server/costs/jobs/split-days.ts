import type { Sql, TransactionSql } from "postgres";
import { decimalText } from "../../../domain/costs/decimal.ts";
import { QUANTITY_SCALE } from "../../../domain/costs/rating.ts";
import { type Charge, type NodeAsset, type PartSum, splitDay, strandedIn, type Strandedness } from "../../../domain/costs/split.ts";
import { LOCKS } from "../../locks.ts";
import { type ClusterDay, loadCharges, loadFates, loadNodes } from "../queries/day-facts.ts";

/** Rows of telemetry begin at most so long before their last sample. */
const TELEMETRY_ROW_HOURS = 1;

/**
 * Splits anew the days of clusters of which something changed: each in a transaction of its own, with the marks that asked for
 * it, so that a worker that dies leaves them asked for.
 * @param options.isDueOnly False: also those that wait for more to change.
 * @returns the organizations whose days they were.
 */
export async function splitDays(sql: Sql, { isDueOnly = true } = {}): Promise<Set<string>> {
  const orgs = new Set<string>();
  for (;;) {
    const orgId = await sql.begin((tx) => splitOne(tx, isDueOnly));
    if (orgId === null) return orgs;
    orgs.add(orgId);
  }
}

/** By one worker at a time. A mark that is set while we read is seen in the next turn. */
async function splitOne(tx: TransactionSql, isDueOnly: boolean): Promise<string | null> {
  const [turn] = await tx<{ ours: boolean }[]>`select pg_try_advisory_xact_lock(${LOCKS.splitting}) as ours`;
  if (!turn!.ours) return null;
  const [mark] = await tx<{ org_id: string; cluster_id: string; day: string }[]>`
    select org_id, cluster_id, day::text from cost_split_marks where ${isDueOnly ? tx`due_at <= now()` : tx`true`} order by due_at, id limit 1`;
  if (!mark) return null;
  const asked: ClusterDay = { orgId: mark.org_id, clusterId: mark.cluster_id, day: mark.day };
  await tx`delete from cost_split_marks where cluster_id = ${asked.clusterId} and day = ${asked.day}`;
  await writeParts(tx, asked, await partsOf(tx, asked));
  return asked.orgId;
}

async function partsOf(tx: TransactionSql, asked: ClusterDay): Promise<PartSum[]> {
  const charges = await loadCharges(tx, asked);
  const attemptIds = [...new Set(charges.flatMap(({ attemptId }) => attemptId ?? []))];
  await keepUse(tx, asked, attemptIds);
  const fates = await loadFates(tx, attemptIds, asked.day);
  const nodes = await loadNodes(tx, asked, attemptIds);
  return splitDay(charges, ({ attemptId, kind }) => (attemptId === null ? undefined : fates(attemptId, kind)), strandedness(nodes));
}

/** Each node's hour is looked at once, for all that was free in it. */
function strandedness(nodes: ReadonlyMap<string, readonly NodeAsset[]>): (charge: Charge) => Strandedness | undefined {
  const hours = new Map<string, Strandedness[]>();
  return ({ attemptId, node, hour, kind, model }) => {
    const assets = nodes.get(node);
    if (attemptId !== null || !assets) return undefined;
    const key = `${hour} ${node}`;
    const found = hours.get(key) ?? strandedIn(hour, assets);
    hours.set(key, found);
    return found[assets.findIndex((asset) => asset.kind === kind && asset.model === model)];
  };
}

/** What was measured of these attempts that day, while it is still there: kept beyond the telemetry itself. */
async function keepUse(tx: TransactionSql, { orgId, clusterId, day }: ClusterDay, attemptIds: readonly string[]): Promise<void> {
  await tx`
    with own as materialized (
      select a.*, greatest(coalesce(a.started_at, a.assigned_at), day.begun) as since, least(coalesce(a.ended_at, 'infinity'), day.begun + interval '24 hours') as upto
      from attempts a, (select ${day}::date::timestamp at time zone 'utc' as begun) day where a.id = any(${[...attemptIds]}::text[])
    ), subjects as (
      select id, 'accelerator' as kind, 'accelerator' as subject, node || '/' || card as subject_id, 'gpu' as key, 100::float8 as whole, since, upto from own, unnest(node_names) as node, unnest(accelerator_indexes) as card
      where cardinality(node_names) = 1 or gpus = (select count(*) from accelerators x join nodes n on n.id = x.node_id where n.cluster_id = ${clusterId} and n.name = node and x.present) -- of several nodes the agent names the cards of the first
      union all select id, kind, 'attempt', id, kind, case kind when 'cpu' then cpus else memory_mib end * nodes, since, upto from own, unnest(array['cpu', 'memory']) as kind
    )
    insert into attempt_use (attempt_id, day, kind, org_id, use)
    select s.id, ${day}::date, s.kind, ${orgId}, round(1000 * least(1, greatest(0, avg(sample.value / s.whole))))::int
    from subjects s
    join telemetry t on t.cluster_id = ${clusterId} and t.subject = s.subject and t.subject_id = s.subject_id and t.key = s.key and t.at > s.since - make_interval(hours => ${TELEMETRY_ROW_HOURS}) and t.at < s.upto,
      unnest(t.times, t.values) as sample (at, value)
    where s.whole > 0 and sample.at >= extract(epoch from s.since) * 1000 and sample.at < extract(epoch from s.upto) * 1000
    group by s.id, s.kind order by s.id, s.kind
    on conflict (attempt_id, day, kind) do update set use = excluded.use where attempt_use.use <> excluded.use`;
}

async function writeParts(tx: TransactionSql, { orgId, clusterId, day }: ClusterDay, parts: readonly PartSum[]): Promise<void> {
  await tx`delete from cost_parts where org_id = ${orgId} and day = ${day} and cluster_id = ${clusterId}`;
  if (parts.length === 0) return;
  const column = (of: (part: PartSum) => string) => parts.map(of);
  await tx`
    insert into cost_parts (org_id, day, cluster_id, project_id, kind, model, capacity_class, part, quantity, amount, provisional)
    select ${orgId}, ${day}, ${clusterId}, * from unnest(${column((one) => one.projectId)}::text[], ${column((one) => one.kind)}::text[], ${column((one) => one.model)}::text[], ${column((one) => one.capacityClass)}::text[], ${column((one) => one.part)}::text[],
      ${column((one) => decimalText({ units: one.units, scale: QUANTITY_SCALE }))}::numeric[], ${column((one) => decimalText(one.amount))}::numeric[], ${column((one) => decimalText(one.provisional))}::numeric[])`;
}
