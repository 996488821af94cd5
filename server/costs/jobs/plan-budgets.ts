import { eq, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { costDeliveries, costSchedules } from "../../../db/schema/schedules.ts";
import type { BudgetNotice } from "../../../domain/costs/budget-notice.ts";
import { dayOf } from "../../../domain/costs/days.ts";
import { decimalText } from "../../../domain/costs/decimal.ts";
import { readBudgets } from "../queries/budgets.ts";
import { readCurrency } from "../queries/prices.ts";
import { eachSchedule, type Schedule } from "./each-schedule.ts";

interface Reached extends Record<string, unknown> {
  key: string;
  budget: string;
  level: number;
  month: string;
  at: string;
}

/** Levels that budgets reached since somebody asked to be told: a delivery for each that this schedule has told nobody of yet. What fails for one schedule holds up nobody else's. */
export async function planBudgets(db: Db): Promise<void> {
  await eachSchedule(db, "telling of budgets", eq(costSchedules.cadence, "budgets"), (schedule) => plan(db, schedule));
}

async function plan(db: Db, schedule: Schedule): Promise<void> {
  const reached = await listReached(db, schedule);
  if (reached.length === 0) return;
  const [currency, budgets] = await Promise.all([readCurrency(db, schedule.orgId), readBudgets(db, sql`b.id = any(${sql.param(reached.map(({ budget }) => budget))}::text[])`)]);
  const byId = new Map(budgets.map((budget) => [budget.id, budget]));
  const { id: scheduleId, orgId, recipients } = schedule;
  const rows = reached.flatMap(({ key, budget: budgetId, level, month, at }) => {
    const { name, scopeType: scope, amount, spent, held, policy } = byId.get(budgetId)!;
    const notice: BudgetNotice = { key, budgetId, name, scope, month, level, amount: decimalText(amount), spent: decimalText(spent), held: decimalText(held), policy, currency };
    return recipients.map((recipient) => ({ orgId, scheduleId, subject: key, notice, recipient, dueAt: new Date(at), fromDay: `${month}-01`, toDay: dayOf(new Date(at).getTime()) }));
  });
  if (rows.length > 0) await db.insert(costDeliveries).values(rows).onConflictDoNothing();
}

/** Of the budgets that the schedule is of: all of the organization's; a team's and its projects'; a project's. Of this month only: what a budget has spent is known of no other. */
function listReached(db: Db, { id, orgId, scopeType, scopeId, dueAfter }: Schedule): Promise<Reached[]> {
  const ofScope = { org: sql`true`, team: sql`(b.scope_type = 'team' and b.scope_id = ${scopeId} or b.scope_type = 'project' and b.scope_id in (select p.id from projects p where p.org_id = ${orgId} and p.team_id = ${scopeId}))`, project: sql`b.scope_type = 'project' and b.scope_id = ${scopeId}` }[scopeType];
  return db.execute<Reached>(sql`
    select key, b.id as budget, a.level, a.month, a.at from budget_alerts a join budgets b on b.id = a.budget_id, concat(b.id, ' ', a.level) as key
    where b.org_id = ${orgId} and b.archived_at is null and ${ofScope} and a.at > ${dueAfter.toISOString()}::timestamptz and a.month = to_char(now() at time zone 'utc', 'YYYY-MM')
      and not exists (select 1 from cost_deliveries d where d.schedule_id = ${id} and d.subject = key and d.from_day = a.month || '-01')
    order by a.at, b.id, a.level`);
}
