import type { Sql, TransactionSql } from "postgres";
import { LOCKS } from "../../locks.ts";

const MARKS_TOGETHER = 200;

/**
 * Writes the sums of changed days anew, each with the marks that asked for it, so that a worker that dies leaves them asked for.
 * @returns whether there were any.
 */
export async function sumRunDays(sql: Sql): Promise<boolean> {
  let any = false;
  while (await sql.begin(sumSome)) any = true;
  return any;
}

/** By one worker at a time. Marks go first: what is changed while we read sets one that stays. */
async function sumSome(tx: TransactionSql): Promise<boolean> {
  const [turn] = await tx<{ ours: boolean }[]>`select pg_try_advisory_xact_lock(${LOCKS.summing}) as ours`;
  if (!turn!.ours) return false;
  const days = await tx<{ org_id: string; day: string | null }[]>`
    with taken as (delete from cost_run_marks where id in (select id from cost_run_marks order by id limit ${MARKS_TOGETHER}) returning org_id, day, run_id)
    select distinct t.org_id, coalesce(t.day, d.day)::text as day from taken t left join cost_run_days d on d.run_id = t.run_id`;
  for (const { org_id, day } of days) if (day !== null) await sumDay(tx, org_id, day);
  return days.length > 0;
}

async function sumDay(tx: TransactionSql, orgId: string, day: string): Promise<void> {
  await tx`delete from cost_outcome_days where org_id = ${orgId} and day = ${day}`;
  await tx`
    insert into cost_outcome_days (org_id, day, project_id, outcome, accelerator_hours, amount, provisional)
    select ${orgId}, ${day}::date, r.project_id, r.status, sum(d.accelerator_hours), sum(d.amount), sum(d.provisional)
    from cost_run_days d join runs r on r.id = d.run_id where d.org_id = ${orgId} and d.day = ${day} group by 3, 4`;
  await tx`delete from cost_tag_days where org_id = ${orgId} and day = ${day}`;
  await tx`
    insert into cost_tag_days (org_id, day, project_id, key, value, runs, accelerator_hours, amount, provisional)
    select ${orgId}, ${day}::date, r.project_id, t.key, t.value, count(*), sum(d.accelerator_hours), sum(d.amount), sum(d.provisional)
    from cost_run_days d join runs r on r.id = d.run_id join run_tags t on t.run_id = d.run_id and t.key not like 'mlflow.%' where d.org_id = ${orgId} and d.day = ${day} group by 3, 4, 5`;
}
