import { and, asc, desc, eq, gt, sql } from "drizzle-orm";
import type { Db, DbOrTx } from "../../../db/client.ts";
import { projects } from "../../../db/schema/access.ts";
import { embedClients, embedReports, embedSessions } from "../../../db/schema/embeds.ts";
import { daysUntil } from "../../../domain/costs/days.ts";
import type { EmbedCapability, EmbedFilter } from "../../../domain/costs/embed.ts";
import type { EmbeddedReport, EmbedsView } from "../../../domain/costs/embed-view.ts";
import type { ReadSpend } from "../../../domain/costs/inputs.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { sha256 } from "../../access/secrets.ts";
import { displayRates } from "./display-rate.ts";
import { releasedCosts, wholeCosts } from "./released.ts";
import { wholeOrg } from "./report.ts";
import { labelsOf, readSpend, type SpendReader } from "./spend.ts";

/** Reports and clients as those see them who manage them. */
export async function listEmbeds(db: DbOrTx, orgId: string, audience: string): Promise<EmbedsView> {
  const reports = await db.select({ report: embedReports, slug: projects.slug }).from(embedReports).leftJoin(projects, FILTERED).where(eq(embedReports.orgId, orgId)).orderBy(desc(embedReports.id));
  const clients = await db.select().from(embedClients).where(eq(embedClients.orgId, orgId)).orderBy(asc(embedClients.name));
  return { audience, reports: await Promise.all(reports.map(async ({ report: { orgId: _org, updatedAt: _at, filter, ...report }, slug }) => ({ ...report, narrowed: await labelsOf({ ...wholeOrg(db, orgId), source: wholeCosts(orgId) }, whereOf(filter, slug)) }))), clients: clients.map(({ orgId: _org, updatedAt: _at, aheadSeconds: _ahead, ...client }) => client) };
}

/** The project that a report is narrowed to. */
const FILTERED = and(eq(projects.orgId, embedReports.orgId), sql`${projects.id} = ${embedReports.filter} ->> 'project'`);
/** The report's filter as a spend is asked for. */
function whereOf(filter: EmbedFilter | null, slug: string | null): Pick<ReadSpend, "project" | "where"> {
  const { project, ...where } = filter ?? {};
  return { ...(project === undefined ? {} : { project: slug ?? project }), ...(Object.keys(where).length > 0 ? { where } : {}) };
}

/** Where a client's frame may stand; empty where there is none, or it is disabled. */
export async function originsOf(db: DbOrTx, clientId: string): Promise<string[]> {
  const [client] = await db.select({ origins: embedClients.origins }).from(embedClients).where(and(eq(embedClients.id, clientId), sql`${embedClients.disabledAt} is null`));
  return client?.origins ?? [];
}

/** What a session may see of one report right now. */
export interface EmbedLook {
  orgId: string;
  clientId: string;
  viewer: string;
  report: { id: string; title: string; from: string; to: string; by: (typeof embedReports.$inferSelect)["by"] } & Pick<ReadSpend, "project" | "where">;
  /** Null: everything. */
  projectIds: string[] | null;
  /** What the client may see at most, and how many people must be behind every figure of it. */
  ceiling: string[] | null;
  minGroup: number | null;
  capabilities: EmbedCapability[];
}

/**
 * Everything is looked at again on every look: the session, its client with the ceiling of this moment, the report.
 * Null for all that is refused, whatever the reason.
 */
export async function findLook(db: DbOrTx, { session, thumbprint }: { session: string; thumbprint: string }, reportId: string, now: number): Promise<EmbedLook | null> {
  const [row] = await db
    .select({ session: embedSessions, client: embedClients, report: embedReports, slug: projects.slug })
    .from(embedSessions)
    .innerJoin(embedClients, eq(embedClients.id, embedSessions.clientId))
    .innerJoin(embedReports, and(eq(embedReports.id, reportId), eq(embedReports.orgId, embedClients.orgId)))
    .leftJoin(projects, FILTERED)
    .where(and(
      eq(embedSessions.hash, sha256(session)),
      eq(embedSessions.keyThumbprint, thumbprint),
      gt(embedSessions.expiresAt, sql`now()`),
      sql`${embedClients.disabledAt} is null and ${embedReports.withdrawnAt} is null and ${embedSessions.issuedAt} >= coalesce(${embedClients.notBefore}, '-infinity')`,
      sql`${reportId} = any(${embedSessions.reportIds}) and ${reportId} = any(${embedClients.reportIds})`,
    ));
  if (!row) return null;
  const { client, report, slug } = row;
  const ceiling = client.projectIds;
  const asked = row.session.projectIds;
  return {
    orgId: client.orgId,
    clientId: client.id,
    viewer: row.session.viewer,
    report: { id: report.id, title: report.title, by: report.by, ...whereOf(report.filter, slug), ...daysUntil(now, report.range) },
    ceiling,
    minGroup: client.minGroup,
    projectIds: ceiling === null ? asked : (asked ?? ceiling).filter((id) => ceiling.includes(id)),
    capabilities: row.session.capabilities.filter((one) => client.capabilities.includes(one)),
  };
}

/** The same read as the console's, as a database role that sees only these projects whatever the query says. */
export async function asEmbed<Result>(db: Db, { orgId, projectIds, ceiling, minGroup }: EmbedLook, read: (reader: SpendReader) => Promise<Result>): Promise<Result> {
  const grant: Grant = { orgId, permission: "costs:read", org: projectIds === null, teams: new Set(), projects: new Set(projectIds ?? []) };
  const seesAll = ceiling === null ? projectIds === null : ceiling.every((id) => projectIds?.includes(id));
  const source = minGroup === null ? wholeCosts(orgId) : releasedCosts(orgId, minGroup, seesAll);
  // How many people a figure is of must not hang on the filter: else two filters would tell what lies between them.
  const readable = minGroup === null ? projectIds : ceiling;
  return db.transaction(async (tx) => {
    // How many rows its policies let through nobody can guess beforehand: a plan for a handful would go over them row by row, or sort all of them.
    await tx.execute(sql`select set_config('enable_nestloop', 'off', true), set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true), set_config('work_mem', '32MB', true), set_config('drover.embed_org', ${orgId}, true), set_config('drover.embed_projects', ${readable === null ? "*" : readable.join(",")}, true), set_config('statement_timeout', '5s', true)`);
    await tx.execute(sql`set local role drover_embed`);
    return read({ db: tx, orgId, grant, source });
  }, { accessMode: "read only" });
}

/** @param currency In which its site wants to show it. One without a rate is passed over: a site does not know ours. */
export async function readEmbedded(db: Db, look: EmbedLook, currency: string | null): Promise<EmbeddedReport> {
  const { id, title, ...ask } = look.report;
  const { from, to } = ask;
  const display = currency === null ? null : ((await displayRates(db, look.orgId, to)).find((one) => one.currency === currency) ?? null);
  return { id, title, from, to, minGroup: look.minGroup, display, spend: await asEmbed(db, look, (reader) => readSpend(reader, ask)) };
}
