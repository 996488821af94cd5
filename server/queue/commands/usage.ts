import { sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import type { QueuePolicy } from "../../../domain/queue/policy.ts";
import { decayFactor } from "../queries/policy.ts";

/** Attempts charged in one statement. */
const BATCH = 2000;
/** Runs of an experiment whose durations an estimate rests on. */
const HISTORY = 50;

/**
 * Counts what attempts used since they were counted last, for their runs and their teams' fair shares: of those that ended,
 * and with `running` of those that go on. Each second is counted once; a slice or share of an accelerator is that part of one. Runs are locked before attempts, as everywhere; one
 * that somebody else holds is left for the next time. Answers how many it looked at.
 */
export async function chargeUsage(tx: Tx, orgId: string, policy: QueuePolicy, which: "ended" | "running"): Promise<number> {
  const condition = which === "ended" ? sql`a.ended_at is not null` : sql`a.ended_at is null and a.started_at is not null`;
  const first = which === "ended" ? sql`a.ended_at` : sql`a.charged_until nulls first`; // of more than one statement takes: who was not counted for longest
  const charged = await tx.execute<{ experiment_id: string; succeeded: boolean }>(sql`
    with wanted as (
      select a.id, a.run_id from attempts a where a.org_id = ${orgId} and a.usage_open and ${condition} order by ${first}, a.id limit ${BATCH}
    ), owners as materialized (
      select r.id, r.experiment_id, r.status, p.team_id from runs r join projects p on p.id = r.project_id
      where r.id in (select run_id from wanted) for no key update of r skip locked
    ), open as materialized (
      select a.id, a.run_id, o.team_id, o.experiment_id, o.status, a.ended_at, coalesce(a.ended_at, now()) as upto,
        coalesce(greatest(0, extract(epoch from coalesce(a.ended_at, now()) - coalesce(a.charged_until, a.started_at))), 0)::float8 * greatest(1, a.gpus) * a.nodes as whole, coalesce(a.accelerator_milli / 1000.0 / greatest(1, a.gpus), 1)::float8 as part
      from attempts a join wanted w on w.id = a.id join owners o on o.id = a.run_id
      where a.usage_open for no key update of a skip locked
    ), marked as (
      update attempts set charged_until = open.upto, usage_open = open.ended_at is null from open where attempts.id = open.id
    ), counted as (
      update runs set attained_seconds = attained_seconds + sums.whole, spared_seconds = spared_seconds + sums.spared
      from (select run_id, sum(whole) as whole, sum(whole * (1 - part)) as spared from open group by run_id) sums where runs.id = sums.run_id and sums.whole > 0
    ), shared as (
      insert into team_usage (team_id, org_id, used, as_of)
      select team_id, ${orgId}, sum(whole * part * ${decayFactor(sql`upto`, policy.halfLifeHours)}), now() from open where whole > 0 group by team_id
      on conflict (team_id) do update set used = team_usage.used * ${decayFactor(sql`team_usage.as_of`, policy.halfLifeHours)} + excluded.used, as_of = now()
    )
    select experiment_id, status = 'succeeded' as succeeded from open`);
  const done = [...new Set([...charged].filter(({ succeeded }) => succeeded).map((row) => row.experiment_id))];
  if (done.length > 0) await keepDurations(tx, orgId, done);
  return charged.length;
}

/** How long the newest succeeded runs of these experiments ran, waits left out. */
async function keepDurations(tx: Tx, orgId: string, experimentIds: string[]): Promise<void> {
  await tx.execute(sql`
    insert into duration_history (experiment_id, org_id, samples, p50_seconds, p90_seconds, updated_at)
    select e.id, ${orgId}, count(*), percentile_cont(0.5) within group (order by d.seconds), percentile_cont(0.9) within group (order by d.seconds), now()
    from unnest(${sql.param(experimentIds)}::text[]) as e (id)
    cross join lateral (
      select r.attained_seconds / (greatest(1, r.gpus) * r.nodes) as seconds from runs r
      where r.experiment_id = e.id and r.status = 'succeeded' and r.attained_seconds > 0 order by r.id desc limit ${HISTORY}) d
    group by e.id
    on conflict (experiment_id) do update set samples = excluded.samples, p50_seconds = excluded.p50_seconds, p90_seconds = excluded.p90_seconds, updated_at = now()`);
}
