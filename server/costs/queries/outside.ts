import { sql } from "drizzle-orm";
import type { OutsideAccount } from "../../../domain/costs/cost-view.ts";
import type { Ctx } from "../../trpc/context.ts";

const MOST_ROWS = 1000;

/** Accounts under which others gave jobs to schedulers, each before its users, and who pays for them. For who sees the whole organization. */
export async function listOutsideAccounts({ db, orgId, grant }: Ctx): Promise<OutsideAccount[]> {
  if (!grant.org) return [];
  const rows = await db.execute<Omit<OutsideAccount, "namedAt"> & { namedAt: string | null } & Record<string, unknown>>(sql`
    with seen as (
      select cluster_id, account, coalesce(user_name, '') as user_name, count(*)::int as jobs, (count(*) filter (where ended_at is null))::int as running
      from outside_jobs where org_id = ${orgId} group by grouping sets ((cluster_id, account), (cluster_id, account, user_name))
    ), named as (select * from outside_accounts where org_id = ${orgId})
    select c.id as "clusterId", c.name as cluster, account, nullif(user_name, '') as user, coalesce(s.jobs, 0) as jobs, coalesce(s.running, 0) as running,
      p.id as "projectId", p.name as project, t.name as team, n.named_by as "namedBy", to_char(n.named_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "namedAt"
    from seen s full join named n using (cluster_id, account, user_name)
    join clusters c on c.id = cluster_id left join projects p on p.org_id = ${orgId} and p.id = n.project_id left join teams t on t.id = p.team_id
    order by c.name, c.id, account, user_name limit ${MOST_ROWS}`);
  return rows.map((row) => ({ ...row, namedAt: row.namedAt === null ? null : new Date(row.namedAt) }));
}
