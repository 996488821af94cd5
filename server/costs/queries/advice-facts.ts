import { sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { LOOKED_BACK_DAYS, type SpotLoss } from "../../../domain/costs/recommendation.ts";

interface Asked {
  db: DbOrTx;
  orgId: string;
}

/** Attempts of an experiment whose cores are looked at, the newest. */
const MOST_ATTEMPTS = 30;
/** Thousandths of what was asked for: a day's mean above it leaves nothing to say, so that its samples need not be read. */
const BUSY = 600;

const idList = (ids: readonly string[]) => sql`${sql.param([...ids])}::text[]`;

/** The most cores that an attempt of each of these experiments used of late, and how many that ended well were measured. Of several nodes nobody measures all. */
export async function readPeakCores({ db, orgId }: Asked, experimentIds: readonly string[]): Promise<Map<string, { peak: number; count: number }>> {
  const rows = await db.execute<{ id: string; peak: number | null; count: number }>(sql`
    select asked.id, max(seen.peak) as peak, count(*) filter (where own.outcome = 'succeeded' and seen.peak is not null)::int as count
    from unnest(${idList(experimentIds)}) as asked (id)
    cross join lateral (
      select a.id, a.cluster_id, a.outcome from runs r join attempts a on a.run_id = r.id
      where r.org_id = ${orgId} and r.experiment_id = asked.id and a.nodes = 1 and a.ended_at > now() - make_interval(days => ${LOOKED_BACK_DAYS}) order by a.id desc limit ${MOST_ATTEMPTS}) own
    left join lateral (select max(sample.value) as peak from telemetry t, unnest(t.values) as sample (value) where t.cluster_id = own.cluster_id and t.subject = 'attempt' and t.subject_id = own.id and t.key = 'cpu') seen on true
    where not exists (select from runs r join attempts a on a.run_id = r.id join attempt_use u on u.attempt_id = a.id and u.kind = 'cpu' and u.use > ${BUSY}
      where r.experiment_id = asked.id and a.ended_at > now() - make_interval(days => ${LOOKED_BACK_DAYS}))
    group by asked.id`);
  return new Map(rows.flatMap(({ id, peak, count }) => (peak === null ? [] : [[id, { peak: +peak, count }] as const])));
}

/** Accelerators that these experiments held on demand in these days, model by model; only of those whose runs save checkpoints. */
export async function readOnDemand({ db, orgId }: Asked, experimentIds: readonly string[], { from, to }: { from: string; to: string }): Promise<Map<string, { model: string; hours: string; amount: string }[]>> {
  const rows = await db.execute<{ id: string; model: string; hours: string; amount: string }>(sql`
    select experiment_id as id, model, trim_scale(sum(quantity))::text as hours, trim_scale(sum(amount))::text as amount from cost_daily
    where org_id = ${orgId} and day between ${from} and ${to} and experiment_id = any(${idList(experimentIds)}) and kind = 'accelerator' and capacity_class = 'on-demand'
      and exists (select from runs r where r.experiment_id = cost_daily.experiment_id and r.checkpoint_cluster_id is not null)
    group by 1, 2 having sum(quantity) > 0`);
  return Map.groupBy(rows, ({ id }) => id);
}

/** How much of the accelerator time of attempts on spot capacity was of ones that were taken away. */
export async function readSpotLoss({ db, orgId }: Asked): Promise<SpotLoss> {
  const [row] = await db.execute<{ attempts: number; taken: number; millionths: number }>(sql`
    select count(*)::int as attempts, count(*) filter (where is_taken)::int as taken, coalesce(round(1000000 * sum(held) filter (where is_taken) / nullif(sum(held), 0)), 0)::int as millionths
    from (select a.failure_class is not distinct from 'preempted' as is_taken, extract(epoch from a.ended_at - a.started_at) * a.gpus * a.nodes as held
      from attempts a join clusters c on c.id = a.cluster_id where c.org_id = ${orgId} and c.capacity_class = 'spot' and a.status = 'ended' and a.started_at is not null and a.ended_at > now() - make_interval(days => ${LOOKED_BACK_DAYS})) spot`);
  return row!;
}
