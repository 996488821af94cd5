import { and, eq } from "drizzle-orm";
import { orgs, projects, teams } from "../../../db/schema/access.ts";
import type { DbOrTx } from "../../../db/client.ts";
import { type CostReport, type ReportFrame, spendReport, statementReport } from "../../../domain/costs/cost-report.ts";
import { DAY_MS, dayOf } from "../../../domain/costs/days.ts";
import { type Cadence, monthDays, type ReportSpan, type ScheduleScope, titleOf } from "../../../domain/costs/report-schedule.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { getPeriod } from "./periods.ts";
import { readSpend, type SpendReader } from "./spend.ts";

/** Whose costs a report is about. */
export interface ReportScope {
  type: ScheduleScope;
  id: string;
}

/** @returns null where there is no such team or project. */
export async function nameOfScope(db: DbOrTx, orgId: string, { type, id }: ReportScope): Promise<string | null> {
  if (type === "org") return "";
  const table = type === "team" ? teams : projects;
  const [found] = await db.select({ name: table.name }).from(table).where(and(eq(table.orgId, orgId), eq(table.id, id)));
  return found ? `${type === "team" ? "Team" : "Project"} ${found.name}` : null;
}

/** The part of what a reader sees that a report is about. */
export function narrowed({ grant, ...reader }: SpendReader, { type, id }: ReportScope): SpendReader {
  if (type === "org") return { ...reader, grant };
  return { ...reader, grant: { ...grant, org: false, teams: new Set(type === "team" ? [id] : []), projects: new Set(type === "project" ? [id] : []) } };
}

/** Who sees the whole organization, such as the worker. */
export const wholeOrg = (db: DbOrTx, orgId: string): SpendReader => ({ db, orgId, grant: { orgId, permission: "costs:read", org: true, teams: new Set(), projects: new Set() } });

/** A report for somebody who sees the whole organization. @throws DomainError "not_found" */
export async function readReport(db: DbOrTx, orgId: string, ask: { cadence: Cadence; scope: ReportScope; span: ReportSpan }, now: number): Promise<CostReport> {
  return reportFor(wholeOrg(db, orgId), ask, now);
}

async function reportFor(reader: SpendReader, { cadence, scope, span }: { cadence: Cadence; scope: ReportScope; span: ReportSpan }, now: number): Promise<CostReport> {
  const frame = await frameOf(reader, scope, { title: titleOf(cadence, span), ...span });
  const seen = narrowed(reader, scope);
  if (cadence === "monthly") return statementReport(frame, await getPeriod(seen, span.from.slice(0, 7), now));
  const week = (from: string) => readSpend(seen, { from, to: dayOf(Date.parse(from) + 6 * DAY_MS), by: "project" });
  const [view, before] = [await week(span.from), await week(dayOf(Date.parse(span.from) - 7 * DAY_MS))];
  const rows = await reader.db.select({ id: projects.id, team: teams.name }).from(projects).innerJoin(teams, eq(teams.id, projects.teamId)).where(eq(projects.orgId, reader.orgId));
  return spendReport(frame, view, before, new Map(rows.map(({ id, team }) => [id, team])));
}

async function frameOf({ db, orgId }: SpendReader, scope: ReportScope, of: Pick<ReportFrame, "title" | "from" | "to">): Promise<ReportFrame> {
  const [org] = await db.select({ name: orgs.name }).from(orgs).where(eq(orgs.id, orgId));
  const name = await nameOfScope(db, orgId, scope);
  if (!org || name === null) throw notFound();
  return { ...of, organization: org.name, scope: name || null };
}

/** A month's statement of what the caller may see, or of one team of it: that team's invoice. @throws DomainError "not_found" */
export async function readStatement(reader: SpendReader, period: string, teamId: string | null, now: number): Promise<CostReport> {
  const { from, to } = monthDays(period);
  const frame = await frameOf(reader, teamId === null ? { type: "org", id: reader.orgId } : { type: "team", id: teamId }, { title: titleOf("monthly", { from, to }), from, to });
  const view = await getPeriod(reader, period, now, teamId);
  if (teamId !== null && view.lines.length === 0) throw notFound();
  const isWhole = reader.grant.org || (teamId !== null && reader.grant.teams.has(teamId));
  return statementReport({ ...frame, scope: isWhole ? frame.scope : teamId === null ? "The projects that you may see" : `${frame.scope}, the projects that you may see` }, view);
}
