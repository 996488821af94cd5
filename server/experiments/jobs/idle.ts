import { eq, sql } from "drizzle-orm";
import { attempts } from "../../../db/schema/experiments.ts";
import type { Db } from "../../../db/client.ts";
import { durationText } from "../../../domain/shared/format.ts";
import type { Bus } from "../../bus.ts";
import { lockPairs, moveRun, note, transact } from "../commands/transitions.ts";

const BATCH = 100;
/** A notebook or an editor that waits for its person uses less. */
const BUSY_CORES = 0.25;
const BUSY_GPU_PERCENT = 5;
/** Telemetry older than this says nothing of now. */
const FRESH_SECONDS = 120;

const FRESH = sql.raw(`at > now() - interval '${FRESH_SECONDS} seconds'`);
/** Its processes work, or one of its accelerators does, whoever looks. */
const IS_BUSY = sql`(
  exists (select 1 from telemetry_latest t where t.cluster_id = attempts.cluster_id and t.subject = 'attempt' and t.subject_id = attempts.id and t.key = 'cpu' and t.value > ${BUSY_CORES} and t.${FRESH})
  or exists (select 1 from telemetry_latest t join accelerators a on a.cluster_id = t.cluster_id and a.attempt_id = attempts.id join nodes n on n.id = a.node_id
    where t.cluster_id = attempts.cluster_id and t.subject = 'accelerator' and t.subject_id = n.name || '/' || a.index and t.key = 'gpu' and t.value > ${BUSY_GPU_PERCENT} and t.${FRESH}))`;
const INTERACTIVE = sql`runs.id = attempts.run_id and runs.status = 'running' and jsonb_typeof(runs.spec -> 'interactive') = 'object' and attempts.status = 'running' and attempts.stop_requested_at is null`;

/**
 * Stops interactive runs that nobody has used for their idle time: no keystroke, no request of a person, and nothing that
 * computes. What computes counts as use, so that a cell that trains overnight is not cut off.
 */
export async function stopIdle({ db, bus }: { db: Db; bus: Bus }): Promise<void> {
  await db.execute(sql`update attempts set active_at = now() from runs where ${INTERACTIVE} and ${IS_BUSY}`);
  const idle = await db.execute<{ id: string }>(sql`
    select attempts.id from attempts, runs where ${INTERACTIVE}
      and greatest(attempts.started_at, attempts.active_at) + make_interval(secs => (runs.spec #>> '{interactive,idleTimeout}')::int) < now()
    order by attempts.id limit ${BATCH}`);
  if (idle.length === 0) return;
  await transact(db, bus, async (work) => {
    for (const { run, attempt } of (await lockPairs(work.tx, idle.map(({ id }) => id))).values()) {
      if (run.status !== "running" || attempt.stopRequestedAt !== null) continue;
      const message = `Nobody used it for ${durationText(run.spec.interactive?.idleTimeout ?? 0)}, its idle time.`;
      await moveRun(work, run, "cancel", { statusReason: message, pending: null });
      await work.tx.update(attempts).set({ stopRequestedAt: sql`now()`, stopReason: "cancelled" }).where(eq(attempts.id, attempt.id));
      note(work, run, { kind: "run.cancelling", attemptId: attempt.id, actor: "idle time", message });
      work.changes.push({ orgId: run.orgId, topic: "agent-desired", id: attempt.clusterId }, { orgId: run.orgId, topic: "queue", id: run.orgId });
    }
  });
}
