import { and, eq, inArray, isNull, notInArray, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { runs } from "../../../db/schema/experiments.ts";
import { startEstimates } from "../../../db/schema/queue.ts";
import { forecast } from "../../../domain/queue/forecast.ts";
import { loadSnapshots } from "../../agents/queries/snapshots.ts";
import { loadHourPrices } from "../../costs/queries/estimate.ts";
import { eachOrg } from "../../each-org.ts";
import { loadPolicy, loadQuotas, loadShares } from "../queries/policy.ts";
import { loadWaiting } from "../queries/waiting.ts";

/** An estimate that moved by less than this, in seconds, is left as it is told. */
const WORTH_SECONDS = 30;

/** Plays the queues forward and keeps when each of their first runs may start. Not part of a placement pass: nothing waits for it. */
export async function estimateStarts({ db, now }: { db: Db; now: () => number }, orgIds: readonly string[]): Promise<void> {
  await eachOrg("estimates", orgIds, (orgId) => estimateOrg(db, orgId, now()));
}

async function estimateOrg(db: Db, orgId: string, now: number): Promise<void> {
  const policy = await loadPolicy(db, orgId);
  const [queue, clusters, quotas, shares, prices] = await Promise.all([loadWaiting(db, orgId), loadSnapshots(db, orgId), loadQuotas(db, orgId), loadShares(db, orgId, policy), loadHourPrices(db, orgId, now)]);
  const durations = new Map(queue.flatMap((run) => (run.durations ? [[run.id, run.durations] as const] : [])));
  const told = [...forecast({ queue, clusters, now, policy, quotas, shares, ...prices }, { durations })].filter(([, estimate]) => estimate.at > now);
  const ids = told.map(([id]) => id);
  await db.transaction(async (tx) => {
    const open = and(eq(startEstimates.orgId, orgId), isNull(startEstimates.actualStart));
    await tx.delete(startEstimates).where(and(open, inArray(startEstimates.runId, tx.select({ id: runs.id }).from(runs).where(and(eq(runs.orgId, orgId), eq(runs.status, "queued")))), ids.length > 0 ? notInArray(startEstimates.runId, ids) : undefined));
    if (ids.length === 0) return;
    await tx.execute(sql`
      insert into start_estimates (run_id, org_id, first_start, start, basis)
      select told.id, ${orgId}, to_timestamp(told.at / 1000), to_timestamp(told.at / 1000), told.basis
      from unnest(${sql.param(ids)}::text[], ${sql.param(told.map(([, { at }]) => at))}::float8[], ${sql.param(told.map(([, { basis }]) => basis))}::text[]) as told (id, at, basis)
      on conflict (run_id) do update set start = excluded.start, basis = excluded.basis, actual_start = null,
        first_start = case when start_estimates.actual_start is null then start_estimates.first_start else excluded.start end,
        first_told_at = case when start_estimates.actual_start is null then start_estimates.first_told_at else now() end
      where start_estimates.actual_start is not null or abs(extract(epoch from start_estimates.start - excluded.start)) > ${WORTH_SECONDS} or start_estimates.basis <> excluded.basis`);
  });
}
