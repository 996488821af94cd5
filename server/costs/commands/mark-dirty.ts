import type { TransactionSql } from "postgres";

/** Who holds assets: attempts, by what their agents measured, and jobs from outside Drover, by what their scheduler's accounting says. */
const HELD_BY = { attempt: { table: "usage_intervals", id: "attempt_id" }, outsideJob: { table: "outside_usage", id: "outside_job_id" } } as const;

/**
 * The hours between two moments of every asset that was held: to be rated (again). A row that is there already is
 * written all the same: its lock keeps the rating waiting for what this transaction has changed.
 * @param from Unix ms, as is `to`.
 */
export async function markDirty(tx: TransactionSql, holder: { by: keyof typeof HELD_BY; id: string }, from: number, to: number): Promise<void> {
  const { table, id } = HELD_BY[holder.by];
  await tx`
    insert into dirty_hours (org_id, cluster_id, node, kind, model, hour)
    select distinct i.org_id, i.cluster_id, i.node, i.kind, i.model, h.hour
    from ${tx(table)} i, generate_series(date_trunc('hour', ${new Date(from)}::timestamptz, 'UTC'), ${new Date(to)}::timestamptz, interval '1 hour') as h (hour)
    where i.${tx(id)} = ${holder.id}
    order by 2, 3, 4, 5, 6 on conflict (cluster_id, node, kind, model, hour) do update set marked_at = now()`;
}
