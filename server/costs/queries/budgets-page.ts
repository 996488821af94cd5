import { and, desc, eq, inArray, or, type SQL, sql } from "drizzle-orm";
import { projects, serviceAccounts, teams, users } from "../../../db/schema/access.ts";
import { budgetAlerts, budgets } from "../../../db/schema/budgets.ts";
import { leftOf, percentSpent } from "../../../domain/costs/budget.ts";
import type { BudgetsView, BudgetView } from "../../../domain/costs/cost-view.ts";
import { DAY_MS, dayOf } from "../../../domain/costs/days.ts";
import { type Decimal, decimal, decimalText } from "../../../domain/costs/decimal.ts";
import { forecast, FORECAST_DAYS } from "../../../domain/costs/forecast.ts";
import { RECORD_MONTHS, recordOf } from "../../../domain/costs/forecast-record.ts";
import { periodOf } from "../../../domain/costs/ledger.ts";
import { spanOf } from "../../../domain/costs/period.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";
import { type Budget, fallsTo, readBudgets } from "./budgets.ts";
import { readStand } from "./spend.ts";

/** So that the forecasts of past months can be made again, from what was known then. */
const DAYS_BACK = (RECORD_MONTHS + 1) * 31 + FORECAST_DAYS;

/** Budgets that the caller may know of: of what they reach, and their own. The tightest first. */
export async function listBudgets(ctx: Ctx, now: number): Promise<BudgetsView> {
  const { db, orgId } = ctx;
  const stand = await readStand(db, orgId);
  const rows = await db
    .select({ id: budgets.id, archivedAt: budgets.archivedAt, label: sql<string | null>`coalesce(${teams.name}, ${projects.name}, ${users.name}, ${serviceAccounts.name})` })
    .from(budgets)
    .leftJoin(teams, and(eq(budgets.scopeType, "team"), eq(teams.id, budgets.scopeId)))
    .leftJoin(projects, and(eq(budgets.scopeType, "project"), eq(projects.id, budgets.scopeId)))
    .leftJoin(users, and(eq(budgets.scopeType, "user"), eq(users.id, budgets.scopeId)))
    .leftJoin(serviceAccounts, and(eq(budgets.scopeType, "user"), eq(serviceAccounts.id, budgets.scopeId)))
    .where(and(eq(budgets.orgId, orgId), seenBy(ctx)));
  const month = periodOf(now);
  const base = { ...stand, month };
  if (rows.length === 0) return { ...base, budgets: [] };
  const ids = rows.map(({ id }) => id);
  const known = new Map(rows.map((row) => [row.id, row]));
  const [states, days, alerts] = await Promise.all([
    readBudgets(db, sql`b.id in ${ids}`),
    daysOf(ctx, ids, now),
    db.select().from(budgetAlerts).where(and(inArray(budgetAlerts.budgetId, ids), eq(budgetAlerts.month, month))).orderBy(desc(budgetAlerts.level)),
  ]);
  const views = states.map((state): BudgetView => ({
    id: state.id,
    name: state.name,
    scope: { type: state.scopeType, id: state.scopeId, label: known.get(state.id)?.label ?? (state.scopeType === "org" ? "Everything" : "Gone") },
    policy: state.policy,
    levels: state.levels,
    amount: decimalText(state.amount),
    spent: decimalText(state.spent),
    provisional: state.provisional,
    held: decimalText(state.held),
    left: decimalText(leftOf(state)),
    percent: percentSpent(state),
    forecast: forecastOf(state, (days.get(state.id) ?? []).map(({ amount }) => amount), now),
    record: recordOf(days.get(state.id) ?? [], now),
    alerts: alerts.filter(({ budgetId }) => budgetId === state.id).map(({ level, at }) => ({ level, at })),
    archivedAt: known.get(state.id)?.archivedAt ?? null,
  }));
  return { ...base, budgets: views.toSorted((a, b) => (a.archivedAt ? 1 : 0) - (b.archivedAt ? 1 : 0) || b.percent - a.percent) };
}

const seenBy = ({ grant, actor }: Ctx): SQL | undefined =>
  grant.org ? undefined : or(
    and(eq(budgets.scopeType, "user"), eq(budgets.scopeId, actor.id)),
    and(eq(budgets.scopeType, "team"), inArray(budgets.scopeId, ["", ...grant.teams])),
    and(eq(budgets.scopeType, "project"), sql`exists (select 1 from ${projects} where ${projects.id} = ${budgets.scopeId} and ${reachedProjects(grant)})`),
  );

/** What each of the last whole days cost, the oldest first; a day without any cost is a zero, once there was a first. */
async function daysOf({ db, orgId }: Ctx, ids: readonly string[], now: number): Promise<Map<string, DayAmount[]>> {
  const first = dayOf(now - DAYS_BACK * DAY_MS);
  const today = dayOf(now);
  const rows = await db.execute<{ id: string; day: string; amount: string }>(sql`
    with days as materialized (
      select day, project_id, owner_id, amount from cost_person_days where org_id = ${orgId} and day >= ${first}::date and day < ${today}::date
    ), pays as materialized (
      select b.id, payer.project_id, payer.owner_id from (select distinct project_id, owner_id from days) payer left join projects p on p.org_id = ${orgId} and p.id = payer.project_id
      join budgets b on b.org_id = ${orgId} and b.id in ${ids} and ${fallsTo({ project: sql`payer.project_id`, team: sql`p.team_id`, owner: sql`payer.owner_id` })}
    ), per_day as (
      select pays.id, d.day, sum(d.amount) as amount from pays join days d using (project_id, owner_id) group by 1, 2
    ), spans as (select id, min(day) as first from per_day group by id)
    select s.id, g.day::date::text as day, coalesce(p.amount, 0)::text as amount from spans s cross join lateral generate_series(s.first, ${today}::date - 1, interval '1 day') as g (day) left join per_day p on p.id = s.id and p.day = g.day::date order by s.id, g.day`);
  const days = new Map<string, DayAmount[]>();
  for (const { id, day, amount } of rows) {
    const own = days.get(id) ?? [];
    days.set(id, own);
    own.push({ day, amount: decimal(amount) });
  }
  return days;
}

interface DayAmount {
  day: string;
  amount: Decimal;
}

function forecastOf({ spent, held }: Budget, days: readonly Decimal[], now: number): BudgetView["forecast"] {
  const found = forecast(spent, held, days, spanOf(periodOf(now)).to - now);
  return found && { p10: decimalText(found.p10), p50: decimalText(found.p50), p90: decimalText(found.p90) };
}
