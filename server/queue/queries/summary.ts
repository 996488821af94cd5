import { and, eq, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { runs } from "../../../db/schema/experiments.ts";
import type { ClusterSnapshot } from "../../../domain/agents/placement.ts";
import { shareRatio } from "../../../domain/queue/fair-share.ts";
import { policyWords } from "../../../domain/queue/policy.ts";
import type { ClusterUse, QueueSummary } from "../../../domain/queue/queue-view.ts";
import { QuotaBook } from "../../../domain/queue/quota.ts";
import { loadSnapshots } from "../../agents/queries/snapshots.ts";
import type { Ctx } from "../../trpc/context.ts";
import { estimateError } from "./page.ts";
import { loadPolicy, loadQuotas, loadShares } from "./policy.ts";

/** What everybody in the organization may know of the queue: use per cluster and team, quotas, policies. No run is named. */
export async function readSummary(ctx: Ctx): Promise<QueueSummary> {
  const { db, orgId } = ctx;
  const policy = await loadPolicy(db, orgId);
  const [snapshots, quotas, shares, error, counts] = await Promise.all([loadSnapshots(db, orgId), loadQuotas(db, orgId), loadShares(db, orgId, policy), estimateError(db, orgId), waitingByTeam(ctx)]);
  const book = new QuotaBook(quotas, snapshots, policy.preemption);
  const all = [...shares.values()];
  const held = new Map<string, number>();
  let running = 0;
  for (const cluster of snapshots) {
    for (const hold of cluster.live) {
      running += 1;
      if (hold.claim) held.set(hold.claim.teamId, (held.get(hold.claim.teamId) ?? 0) + hold.gpus * hold.nodeNames.length * ((hold.kind?.milli ?? 1000) / 1000));
    }
  }
  return {
    clusters: snapshots.map(useOf),
    teams: all
      .map((team) => ({ id: team.teamId, name: team.name, weight: team.weight, usedHours: team.used / 3600, ratio: shareRatio(team, all), held: held.get(team.teamId) ?? 0, waiting: counts.get(team.teamId) ?? 0 }))
      .sort((a, b) => b.usedHours - a.usedHours || (a.name < b.name ? -1 : 1)),
    quotas: quotas.map((quota) => ({ ...quota, used: book.usedBy(quota) })),
    policy,
    words: policyWords(policy),
    error,
    waiting: [...counts.values()].reduce((sum, one) => sum + one, 0),
    running,
  };
}

async function waitingByTeam({ db, orgId }: Ctx): Promise<Map<string, number>> {
  const rows = await db.select({ teamId: projects.teamId, count: sql<number>`count(*)::int` }).from(runs).innerJoin(projects, eq(projects.id, runs.projectId)).where(and(eq(runs.orgId, orgId), eq(runs.status, "queued"))).groupBy(projects.teamId);
  return new Map(rows.map(({ teamId, count }) => [teamId, count]));
}

/** Per accelerator model: what there is, what is held, and the largest block free on one node. */
function useOf(cluster: ClusterSnapshot): ClusterUse {
  const models = new Map<string, ClusterUse["models"][number]>();
  for (const node of cluster.nodes) {
    const freeHere = new Map<string, number>();
    for (const one of node.accelerators) {
      const use = models.get(one.model) ?? { model: one.model, total: 0, used: 0, failed: 0, largestFree: 0 };
      use.total += 1;
      if (!one.ok) use.failed += 1;
      else if (!one.free || one.given) use.used += 1;
      else if (node.usable && !node.reserved) freeHere.set(one.model, (freeHere.get(one.model) ?? 0) + 1);
      models.set(one.model, use);
    }
    for (const [model, free] of freeHere) models.get(model)!.largestFree = Math.max(models.get(model)!.largestFree, free);
  }
  const cpus = cluster.nodes.reduce((sum, node) => ({ total: sum.total + node.cpus, used: sum.used + node.cpus - node.freeCpus }), { total: 0, used: 0 });
  return { id: cluster.id, name: cluster.name, models: [...models.values()].sort((a, b) => (a.model < b.model ? -1 : 1)), cpus, state: cluster.drained ? "drained" : cluster.reachable ? "open" : "away" };
}
