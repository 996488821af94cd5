import { check, foreignKey, index, integer, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { VIEW_PAGES, VIEW_SHARING } from "../../domain/experiments/saved-view.ts";
import { orgs, projects } from "./access.ts";
import { id, moment, oneOf, timestamps } from "./columns.ts";

/** The state of a page under a name: columns, filters, charts. `state` is what the page's URL says. */
export const savedViews = pgTable("saved_views", {
  id: id("savedView"),
  orgId: text().notNull().references(() => orgs.id),
  projectId: text(), // null: over all projects, for its owner alone
  ownerId: text().notNull(),
  page: text({ enum: VIEW_PAGES }).notNull(),
  name: text().notNull(),
  sharing: text({ enum: VIEW_SHARING }).notNull(),
  state: text().notNull(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  index("saved_views_owner").on(t.orgId, t.ownerId, t.page),
  index("saved_views_project").on(t.projectId, t.page),
  check("saved_views_page_known", oneOf(t.page, VIEW_PAGES)),
  check("saved_views_sharing_known", oneOf(t.sharing, VIEW_SHARING)),
]);

/** A page of words with live charts in it. The row is the newest version; the others are kept. */
export const reports = pgTable("reports", {
  id: id("report"),
  orgId: text().notNull(),
  projectId: text().notNull(),
  title: text().notNull(),
  body: text().notNull(),
  version: integer().notNull().default(1),
  createdBy: text().notNull(),
  createdByName: text().notNull(),
  updatedByName: text().notNull(),
  archivedAt: moment(),
  ...timestamps,
}, (t) => [
  foreignKey({ columns: [t.orgId, t.projectId], foreignColumns: [projects.orgId, projects.id] }),
  unique("reports_org_id").on(t.orgId, t.id),
  index("reports_project").on(t.orgId, t.projectId, t.id),
]);
export const reportVersions = pgTable("report_versions", {
  reportId: text().notNull().references(() => reports.id),
  version: integer().notNull(),
  title: text().notNull(),
  body: text().notNull(),
  byName: text().notNull(),
  at: moment().notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.reportId, t.version] })]);
export const reportComments = pgTable("report_comments", {
  id: id("reportComment"),
  orgId: text().notNull(),
  reportId: text().notNull(),
  authorId: text().notNull(),
  authorName: text().notNull(),
  body: text().notNull(),
  createdAt: moment().notNull().defaultNow(),
}, (t) => [
  foreignKey({ columns: [t.orgId, t.reportId], foreignColumns: [reports.orgId, reports.id] }),
  index("report_comments_report").on(t.reportId, t.id),
]);
