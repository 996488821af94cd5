import { and, asc, desc, eq, inArray, isNotNull, isNull, or, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import { startEstimates } from "../../../db/schema/queue.ts";
import { reaches } from "../../../domain/access/roles.ts";
import { likelyEndOf } from "../../../domain/agents/placement.ts";
import { LIVE_ATTEMPT_STATUSES } from "../../../domain/experiments/attempt-status.ts";
import { runActions } from "../../../domain/experiments/run-actions.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import { bindingConstraint } from "../../../domain/queue/explain.ts";
import type { ListQueue } from "../../../domain/queue/inputs.ts";
import { orderQueue } from "../../../domain/queue/order.ts";
import type { EstimateError, QueueExplained, QueueRow, RunningRow, StartView } from "../../../domain/queue/queue-view.ts";
import { projects } from "../../../db/schema/access.ts";
import { loadSnapshots } from "../../agents/queries/snapshots.ts";
import { situationOf } from "../../experiments/queries/run.ts";
import { findRuns, toRows, type FoundRun, type Page } from "../../experiments/queries/runs.ts";
import { reachedProjects } from "../../experiments/queries/visible.ts";
import type { Ctx } from "../../trpc/context.ts";
import { loadPolicy, loadShares } from "./policy.ts";
import { loadAsWaiting, loadWaiting, type WaitingRow } from "./waiting.ts";

/** Held runs and those in a backoff, shown after the order. */
const MOST_ASIDE = 200;
/** Runs ahead that a page names. */
const NAMED_AHEAD = 5;
/** Estimates that their error is measured over. */
const CHECKED = 200;

/** @param gone A run that waits no more, in the place that it had. */
async function loadOrder(ctx: Ctx, gone?: WaitingRow): Promise<WaitingRow[]> {
  const policy = await loadPolicy(ctx.db, ctx.orgId);
  const [queue, shares] = await Promise.all([loadWaiting(ctx.db, ctx.orgId), loadShares(ctx.db, ctx.orgId, policy)]);
  return orderQueue(gone ? [...queue, gone] : queue, shares, policy, Date.now());
}

/** Waiting runs that the caller may see, in the queue's own order over everybody's: positions count the others too. */
export async function listWaiting(ctx: Ctx, { project, cursor, limit }: ListQueue): Promise<Page<QueueRow>> {
  const [order, aside] = await Promise.all([loadOrder(ctx), listAside(ctx, project)]);
  const positions = new Map(order.map((run, at) => [run.id, at + 1]));
  const isShown = (run: WaitingRow) => isSeen(ctx, run) && (!project || run.spec.project === project);
  const ids = [...order.filter(isShown).map(({ id }) => id), ...aside];
  const from = cursor === undefined ? 0 : ids.includes(cursor) ? ids.indexOf(cursor) + 1 : await countAhead(ctx, cursor, isShown);
  const shown = ids.slice(from, from + limit);
  if (shown.length === 0) return { items: [], nextCursor: null };
  const found = await findRuns(ctx.db, and(eq(runs.orgId, ctx.orgId), inArray(runs.id, shown), eq(runs.status, "queued"), reachedProjects(ctx.grant), project ? eq(projects.slug, project) : undefined), limit);
  const items = await toQueueRows(ctx, found, positions);
  const place = new Map(shown.map((id, at) => [id, at]));
  items.sort((a, b) => place.get(a.id)! - place.get(b.id)!);
  return { items, nextCursor: from + limit < ids.length ? shown.at(-1)! : null };
}

const isSeen = (ctx: Ctx, { projectId, teamId }: WaitingRow): boolean => reaches(ctx.grant, { id: projectId, teamId });

/** How many of the shown runs stand before the place of one that started or was cancelled after its page was read. */
async function countAhead(ctx: Ctx, id: string, isShown: (run: WaitingRow) => boolean): Promise<number> {
  const gone = await loadAsWaiting(ctx.db, ctx.orgId, id);
  if (!gone || !isSeen(ctx, gone)) throw notFound();
  const order = await loadOrder(ctx, gone);
  return order.slice(0, order.indexOf(gone)).filter(isShown).length;
}

async function listAside(ctx: Ctx, project: string | undefined): Promise<string[]> {
  const rows = await ctx.db
    .select({ id: runs.id })
    .from(runs)
    .innerJoin(projects, eq(projects.id, runs.projectId))
    .where(and(eq(runs.orgId, ctx.orgId), eq(runs.status, "queued"), or(isNotNull(runs.heldAt), sql`${runs.notBefore} > now()`), reachedProjects(ctx.grant), project ? eq(projects.slug, project) : undefined))
    .orderBy(desc(runs.priority), asc(runs.queuedAt), asc(runs.id))
    .limit(MOST_ASIDE);
  return rows.map(({ id }) => id);
}

async function toQueueRows(ctx: Ctx, found: FoundRun[], positions: ReadonlyMap<string, number>): Promise<QueueRow[]> {
  const [rows, snapshots, starts] = await Promise.all([toRows(ctx.db, found), loadSnapshots(ctx.db, ctx.orgId), loadStarts(ctx.db, found.map(({ run }) => run.id))]);
  return found.map(({ run, project }, at) => ({
    ...rows[at]!,
    position: positions.get(run.id) ?? null,
    pending: run.pending,
    binding: run.spec && run.heldAt === null && isShort(run.pending?.kind) ? bindingConstraint(run.spec, snapshots) : null,
    start: positions.has(run.id) ? (starts.get(run.id) ?? null) : null, // one from before it was held promises nothing
    held: run.heldAt ? { at: run.heldAt, by: run.heldBy ?? "somebody" } : null,
    preemptible: run.spec?.preemptible ?? false,
    gpuModel: run.spec?.resources.gpuModel ?? null,
    order: runActions(situationOf(ctx, { ...run, project })).order,
  }));
}

const isShort = (kind: string | undefined) => kind === "busy" || kind === "behind";

async function loadStarts(db: DbOrTx, ids: string[]): Promise<Map<string, StartView>> {
  if (ids.length === 0) return new Map();
  const rows = await db.select({ id: startEstimates.runId, at: startEstimates.start, basis: startEstimates.basis }).from(startEstimates).where(and(inArray(startEstimates.runId, ids), isNull(startEstimates.actualStart)));
  return new Map(rows.map(({ id, ...start }) => [id, start]));
}

/** How far off the newest estimates were, told when the run queued against when it started; null before there are any. */
export async function estimateError(db: DbOrTx, orgId: string): Promise<EstimateError | null> {
  const [row] = await db.execute<{ median: number | null; samples: number }>(sql`
    select percentile_cont(0.5) within group (order by abs(extract(epoch from actual_start - first_start)))::float8 as median, count(*)::int as samples
    from (select actual_start, first_start from start_estimates where org_id = ${orgId} and actual_start is not null order by actual_start desc limit ${CHECKED}) checked`);
  return row && row.samples > 0 && row.median !== null ? { medianSeconds: row.median, samples: row.samples } : null;
}

/** Why one run waits: its place, who is ahead as far as the caller may know, what binds it, and when it may start. @throws DomainError "not_found" */
export async function explainRun(ctx: Ctx, id: string): Promise<QueueExplained | null> {
  const [found] = await findRuns(ctx.db, and(eq(runs.orgId, ctx.orgId), eq(runs.id, id), reachedProjects(ctx.grant)), 1);
  if (!found) throw notFound();
  if (found.run.status !== "queued" || !found.run.spec) return null;
  const [order, snapshots, starts, error] = await Promise.all([loadOrder(ctx), loadSnapshots(ctx.db, ctx.orgId), loadStarts(ctx.db, [id]), estimateError(ctx.db, ctx.orgId)]);
  const at = order.findIndex((run) => run.id === id);
  const ahead = at < 0 ? [] : order.slice(0, at);
  const seen = ahead.filter((run) => reaches(ctx.grant, { id: run.projectId, teamId: run.teamId }));
  const named = seen.slice(0, NAMED_AHEAD);
  const keptId = found.run.pending?.forRun;
  const shown = await findRuns(ctx.db, and(eq(runs.orgId, ctx.orgId), inArray(runs.id, [...named.map((run) => run.id), ...(keptId ? [keptId] : []), id]), reachedProjects(ctx.grant)), NAMED_AHEAD + 2);
  const byId = new Map(shown.map((one) => [one.run.id, one]));
  const kept = keptId ? byId.get(keptId) : undefined;
  return {
    position: at < 0 ? null : at + 1,
    waiting: order.length,
    ahead: named.flatMap((run) => {
      const one = byId.get(run.id);
      return one ? [{ id: run.id, name: one.run.name, owner: one.ownerName, gpus: run.gpus }] : [];
    }),
    hiddenAhead: ahead.length - named.length,
    binding: found.run.heldAt === null && isShort(found.run.pending?.kind) ? bindingConstraint(found.run.spec, snapshots) : null,
    start: at < 0 ? null : (starts.get(id) ?? null),
    error,
    keptFor: kept ? { id: kept.run.id, name: kept.run.name } : null,
  };
}

/** Live runs that the caller may see, the newest first. */
export async function listRunning(ctx: Ctx, { project, cursor, limit }: ListQueue): Promise<Page<RunningRow>> {
  const where = and(eq(runs.orgId, ctx.orgId), inArray(runs.status, ["starting", "running", "cancelling", "unreachable"]), eq(runs.origin, "submitted"), reachedProjects(ctx.grant), project ? eq(projects.slug, project) : undefined, cursor ? sql`${runs.id} < ${cursor}` : undefined);
  const found = await findRuns(ctx.db, where, limit + 1);
  const page = found.slice(0, limit);
  const ids = page.map(({ run }) => run.id);
  const [rows, snapshots, stopping] = await Promise.all([
    toRows(ctx.db, page),
    loadSnapshots(ctx.db, ctx.orgId),
    ids.length === 0 ? [] : ctx.db.select({ runId: attempts.runId }).from(attempts).where(and(inArray(attempts.runId, ids), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES]), isNotNull(attempts.stopRequestedAt))),
  ]);
  const ends = new Map(snapshots.flatMap((cluster) => cluster.live).map((hold) => [hold.runId, likelyEndOf(hold)]));
  const leaving = new Set(stopping.map(({ runId }) => runId));
  const items = page.map(({ run }, at) => {
    const end = ends.get(run.id) ?? null;
    return { ...rows[at]!, preemptible: run.spec?.preemptible ?? false, isStopping: leaving.has(run.id), endsAt: end === null ? null : new Date(end) };
  });
  return { items, nextCursor: found.length > limit ? items.at(-1)!.id : null };
}
