import { and, eq, isNotNull, notInArray } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { costDeliveries, costSchedules } from "../../../db/schema/schedules.ts";
import { dayOf } from "../../../domain/costs/days.ts";
import { isReport, lastDue, type ReportSpan, spanOfDue } from "../../../domain/costs/report-schedule.ts";
import type { ChangeSchedule, CreateSchedule, PauseSchedule } from "../../../domain/costs/schedule-inputs.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import { derivedSecret } from "../../access/secrets.ts";
import { enqueue } from "../../jobs/queue.ts";
import type { Ctx } from "../../trpc/context.ts";
import { displayRate } from "../queries/display-rate.ts";
import { nameOfScope } from "../queries/report.ts";
import { tellCosts } from "./tell-costs.ts";

type Schedule = typeof costSchedules.$inferSelect;
export const scheduleFacts = ({ cadence, scopeType, scopeId, recipients, currency, pausedAt }: Schedule) => ({ cadence, scope: `${scopeType} ${scopeId}`, recipients: recipients.join(", "), currency, paused: pausedAt !== null });
export const scheduleTarget = ({ id, cadence }: Schedule) => ({ type: "cost_schedule", id, name: cadence });

/** @throws DomainError "invalid" where there is no such team or project. */
export async function createSchedule(ctx: Ctx, { cadence, scope, recipients, currency }: CreateSchedule): Promise<{ id: string }> {
  const scopeId = scope.type === "org" ? ctx.orgId : scope.id;
  const id = await ctx.db.transaction(async (tx) => {
    if ((await nameOfScope(tx, ctx.orgId, { type: scope.type, id: scopeId })) === null) throw new DomainError("invalid", `There is no such ${scope.type} here.`, { issues: [{ field: "scope.id", message: `There is no such ${scope.type} here.` }] });
    await displayRate(tx, ctx.orgId, currency, dayOf(Date.now()));
    const [made] = await tx.insert(costSchedules).values({ orgId: ctx.orgId, cadence, scopeType: scope.type, scopeId, recipients, currency, createdBy: ctx.actor.id, createdByName: ctx.actor.name }).returning();
    await audit(tx, ctx, { action: "schedule.create", target: scheduleTarget(made!), after: scheduleFacts(made!) });
    return made!.id;
  });
  await tellCosts(ctx);
  return { id };
}

/** What still waits for somebody who is taken off it goes to them no more. */
export async function changeSchedule(ctx: Ctx, { id, recipients, currency }: ChangeSchedule): Promise<void> {
  await displayRate(ctx.db, ctx.orgId, currency, dayOf(Date.now()));
  await update(ctx, id, { recipients, currency }, (tx) => dropWaiting(tx, id, recipients));
}

/** What waits when it is paused is not sent, and what was due while it was is not sent afterwards. */
export async function pauseSchedule(ctx: Ctx, { id, paused }: PauseSchedule): Promise<void> {
  if (paused) await update(ctx, id, { pausedAt: new Date() }, (tx) => dropWaiting(tx, id, []));
  else await update(ctx, id, { pausedAt: null, dueAfter: new Date() }, async (_tx, schedule) => needsSomebody(schedule));
}

/** Who gets it by mail can end that; it may be the last one who does. */
function needsSomebody({ recipients }: Schedule): void {
  if (recipients.length === 0) throw new DomainError("conflict", "Nobody gets it any more. Add an address first.");
}

async function dropWaiting(tx: Tx, id: string, exceptFor: readonly string[]): Promise<void> {
  await tx.delete(costDeliveries).where(and(eq(costDeliveries.scheduleId, id), isNotNull(costDeliveries.nextAt), notInArray(costDeliveries.recipient, [...exceptFor])));
}

async function update(ctx: Ctx, id: string, patch: Partial<Schedule>, also?: (tx: Tx, before: Schedule) => Promise<void>): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await locked(tx, ctx, id);
    await also?.(tx, before);
    const [after] = await tx.update(costSchedules).set(patch).where(eq(costSchedules.id, id)).returning();
    await audit(tx, ctx, { action: "schedule.change", target: scheduleTarget(after!), before: scheduleFacts(before), after: scheduleFacts(after!) });
  });
  await tellCosts(ctx);
}

/** With what it sent so far. */
export async function deleteSchedule(ctx: Ctx, id: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const gone = await locked(tx, ctx, id);
    await tx.delete(costSchedules).where(eq(costSchedules.id, id));
    await audit(tx, ctx, { action: "schedule.delete", target: scheduleTarget(gone), before: scheduleFacts(gone) });
  });
  await tellCosts(ctx);
}

/** The newest report that was due, once more and now: to see what arrives. */
export async function sendSchedule(ctx: Ctx, id: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const schedule = await locked(tx, ctx, id);
    const { cadence } = schedule;
    if (!isReport(cadence)) throw new DomainError("conflict", "This is told when it happens: there is nothing to send at once.");
    needsSomebody(schedule);
    const now = Date.now();
    await addDeliveries(tx, schedule, new Date(now), spanOfDue(cadence, lastDue(cadence, now)));
    await audit(tx, ctx, { action: "schedule.send", target: scheduleTarget(schedule), after: { recipients: schedule.recipients.join(", ") } });
    await enqueue(tx, "costs.sendReports", {});
  });
  await tellCosts(ctx);
}

/** With what webhooks of this schedule are signed: their receiver checks that a report is ours. @throws DomainError "not_found" */
export async function readScheduleSecret(ctx: Ctx, id: string): Promise<{ secret: string }> {
  await ctx.db.transaction((tx) => locked(tx, ctx, id));
  return { secret: scheduleSecret(id) };
}
export const scheduleSecret = (id: string): string => derivedSecret(`cost schedule ${id}`);

/** One for each recipient; those that are there stay as they are. @returns how many are new. */
export async function addDeliveries(tx: Tx, { orgId, id, recipients }: Pick<Schedule, "orgId" | "id" | "recipients">, dueAt: Date, { from, to }: ReportSpan): Promise<number> {
  const made = await tx.insert(costDeliveries).values(recipients.map((recipient) => ({ orgId, scheduleId: id, dueAt, recipient, fromDay: from, toDay: to }))).onConflictDoNothing().returning({ id: costDeliveries.id });
  return made.length;
}

async function locked(tx: Tx, ctx: Ctx, id: string): Promise<Schedule> {
  const [found] = await tx.select().from(costSchedules).where(and(eq(costSchedules.orgId, ctx.orgId), eq(costSchedules.id, id))).for("update");
  if (!found) throw notFound();
  return found;
}
