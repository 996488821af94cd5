import { and, asc, desc, eq, gte, isNull, lte, or, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { type ClusterSnapshot, fitOn } from "../../../domain/agents/placement.ts";
import { placeQueue, type QueuedRun } from "../../../domain/agents/queue.ts";
import { planRun } from "../../../domain/experiments/plan.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import type { Plan } from "../../../domain/experiments/run-view.ts";
import { loadSnapshots } from "../../agents/queries.ts";

/** Runs ahead that a plan looks at one by one; behind more than these nothing is promised for now. */
const MAX_AHEAD = 1000;
const ASKED = "asked";

/** Where the spec would go if it were submitted at `now` (Unix ms), by the same rules that will place it. */
export async function planFor(db: DbOrTx, orgId: string, spec: RunSpec, now: number): Promise<Plan> {
  const [snapshots, ahead] = await Promise.all([loadSnapshots(db, orgId), listAhead(db, orgId, spec.priority)]);
  return planOn(spec, snapshots, ahead, now);
}

export function planOn(spec: RunSpec, snapshots: ClusterSnapshot[], ahead: QueuedRun[], now: number): Plan {
  const fits = snapshots.map((cluster) => ({ cluster: { id: cluster.id, name: cluster.name, slug: cluster.slug }, fit: fitOn(spec, cluster, now) }));
  const crowded = ahead.length > MAX_AHEAD;
  const queue = [...ahead.slice(0, MAX_AHEAD), { id: ASKED, name: spec.name, spec }];
  const { placed, waiting } = crowded || !fits.some(({ fit }) => fit.verdict === "now") ? { placed: [], waiting: new Map() } : placeQueue(queue, snapshots, now);
  const clusterId = placed.find(({ runId }) => runId === ASKED)?.clusterId ?? null;
  return planRun(fits, clusterId, ahead.length, waiting.get(ASKED)?.message ?? null);
}

/** Queued runs that go before a new one of this priority, in queue order. */
async function listAhead(db: DbOrTx, orgId: string, priority: number): Promise<QueuedRun[]> {
  const rows = await db
    .select({ id: runs.id, name: runs.name, spec: runs.spec })
    .from(runs)
    .where(and(eq(runs.orgId, orgId), eq(runs.status, "queued"), gte(runs.priority, priority), or(isNull(runs.notBefore), lte(runs.notBefore, sql`now()`))))
    .orderBy(desc(runs.priority), asc(runs.queuedAt), asc(runs.id))
    .limit(MAX_AHEAD + 1);
  return rows.flatMap(({ spec, ...row }) => (spec ? [{ ...row, spec }] : []));
}
