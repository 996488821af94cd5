import type { Sql } from "postgres";
import { failpoint } from "../../failpoint.ts";

/** How long the end of a run is waited for in its usage journal, where the agent never says that all is up. */
const DRAIN_SECONDS = 600;

/**
 * Lets go of what was kept for runs that are over, once every charge of them is in the ledger: the last hour of a run
 * must not look free in between. The runs are locked first, so that none is retried meanwhile.
 */
export async function releaseHolds(sql: Sql): Promise<number> {
  return sql.begin(async (tx) => {
    const over = await tx<{ id: string }[]>`
      select r.id from runs r where r.status in ('succeeded', 'failed', 'cancelled') and r.id in (select h.run_id from budget_holds h where h.released_at is null)
        and not exists (select 1 from attempts a where a.run_id = r.id and a.started_at is not null and a.status = 'ended' and a.drained_at is null and a.ended_at > now() - make_interval(secs => ${DRAIN_SECONDS}))
        and not exists (select 1 from attempts a join usage_meters m on m.attempt_id = a.id where a.run_id = r.id and m.opened_at is not null and m.closed_at is null)
        and not exists (select 1 from usage_intervals i join dirty_hours d on d.cluster_id = i.cluster_id and d.node = i.node and d.kind = i.kind and d.model = i.model
          and d.hour >= date_trunc('hour', i.from_at, 'UTC') and d.hour <= coalesce(i.until_at, now()) where i.run_id = r.id)
      order by r.id limit 500 for no key update of r skip locked`;
    if (over.length === 0) return 0;
    await tx`update budget_holds set released_at = now() where run_id = any(${over.map(({ id }) => id)}::text[]) and released_at is null`;
    failpoint("worker.budgets.before-release");
    return over.length;
  });
}
