import { foreignKey, index, pgTable, text } from "drizzle-orm/pg-core";
import { sessions, users } from "./access.ts";
import { id, moment } from "./columns.ts";
import { runs } from "./experiments.ts";

/**
 * One person in the app of one run. A ticket, good once and for a minute, takes the browser from the console's origin to the
 * run's own; there it becomes a cookie. Gone with the login that it came from.
 */
export const appSessions = pgTable("app_sessions", {
  id: id("appSession"),
  orgId: text().notNull(),
  runId: text().notNull(),
  userId: text().notNull().references(() => users.id, { onDelete: "cascade" }),
  loginId: text().notNull().references(() => sessions.id, { onDelete: "cascade" }),
  ticketHash: text().unique(), // null once it was used
  ticketUntil: moment().notNull(),
  tokenHash: text().unique(), // of the cookie
  createdAt: moment().notNull().defaultNow(),
  expiresAt: moment().notNull(),
}, (t) => [index("app_sessions_login").on(t.loginId), foreignKey({ columns: [t.orgId, t.runId], foreignColumns: [runs.orgId, runs.id] })]);
