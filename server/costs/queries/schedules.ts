import { and, desc, eq, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { orgs, projects, teams } from "../../../db/schema/access.ts";
import { costDeliveries, costSchedules } from "../../../db/schema/schedules.ts";
import { noticeTitle } from "../../../domain/costs/cost-notice.ts";
import { type Cadence, CADENCE_LABEL, type DeliveryState, isReport, nextDue, type ScheduleView, type SchedulesView, titleOf } from "../../../domain/costs/report-schedule.ts";
import { canMail } from "../../mail.ts";
import type { MailSubscription } from "../unsubscribe.ts";

const MOST_DELIVERIES = 100;
const label = sql<string>`coalesce(case when ${costSchedules.scopeType} = 'org' then 'The whole organization' end, ${teams.name}, ${projects.name}, 'Gone')`;
const ofTeam = and(eq(teams.orgId, costSchedules.orgId), eq(teams.id, costSchedules.scopeId));
const ofProject = and(eq(projects.orgId, costSchedules.orgId), eq(projects.id, costSchedules.scopeId));

/** What is mailed and when, and the newest of what was. */
export async function listSchedules(db: DbOrTx, orgId: string, now: number): Promise<SchedulesView> {
  const schedules = await db
    .select({ schedule: costSchedules, label, lastSentAt: sql<string | null>`(select max(${costDeliveries.sentAt}) from ${costDeliveries} where ${costDeliveries.scheduleId} = ${costSchedules.id})` })
    .from(costSchedules)
    .leftJoin(teams, ofTeam)
    .leftJoin(projects, ofProject)
    .where(eq(costSchedules.orgId, orgId))
    .orderBy(desc(costSchedules.id));
  const deliveries = await db
    .select({ delivery: costDeliveries, cadence: costSchedules.cadence, label })
    .from(costDeliveries)
    .innerJoin(costSchedules, and(eq(costSchedules.orgId, costDeliveries.orgId), eq(costSchedules.id, costDeliveries.scheduleId)))
    .leftJoin(teams, ofTeam)
    .leftJoin(projects, ofProject)
    .where(eq(costDeliveries.orgId, orgId))
    .orderBy(desc(costDeliveries.id))
    .limit(MOST_DELIVERIES);
  return {
    canSend: canMail(),
    schedules: schedules.map(({ schedule, label: name, lastSentAt }): ScheduleView => ({ id: schedule.id, cadence: schedule.cadence, scope: { type: schedule.scopeType, id: schedule.scopeId, label: name }, recipients: schedule.recipients, currency: schedule.currency, createdByName: schedule.createdByName, pausedAt: schedule.pausedAt, lastSentAt: lastSentAt === null ? null : new Date(lastSentAt), nextAt: isReport(schedule.cadence) ? new Date(nextDue(schedule.cadence, Math.max(now, schedule.dueAfter.getTime()))) : null })),
    deliveries: deliveries.map(({ delivery, cadence, label: scope }) => ({ id: delivery.id, title: delivery.notice ? noticeTitle(delivery.notice) : titleOf(cadence as Cadence, { from: delivery.fromDay, to: delivery.toDay }), scope, recipient: delivery.recipient, state: stateOf(delivery), tries: delivery.tries, error: delivery.error, at: delivery.createdAt, sentAt: delivery.sentAt })),
  };
}

/** What an address gets by a schedule; null where it gets nothing by it any more. */
export async function findSubscription(db: DbOrTx, { scheduleId, recipient }: MailSubscription): Promise<{ report: string; organization: string } | null> {
  const [found] = await db
    .select({ cadence: costSchedules.cadence, recipients: costSchedules.recipients, scopeType: costSchedules.scopeType, label, organization: orgs.name })
    .from(costSchedules)
    .innerJoin(orgs, eq(orgs.id, costSchedules.orgId))
    .leftJoin(teams, ofTeam)
    .leftJoin(projects, ofProject)
    .where(eq(costSchedules.id, scheduleId));
  if (!found?.recipients.includes(recipient)) return null;
  return { report: found.scopeType === "org" ? CADENCE_LABEL[found.cadence] : `${CADENCE_LABEL[found.cadence]}, ${found.label}`, organization: found.organization };
}

function stateOf({ sentAt, nextAt }: typeof costDeliveries.$inferSelect): DeliveryState {
  return sentAt ? "sent" : nextAt ? "waiting" : "failed";
}
