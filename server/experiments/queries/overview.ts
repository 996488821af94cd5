import { and, asc, count, desc, eq, gte, inArray, isNull, like, or, sql } from "drizzle-orm";
import { auditLog, projects } from "../../../db/schema/access.ts";
import { clusterEvents, clusters } from "../../../db/schema/clusters.ts";
import { runEvents, runs } from "../../../db/schema/experiments.ts";
import { auditWords } from "../../../domain/access/audit-words.ts";
import { ACTIVE_STATUSES } from "../../../domain/experiments/run-status.ts";
import type { Overview } from "../../../domain/experiments/run-view.ts";
import { paths } from "../../../paths.ts";
import { listClusters } from "../../clusters/queries/read.ts";
import type { Ctx } from "../../trpc/context.ts";
import { countRuns, findRuns, toRows } from "./runs.ts";
import { reachedProjects } from "./visible.ts";

const SHOWN = 8;
const ACTIVITY = 20;
const DAY_MS = 86_400_000;

/** The first page: what runs, what waits and why, what failed, what happened. Every part is bounded. */
export async function readOverview(ctx: Ctx, project: string | undefined, now: number): Promise<Overview> {
  const { db, grant } = ctx;
  const mine = and(eq(runs.orgId, ctx.orgId), reachedProjects(grant), project ? eq(projects.slug, project) : undefined);
  const dayAgo = new Date(now - DAY_MS);
  const [running, waiting, failed, finished, counts, activity, clusterRows] = await Promise.all([
    findRuns(db, and(mine, inArray(runs.status, ACTIVE_STATUSES)), SHOWN),
    findRuns(db, and(mine, eq(runs.status, "queued")), SHOWN, [desc(runs.priority), asc(runs.queuedAt), asc(runs.id)]),
    findRuns(db, and(mine, eq(runs.status, "failed"), gte(runs.endedAt, dayAgo)), SHOWN, [desc(runs.endedAt)]),
    db.select({ count: count(), failed: sql<number>`count(*) filter (where ${runs.status} = 'failed')`.mapWith(Number) }).from(runs).innerJoin(projects, eq(projects.id, runs.projectId)).where(and(mine, gte(runs.endedAt, dayAgo), inArray(runs.status, ["succeeded", "failed", "cancelled"]))),
    countRuns(db, grant, project),
    listActivity(ctx, project),
    ctx.grantFor("clusters:read") ? listClusters(ctx) : [],
  ]);
  const waitingRows = await toRows(db, waiting);
  return {
    running: await toRows(db, running),
    waiting: waitingRows.map((row, index) => ({ ...row, pending: waiting[index]!.run.pending })),
    failedToday: await toRows(db, failed),
    failedCount: finished[0]!.failed,
    finishedToday: finished[0]!.count,
    counts,
    clusters: clusterRows,
    activity,
  };
}

type Activity = Overview["activity"][number];

/** The newest of three sources that the viewer may see: what happened to runs, to clusters, and who changed what. */
async function listActivity(ctx: Ctx, project: string | undefined): Promise<Activity[]> {
  const parts = await Promise.all([runActivity(ctx, project), project ? [] : clusterActivity(ctx), auditActivity(ctx, project)]);
  return parts.flat().sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1)).slice(0, ACTIVITY);
}

/** What runs came to; the steps of their attempts are on their own pages. */
async function runActivity(ctx: Ctx, project: string | undefined): Promise<Activity[]> {
  const rows = await ctx.db
    .select({ id: runEvents.id, at: runEvents.at, actor: runEvents.actor, message: runEvents.message, runId: runs.id, name: runs.name })
    .from(runEvents)
    .innerJoin(runs, eq(runs.id, runEvents.runId))
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(runEvents.orgId, ctx.orgId), like(runEvents.kind, "run.%"), reachedProjects(ctx.grant), project ? eq(projects.slug, project) : undefined))
    .orderBy(desc(runEvents.id))
    .limit(ACTIVITY);
  return rows.map((row) => ({ id: row.id, at: row.at, actor: row.actor ?? "Drover", message: `${row.name}: ${row.message}`, href: paths.run(ctx.orgSlug, row.runId) }));
}

async function clusterActivity(ctx: Ctx): Promise<Activity[]> {
  if (!ctx.grantFor("clusters:read")) return [];
  const rows = await ctx.db
    .select({ id: clusterEvents.id, at: clusterEvents.at, actor: clusterEvents.actor, message: clusterEvents.message, clusterId: clusters.id, name: clusters.name })
    .from(clusterEvents)
    .innerJoin(clusters, eq(clusters.id, clusterEvents.clusterId))
    .where(eq(clusterEvents.orgId, ctx.orgId))
    .orderBy(desc(clusterEvents.id))
    .limit(ACTIVITY);
  return rows.map((row) => ({ id: row.id, at: row.at, actor: row.actor ?? row.name, message: `${row.name}: ${row.message}`, href: paths.cluster(ctx.orgSlug, row.clusterId) }));
}

/** Changes to people, projects and tokens; runs and clusters tell their own story above. */
async function auditActivity(ctx: Ctx, project: string | undefined): Promise<Activity[]> {
  const grant = ctx.grantFor("audit:read");
  if (!grant) return [];
  const ofOrg = grant.org && !project ? isNull(auditLog.projectId) : undefined;
  const rows = await ctx.db
    .select({ id: auditLog.id, at: auditLog.at, actor: auditLog.actorName, action: auditLog.action, target: auditLog.targetName })
    .from(auditLog)
    .leftJoin(projects, eq(projects.id, auditLog.projectId))
    .where(
      and(
        eq(auditLog.orgId, ctx.orgId),
        or(ofOrg, and(reachedProjects(grant), project ? eq(projects.slug, project) : undefined)),
        sql`split_part(${auditLog.action}, '.', 1) in ('org', 'team', 'project', 'member', 'service-account')`,
      ),
    )
    .orderBy(desc(auditLog.id))
    .limit(ACTIVITY);
  return rows.map((row) => ({ id: row.id, at: row.at, actor: row.actor, message: row.target ? `${auditWords(row.action)}: ${row.target}` : auditWords(row.action), href: paths.audit(ctx.orgSlug) }));
}
