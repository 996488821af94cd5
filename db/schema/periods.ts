import { sql } from "drizzle-orm";
import { check, integer, numeric, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { PERIOD_STATES } from "../../domain/costs/period.ts";
import { orgs } from "./access.ts";
import { moment, oneOf } from "./columns.ts";

const money = () => numeric({ precision: 38, scale: 18 });

/** A month's books: no row while it is open. Closed by a second person; what comes later is booked as a correction in an open one. */
export const costPeriods = pgTable("cost_periods", {
  orgId: text().notNull().references(() => orgs.id),
  period: text().notNull(), // 2026-11
  state: text({ enum: PERIOD_STATES }).notNull(),
  requestedBy: text().notNull(),
  requestedByName: text().notNull(),
  requestedAt: moment().notNull().defaultNow(),
  closedBy: text(),
  closedByName: text(),
  closedAt: moment(),
  ratingVersion: integer(),
  total: money(),
}, (t) => [
  primaryKey({ columns: [t.orgId, t.period] }),
  check("cost_periods_state_known", oneOf(t.state, PERIOD_STATES)),
  check("cost_periods_second_person", sql`closed_by is null or closed_by <> requested_by`),
  check("cost_periods_whole", sql`(state = 'closed') = (closed_by is not null and total is not null)`),
]);

/** Sums of the ledger by the period in which it is booked, moved on in the transaction that posts. */
export const costBooked = pgTable("cost_booked", {
  orgId: text().notNull(),
  period: text().notNull(),
  projectId: text().notNull(), // empty: idle
  amount: money().notNull(),
  provisional: money().notNull(),
  corrections: money().notNull(), // of amount: of months that were closed before
}, (t) => [primaryKey({ columns: [t.orgId, t.period, t.projectId] })]);
