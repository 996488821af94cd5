import type { DbOrTx } from "../../../db/client.ts";
import { reaches, type Grant } from "../../../domain/access/roles.ts";
import { endWords, reservedAhead } from "../../../domain/agents/open-nodes.ts";
import { type ClusterSnapshot, fitOn, hasHosts } from "../../../domain/agents/placement.ts";
import { planRun } from "../../../domain/experiments/plan.ts";
import { isElastic } from "../../../domain/experiments/node-count.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import type { Plan } from "../../../domain/experiments/run-view.ts";
import { forecast } from "../../../domain/queue/forecast.ts";
import type { Waiting } from "../../../domain/queue/order.ts";
import { placePass } from "../../../domain/queue/pass.ts";
import { plural } from "../../../domain/shared/format.ts";
import { loadSnapshots } from "../../agents/queries/snapshots.ts";
import { estimateRun, loadHourPrices, planCost, type RunEstimate } from "../../costs/queries/estimate.ts";
import { loadPriceBook } from "../../costs/queries/prices.ts";
import { loadPolicy, loadQuotas, loadShares } from "../../queue/queries/policy.ts";
import { loadWaiting } from "../../queue/queries/waiting.ts";
import type { Ctx } from "../../trpc/context.ts";
import { getProject } from "./visible.ts";

/** Runs that a plan looks at one by one; behind more than these nothing is promised for now. */
const MAX_AHEAD = 1000;
const ASKED = "asked";

/** Who would submit it: quotas, fair share and the limit per person are theirs. */
export interface Submitter {
  project: { id: string; teamId: string } | null;
  ownerId: string;
  /** Whose runs may be named. */
  grant: Grant;
}

/** The plan of a caller who has not submitted yet; for a project that is not theirs only room counts. */
export async function planSpec(ctx: Ctx, spec: RunSpec, now: number): Promise<Plan> {
  const project = await getProject(ctx.db, ctx.grant, spec.project).catch(() => null);
  const { plan, found } = await planFor(ctx.db, ctx.orgId, spec, now, { project, ownerId: ctx.actor.id, grant: ctx.grant });
  const payer = project && { orgId: ctx.orgId, teamId: project.teamId, projectId: project.id, ownerId: ctx.actor.id };
  return { ...plan, cost: await planCost(ctx.db, found, payer) };
}

/** Where the spec would go if it were submitted at `now` (Unix ms), by the same rules that will place it, and what it should cost. All that it needs is read at once: somebody waits. */
export async function planFor(db: DbOrTx, orgId: string, spec: RunSpec, now: number, by: Submitter): Promise<{ plan: Omit<Plan, "cost">; found: RunEstimate; clusters: ClusterSnapshot[] }> {
  const [snapshots, book, rules] = [loadSnapshots(db, orgId, (project) => reaches(by.grant, project)), loadPriceBook(db, orgId), loadPolicy(db, orgId)];
  const [clusters, policy, queue, quotas, shares, prices, found] = await Promise.all([
    snapshots,
    rules,
    loadWaiting(db, orgId, MAX_AHEAD + 1),
    loadQuotas(db, orgId),
    rules.then((known) => loadShares(db, orgId, known)),
    loadHourPrices(db, orgId, now, book),
    estimateRun(db, orgId, { spec, projectId: by.project?.id ?? null, clusters: snapshots, now }, book),
  ]);
  const asked: Waiting = { id: ASKED, name: spec.name, spec, teamId: by.project?.teamId ?? "", projectId: by.project?.id ?? "", ownerId: by.ownerId, gpus: spec.resources.gpus * spec.resources.nodes, priority: spec.priority, queuedAt: now, attained: 0 };
  const fits = clusters.map((cluster) => ({ cluster: { id: cluster.id, name: cluster.name, slug: cluster.slug }, fit: fitOn(spec, cluster, now) }));
  const input = { queue: [...queue.slice(0, MAX_AHEAD), asked], clusters, now, policy, quotas, shares, ...prices };
  const { placed, waiting, victims, order } = placePass(input);
  const ahead = order.indexOf(ASKED);
  const choice = placed.find(({ runId }) => runId === ASKED);
  const crowded = queue.length > MAX_AHEAD;
  const start = choice || crowded ? null : (forecast(input, { only: new Set([ASKED]) }).get(ASKED) ?? null);
  const plan = planRun(fits, {
    chosen: crowded ? null : (choice?.clusterId ?? null),
    size: choice && isElastic(spec.resources) ? `${choice.nodeNames.length} of at most ${plural(spec.resources.nodes, "node")}` : null,
    ahead,
    reason: waiting.get(ASKED) ?? null,
    makesRoom: victims.some(({ forRunId }) => forRunId === ASKED),
    start,
  });
  const place = clusters.find(({ id }) => id === plan.cluster?.id);
  return { plan: { ...plan, end: place ? endWords(spec, place) : null, reserved: place ? reservedAhead(spec, place, now, (nodes) => hasHosts(nodes, spec.resources, "empty")) : null }, found, clusters };
}
