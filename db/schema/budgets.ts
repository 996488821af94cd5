import { sql } from "drizzle-orm";
import { check, index, integer, numeric, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { BUDGET_POLICIES, BUDGET_SCOPES } from "../../domain/costs/budget.ts";
import { orgs } from "./access.ts";
import { id, moment, oneOf, timestamps } from "./columns.ts";

const money = () => numeric({ precision: 38, scale: 18 });

/** A limit per calendar month (UTC). Its row lock is what parallel submits queue behind. */
export const budgets = pgTable("budgets", {
  id: id("budget"),
  orgId: text().notNull().references(() => orgs.id),
  name: text().notNull(),
  scopeType: text({ enum: BUDGET_SCOPES }).notNull(),
  scopeId: text().notNull(),
  amount: money().notNull(),
  levels: integer().array().notNull(), // percent
  policy: text({ enum: BUDGET_POLICIES }).notNull(),
  archivedAt: moment(),
  ...timestamps,
}, (t) => [
  index("budgets_scope").on(t.orgId, t.scopeType, t.scopeId).where(sql`archived_at is null`),
  check("budgets_scope_known", oneOf(t.scopeType, BUDGET_SCOPES)),
  check("budgets_policy_known", oneOf(t.policy, BUDGET_POLICIES)),
  check("budgets_positive", sql`amount > 0`),
]);

/**
 * Money promised to a run at its submit. What is left of it is the amount less what the run was charged since then
 * (`chargedBefore`: an earlier life of a retried run), so that charging needs to write nothing here.
 */
export const budgetHolds = pgTable("budget_holds", {
  budgetId: text().notNull().references(() => budgets.id),
  runId: text().notNull(),
  amount: money().notNull(),
  chargedBefore: money().notNull(),
  takenAt: moment().notNull().defaultNow(),
  releasedAt: moment(),
}, (t) => [
  primaryKey({ columns: [t.budgetId, t.runId] }),
  index("budget_holds_open").on(t.runId).where(sql`released_at is null`),
  index("budget_holds_of").on(t.budgetId).where(sql`released_at is null`),
  check("budget_holds_positive", sql`amount >= 0`),
]);

/** Levels that a month reached, each announced once. */
export const budgetAlerts = pgTable("budget_alerts", {
  budgetId: text().notNull().references(() => budgets.id),
  month: text().notNull(), // 2026-11
  level: integer().notNull(),
  at: moment().notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.budgetId, t.month, t.level] })]);

/** Sums of the ledger by month, moved on in the transaction that posts: what a budget has spent is a handful of these. */
export const costMonthly = pgTable("cost_monthly", {
  orgId: text().notNull(),
  month: text().notNull(),
  projectId: text().notNull(), // empty, with the next: idle
  ownerId: text().notNull(),
  amount: money().notNull(),
  provisional: money().notNull(),
}, (t) => [primaryKey({ columns: [t.orgId, t.month, t.projectId, t.ownerId] })]);
