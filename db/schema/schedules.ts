import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, jsonb, pgTable, text, unique } from "drizzle-orm/pg-core";
import type { CostNotice } from "../../domain/costs/cost-notice.ts";
import { SCHEDULE_SCOPES, SUBSCRIPTIONS } from "../../domain/costs/report-schedule.ts";
import { orgs } from "./access.ts";
import { id, moment, oneOf, timestamps } from "./columns.ts";

/** A cost report that is mailed again and again. */
export const costSchedules = pgTable("cost_schedules", {
  id: id("costSchedule"),
  orgId: text().notNull().references(() => orgs.id),
  cadence: text({ enum: SUBSCRIPTIONS }).notNull(),
  scopeType: text({ enum: SCHEDULE_SCOPES }).notNull(),
  scopeId: text().notNull(), // of the organization, a team or a project
  recipients: text().array().notNull(),
  currency: text(), // in which amounts are shown as well
  createdBy: text().notNull(),
  createdByName: text().notNull(),
  pausedAt: moment(),
  /** What was due before is not sent: of a new schedule, or of one that was paused. */
  dueAfter: moment().notNull().defaultNow(),
  lookedTo: text(), // the last complete day in which something that rose was looked for
  ...timestamps,
}, (t) => [
  unique("cost_schedules_org_id").on(t.orgId, t.id),
  check("cost_schedules_cadence_known", oneOf(t.cadence, SUBSCRIPTIONS)),
  check("cost_schedules_scope_known", oneOf(t.scopeType, SCHEDULE_SCOPES)),
]);

/** One report to one address, at least once: its id is the mail's, so that a repeat can be told. */
export const costDeliveries = pgTable("cost_deliveries", {
  id: id("costDelivery"),
  orgId: text().notNull(),
  scheduleId: text().notNull(),
  dueAt: moment().notNull(),
  recipient: text().notNull(),
  subject: text().notNull().default(""), // the project that rose, the budget and its level; empty: a report
  notice: jsonb().$type<CostNotice>(), // what is told of it, as it was found
  fromDay: text().notNull(),
  toDay: text().notNull(),
  tries: integer().notNull().default(0),
  nextAt: moment().defaultNow(), // of the next try; null when it was sent, or given up
  sentAt: moment(),
  error: text(),
  createdAt: moment().notNull().defaultNow(),
}, (t) => [
  foreignKey({ columns: [t.orgId, t.scheduleId], foreignColumns: [costSchedules.orgId, costSchedules.id] }).onDelete("cascade"),
  unique("cost_deliveries_once").on(t.scheduleId, t.dueAt, t.recipient, t.subject),
  index("cost_deliveries_due").on(t.nextAt).where(sql`next_at is not null`),
  index("cost_deliveries_org").on(t.orgId, t.createdAt),
]);
