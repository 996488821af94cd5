import { type SQL, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import type { BudgetPolicy, BudgetScope, BudgetState } from "../../../domain/costs/budget.ts";
import { decimal } from "../../../domain/costs/decimal.ts";
import { LIKE_OUTSIDE } from "../../../domain/costs/outside.ts";

/** Whose run it is: what decides which budgets pay for it. */
export interface Payer {
  orgId: string;
  teamId: string;
  projectId: string;
  ownerId: string;
}

export interface Budget extends BudgetState {
  id: string;
  orgId: string;
  name: string;
  scopeType: BudgetScope;
  scopeId: string;
  levels: number[];
  provisional: string;
}

interface Row extends Record<string, unknown> {
  id: string;
  org_id: string;
  name: string;
  scope_type: BudgetScope;
  scope_id: string;
  amount: string;
  policy: BudgetPolicy;
  levels: number[];
  spent: string;
  provisional: string;
  held: string;
}

/** Budgets (alias `b`) that pay for this run. */
export const paysFor = ({ orgId, teamId, projectId, ownerId }: Payer): SQL => sql`
  b.org_id = ${orgId} and b.archived_at is null and (b.scope_type = 'org' or (b.scope_type = 'team' and b.scope_id = ${teamId})
    or (b.scope_type = 'project' and b.scope_id = ${projectId}) or (b.scope_type = 'user' and b.scope_id = ${ownerId}))`;

/** Do charges with these columns fall to the budget (alias `b`)? Idle capacity falls to none: nobody's run made it. Nor do jobs from outside whose account has no project. */
export const fallsTo = ({ project, team, owner }: Record<"project" | "team" | "owner", SQL>): SQL => sql`
  (${project} <> '' and ${project} not like ${LIKE_OUTSIDE} and case b.scope_type when 'org' then true when 'project' then ${project} = b.scope_id when 'user' then ${owner} = b.scope_id else ${team} = b.scope_id end)`;

/** This month, UTC, as the ledger and the open holds have it: both in one statement, so that a charge is never seen twice or not at all. */
export async function readBudgets(db: DbOrTx, where: SQL): Promise<Budget[]> {
  const rows = await db.execute<Row>(sql`
    select b.id, b.org_id, b.name, b.scope_type, b.scope_id, trim_scale(b.amount)::text as amount, b.policy, b.levels, s.spent::text, s.provisional::text, h.held::text
    from budgets b
    cross join lateral (
      select coalesce(sum(m.amount), 0) as spent, coalesce(sum(m.provisional), 0) as provisional from cost_monthly m left join projects p on p.org_id = m.org_id and p.id = m.project_id
      where m.org_id = b.org_id and m.month = to_char(now() at time zone 'utc', 'YYYY-MM') and ${fallsTo({ project: sql`m.project_id`, team: sql`p.team_id`, owner: sql`m.owner_id` })}) s
    cross join lateral (
      select coalesce(sum(greatest(0, h.amount - greatest(0, coalesce(c.amount, 0) - h.charged_before))), 0) as held
      from budget_holds h left join cost_runs c on c.run_id = h.run_id where h.budget_id = b.id and h.released_at is null) h
    where ${where} order by b.scope_type, b.name, b.id`);
  return rows.map((row) => ({
    id: row.id, orgId: row.org_id, name: row.name, scopeType: row.scope_type, scopeId: row.scope_id, policy: row.policy, levels: row.levels, provisional: row.provisional,
    amount: decimal(row.amount), spent: decimal(row.spent), held: decimal(row.held),
  }));
}
