import { and, eq, like, or, type SQL, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { projects, teams } from "../../../db/schema/access.ts";
import { costBooked, costPeriods } from "../../../db/schema/periods.ts";
import { decimal, decimalText, roundParts, sum } from "../../../domain/costs/decimal.ts";
import { minorDigits } from "../../../domain/costs/money.ts";
import { LIKE_OUTSIDE } from "../../../domain/costs/outside.ts";
import { type PeriodFacts, periodChecks, spanOf } from "../../../domain/costs/period.ts";
import { monthDays } from "../../../domain/costs/report-schedule.ts";
import type { PeriodRow, PeriodView } from "../../../domain/costs/period-view.ts";
import { reachedProjects } from "../../access/queries.ts";
import { OVERHELD_HOUR } from "../../../domain/costs/review-view.ts";
import { payerWords } from "./dimensions.ts";
import { displayRates } from "./display-rate.ts";
import { readStand, type SpendReader } from "./spend.ts";

const text = (amount: SQL) => sql<string>`trim_scale(coalesce(sum(${amount}), 0))::text`;
/** What the caller reaches; what nobody held, and what no project pays for, for those who see the whole organization. */
const seen = ({ grant, orgId }: SpendReader) => and(eq(costBooked.orgId, orgId), or(grant.org ? or(eq(costBooked.projectId, ""), like(costBooked.projectId, LIKE_OUTSIDE)) : undefined, and(sql`${projects.id} is not null`, reachedProjects(grant))));

/** Months with something booked, the newest first. */
export async function listPeriods(ctx: SpendReader, { period: only, teamId }: { period?: string; teamId?: string | null } = {}): Promise<PeriodRow[]> {
  const rows = await ctx.db
    .select({ period: costBooked.period, amount: text(sql`${costBooked.amount}`), provisional: text(sql`${costBooked.provisional}`), corrections: text(sql`${costBooked.corrections}`), state: costPeriods.state, requestedBy: costPeriods.requestedByName, requestedAt: costPeriods.requestedAt, closedBy: costPeriods.closedByName, closedAt: costPeriods.closedAt })
    .from(costBooked)
    .leftJoin(projects, and(eq(projects.orgId, costBooked.orgId), eq(projects.id, costBooked.projectId)))
    .leftJoin(costPeriods, and(eq(costPeriods.orgId, costBooked.orgId), eq(costPeriods.period, costBooked.period)))
    .where(and(seen(ctx), only ? eq(costBooked.period, only) : undefined, teamId ? eq(projects.teamId, teamId) : undefined))
    .groupBy(costBooked.period, costPeriods.orgId, costPeriods.period)
    .orderBy(sql`${costBooked.period} desc`);
  return rows.map((row) => ({ ...row, state: row.state ?? "open" }));
}

/** A month in which nothing is booked yet. */
const EMPTY: Omit<PeriodRow, "period"> = { state: "open", amount: "0", provisional: "0", corrections: "0", requestedBy: null, requestedAt: null, closedBy: null, closedAt: null };

/** One month: who owes what, and what stands between it and its close. @param teamId Of one team only; null: all that the reader may see. */
export async function getPeriod(ctx: SpendReader & { actor?: { id: string } }, period: string, now: number, teamId: string | null = null): Promise<PeriodView> {
  const row = (await listPeriods(ctx, { period, teamId }))[0] ?? { ...EMPTY, period };
  const lines = await ctx.db
    .select({ projectId: costBooked.projectId, project: sql<string>`coalesce(${projects.name}, ${payerWords(sql`${costBooked.projectId}`)})`, teamId: teams.id, team: sql<string>`coalesce(${teams.name}, '')`, amount: sql<string>`trim_scale(${costBooked.amount})::text`, corrections: sql<string>`trim_scale(${costBooked.corrections})::text` })
    .from(costBooked)
    .leftJoin(projects, and(eq(projects.orgId, costBooked.orgId), eq(projects.id, costBooked.projectId)))
    .leftJoin(teams, eq(teams.id, projects.teamId))
    .where(and(seen(ctx), eq(costBooked.period, period), teamId ? eq(projects.teamId, teamId) : undefined))
    .orderBy(sql`${costBooked.amount} desc`, costBooked.projectId);
  const stand = await readStand(ctx.db, ctx.orgId);
  const rounded = roundParts(lines.map(({ amount }) => decimal(amount)), minorDigits(stand.currency));
  const [asked] = await ctx.db.select({ by: costPeriods.requestedBy }).from(costPeriods).where(and(eq(costPeriods.orgId, ctx.orgId), eq(costPeriods.period, period)));
  return {
    ...row,
    ...stand,
    rates: await displayRates(ctx.db, ctx.orgId, monthDays(period).to),
    lines: lines.map((line, at) => ({ ...line, rounded: decimalText(rounded[at]!) })),
    roundedTotal: decimalText(sum(rounded)),
    checks: ctx.grant.org && row.state !== "closed" ? periodChecks(period, await readPeriodFacts(ctx.db, ctx.orgId, period), now) : [],
    isOwnRequest: asked !== undefined && asked.by === ctx.actor?.id,
  };
}

/** What the checks of a month's close look at. */
export async function readPeriodFacts(db: DbOrTx, orgId: string, period: string): Promise<PeriodFacts> {
  const { from, to } = spanOf(period);
  const [start, end] = [new Date(from).toISOString(), new Date(to).toISOString()];
  const openBefore = sql`(select min(b.period) from cost_booked b where b.org_id = ${orgId} and b.period < ${period} and not exists (select 1 from cost_periods p where p.org_id = b.org_id and p.period = b.period and p.state = 'closed'))`;
  const [row] = await db.execute<{ complete_to: string | null; dirty: number; provisional: string; reviews: number; negative: number; open_before: string | null }>(sql`
    select (select (extract(epoch from min(complete_to)) * 1000)::bigint::text from cost_clocks where org_id = ${orgId}) as complete_to,
      (select count(*)::int from dirty_hours where org_id = ${orgId} and hour >= ${start}::timestamptz and hour < ${end}::timestamptz) as dirty,
      (select coalesce(sum(provisional), 0)::text from cost_booked where org_id = ${orgId} and period = ${period}) as provisional,
      (select count(*)::int from usage_reviews r left join usage_meters m on m.attempt_id = r.attempt_id where r.org_id = ${orgId} and r.resolved_at is null and ${usageTouches(start, end, openBefore)}) as reviews,
      (select count(*)::int from (
        select distinct cluster_id, node, kind, model, hour from ledger_entries where org_id = ${orgId} and hour >= ${start}::timestamptz and hour < ${end}::timestamptz and line > 0 and attempt_id is null and quantity < 0
      ) less cross join lateral (
        select trim_scale(sum(l.quantity))::text as idle from ledger_entries l where (l.cluster_id, l.node, l.kind, l.model, l.hour) = (less.cluster_id, less.node, less.kind, less.model, less.hour) and l.line > 0 and l.attempt_id is null having sum(l.quantity) < 0
      ) short where not exists (select from usage_reviews r where r.org_id = ${orgId} and r.cluster_id = less.cluster_id and r.resolved_at is not null and r.evidence -> 'overheld'
        @> jsonb_build_object('node', less.node, 'kind', less.kind, 'model', less.model, 'hours', jsonb_build_object(to_char(less.hour at time zone 'utc', ${OVERHELD_HOUR}::text), short.idle)))) as negative,
      ${openBefore} as open_before`);
  return { completeTo: row!.complete_to === null ? null : +row!.complete_to, dirtyHours: row!.dirty, provisional: decimal(row!.provisional), openReviews: row!.reviews, negativeIdle: row!.negative, openBefore: row!.open_before };
}

/** Whether the usage that a review is about was in a month, or in one before that nothing can be put right in any more: all of those are closed, and the month is the first that is not. */
const usageTouches = (start: string, end: string, openBefore: SQL): SQL => sql`
  least(r.opened_at, m.opened_at) < ${end}::timestamptz and (coalesce(m.closed_at, greatest(r.opened_at, m.alive_at)) >= ${start}::timestamptz or ${openBefore} is null)`;
