import { and, eq, inArray, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { setAsideFindings } from "../../../db/schema/clusters.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import type { FindingView } from "../../../domain/clusters/cluster-view.ts";
import { nodeFindings, type NodeOutcome, TELLING_CLASSES, WINDOW_HOURS } from "../../../domain/clusters/node-findings.ts";
import type { FailureClass } from "../../../domain/experiments/failure.ts";
import { readPacedRuns } from "../../experiments/queries/step-times.ts";
import type { Ctx } from "../../trpc/context.ts";
import { getCluster, listAccelerators, listClusterRecords, listHolds, listNodes } from "../queries.ts";
import { HIDDEN_RUN, readableProjects } from "./project-teams.ts";

/** The newest of a cluster: more would not change a verdict. */
const MOST_OUTCOMES = 20_000;

/** Nodes that should take no new work, of one cluster or of all, but for what was set aside. */
export async function listFindings(ctx: Ctx, clusterId: string | null): Promise<FindingView[]> {
  const clusters = clusterId ? [await getCluster(ctx.db, ctx.orgId, clusterId)] : (await listClusterRecords(ctx.db, ctx.orgId)).filter(({ revokedAt }) => revokedAt === null);
  const ids = clusters.map(({ id }) => id);
  const [nodes, accelerators, holds] = await Promise.all([listNodes(ctx.db, ids), listAccelerators(ctx.db, ids), listHolds(ctx.db, ids)]);
  const found: FindingView[] = [];
  for (const { id, name } of clusters) {
    const own = nodes.filter((node) => node.clusterId === id).map((node) => ({ id: node.id, name: node.name, isDrained: node.drainedAt !== null, accelerators: accelerators.filter(({ nodeId }) => nodeId === node.id) }));
    for (const finding of nodeFindings(own, await readOutcomes(ctx.db, id), await readPacedRuns(ctx.db, id, WINDOW_HOURS))) {
      found.push({ ...finding, cluster: { id, name }, liveRuns: holds.filter((hold) => hold.clusterId === id && hold.nodeNames.includes(finding.node)).length, runs: finding.runs.map((run) => ({ id: run.id, name: "", how: run.how, at: new Date(run.at) })) });
    }
  }
  return nameRuns(ctx, await withoutSetAside(ctx.db, found));
}

/** Attempts on one node that ended lately and say something about it: those over several nodes could accuse any of them. */
async function readOutcomes(db: DbOrTx, clusterId: string): Promise<NodeOutcome[]> {
  const classes = sql.param([...TELLING_CLASSES]);
  const rows = await db.execute<{ node: string; run: string; owner: string; failed: FailureClass | null; at: string }>(sql`
    select ${attempts.nodeNames}[1] as node, ${attempts.runId} as run, ${runs.ownerId} as owner, ${attempts.failureClass} as failed, (extract(epoch from ${attempts.endedAt}) * 1000)::bigint::text as at
    from ${attempts} join ${runs} on ${runs.id} = ${attempts.runId}
    where ${attempts.clusterId} = ${clusterId} and ${attempts.status} = 'ended' and ${attempts.endedAt} > now() - make_interval(hours => ${WINDOW_HOURS})
      and cardinality(${attempts.nodeNames}) = 1 and (${attempts.outcome} = 'succeeded' or ${attempts.failureClass} = any(${classes}::text[]))
    order by ${attempts.endedAt} desc limit ${MOST_OUTCOMES}`);
  return rows.map(({ node, run, owner, failed, at }) => ({ node, runId: run, ownerId: owner, failed, at: Number(at) }));
}

async function withoutSetAside(db: DbOrTx, found: FindingView[]): Promise<FindingView[]> {
  if (found.length === 0) return found;
  const rows = await db.select({ nodeId: setAsideFindings.nodeId, key: setAsideFindings.key }).from(setAsideFindings).where(inArray(setAsideFindings.nodeId, found.map(({ nodeId }) => nodeId)));
  const aside = new Set(rows.map(({ nodeId, key }) => `${nodeId} ${key}`));
  return found.filter(({ nodeId, key }) => !aside.has(`${nodeId} ${key}`));
}

/** Names for those whom the viewer may read; the others count without one. */
async function nameRuns(ctx: Ctx, found: FindingView[]): Promise<FindingView[]> {
  const ids = [...new Set(found.flatMap((one) => one.runs.map(({ id }) => id)))];
  if (ids.length === 0) return found;
  const rows = await ctx.db.select({ id: runs.id, name: runs.name, projectId: runs.projectId }).from(runs).where(and(eq(runs.orgId, ctx.orgId), inArray(runs.id, ids)));
  const isReadable = await readableProjects(ctx, rows.map(({ projectId }) => projectId));
  const names = new Map(rows.filter(({ projectId }) => isReadable(projectId)).map(({ id, name }) => [id, name]));
  return found.map((one) => ({ ...one, runs: one.runs.map((run) => ({ ...run, ...(names.has(run.id) ? { name: names.get(run.id)! } : HIDDEN_RUN) })) }));
}
