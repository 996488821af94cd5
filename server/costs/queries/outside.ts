import { sql } from "drizzle-orm";
import type { OutsideAccount } from "../../../domain/costs/cost-view.ts";
import type { Ctx } from "../../trpc/context.ts";

/** Accounts under which others gave jobs to schedulers, and who pays for them. For who sees the whole organization. */
export async function listOutsideAccounts({ db, orgId, grant }: Ctx): Promise<OutsideAccount[]> {
  if (!grant.org) return [];
  return db.execute<OutsideAccount & Record<string, unknown>>(sql`
    with seen as (select cluster_id, account, count(*)::int as jobs, (count(*) filter (where ended_at is null))::int as running from outside_jobs where org_id = ${orgId} group by 1, 2)
    select c.id as "clusterId", c.name as cluster, coalesce(s.account, a.account) as account, coalesce(s.jobs, 0) as jobs, coalesce(s.running, 0) as running, p.id as "projectId", p.name as project
    from seen s full join (select * from outside_accounts where org_id = ${orgId}) a on a.cluster_id = s.cluster_id and a.account = s.account
    join clusters c on c.id = coalesce(s.cluster_id, a.cluster_id) left join projects p on p.org_id = ${orgId} and p.id = a.project_id
    order by c.name, 3`);
}
