import { and, desc, eq, inArray, isNotNull, sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { attempts, runs } from "../../../db/schema/experiments.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import { slowRanksOf, type SlowRanks } from "../../../domain/clusters/slow-ranks.ts";
import { LIVE_ATTEMPT_STATUSES } from "../../../domain/experiments/attempt-status.ts";
import { firstRankOn, readRankSteps } from "./step-times.ts";
import { getVisibleRun } from "./visible.ts";

/** Of one cluster, the newest: each costs a read of its ranks' steps. */
const MOST_LIVE = 20;

const OF_ATTEMPT = { id: attempts.id, run: attempts.runId, nodes: attempts.nodeNames };

/** Ranks that kept the others of a run's newest attempt waiting, where its ranks said what their steps took. */
export async function readSlowRanks(db: DbOrTx, grant: Grant, runId: string): Promise<SlowRanks | null> {
  await getVisibleRun(db, grant, runId);
  const [newest] = await db.select(OF_ATTEMPT).from(attempts).where(and(eq(attempts.runId, runId), isNotNull(attempts.startedAt))).orderBy(desc(attempts.number)).limit(1);
  return newest ? slowRanksOf(await readRankSteps(db, newest)) : null;
}

/** The same of the attempts that go on now on a cluster, the newest first. */
export async function listSlowRanks(db: DbOrTx, clusterId: string): Promise<{ run: { id: string; name: string; projectId: string }; found: SlowRanks }[]> {
  const live = await db
    .select({ ...OF_ATTEMPT, name: runs.name, projectId: runs.projectId })
    .from(attempts)
    .innerJoin(runs, eq(runs.id, attempts.runId))
    .where(and(eq(attempts.clusterId, clusterId), inArray(attempts.status, [...LIVE_ATTEMPT_STATUSES]), sql`exists (select 1 from metric_summaries m join unnest(${attempts.nodeNames}) as own (node) on m.key = ${firstRankOn(sql`own.node`)} where m.run_id = ${attempts.runId})`))
    .orderBy(desc(attempts.id))
    .limit(MOST_LIVE);
  const all = [];
  for (const attempt of live) {
    const found = slowRanksOf(await readRankSteps(db, attempt));
    if (found) all.push({ run: { id: attempt.run, name: attempt.name, projectId: attempt.projectId }, found });
  }
  return all;
}
