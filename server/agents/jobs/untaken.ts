import { eq, sql } from "drizzle-orm";
import { attempts } from "../../../db/schema/experiments.ts";
import { isLeftUntaken, type Offer, TAKE_SECONDS, UNTAKEN, untakenSays } from "../../../domain/agents/untaken.ts";
import { lockPairs, note, transact } from "../../experiments/commands/transitions.ts";
import { BEAT_GAP_SECONDS } from "../commands/presence.ts";
import type { LeaseServices } from "./leases.ts";

const BATCH = 100;

interface Candidate extends Offer, Record<string, unknown> {
  id: string;
  cluster: string;
  hostname: string;
  now: number;
}

/**
 * Withdraws attempts that an agent in contact never takes: they are asked to stop, and the agent's next sync, which still does
 * not name them, proves that they never will start. Only then they end, as a failure of the platform, and the run's policy decides.
 */
export async function withdrawUntaken({ db, bus, leaseSeconds }: LeaseServices): Promise<void> {
  const found = overdue(await listCandidates(db), leaseSeconds);
  if (found.length === 0) return;
  await transact(db, bus, async (work) => {
    const pairs = await lockPairs(work.tx, found.map(({ id }) => id));
    for (const one of found) {
      const pair = pairs.get(one.id);
      if (!pair || pair.attempt.reportSeq > 0 || pair.attempt.stopRequestedAt !== null || !["assigned", "unreachable"].includes(pair.attempt.status)) continue;
      const { message, detail } = untakenSays(one, one.now, one);
      await work.tx.update(attempts).set({ stopRequestedAt: sql`now()`, stopReason: UNTAKEN, evidence: { detail } }).where(eq(attempts.id, one.id));
      note(work, pair.run, { kind: "attempt.withdrawn", attemptId: one.id, actor: "lease", message, evidence: { detail } });
      const { orgId, runId, clusterId } = pair.attempt;
      work.changes.push({ orgId, topic: "run", id: runId }, { orgId, topic: "agent-desired", id: clusterId });
    }
  });
}

const overdue = (candidates: Candidate[], leaseSeconds: number) => candidates.filter((one) => isLeftUntaken(one, one.now, leaseSeconds));

/** All moments by the database's clock. */
async function listCandidates(db: LeaseServices["db"]): Promise<Candidate[]> {
  const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);
  return db.execute<Candidate>(sql`
    select attempts.id, clusters.name as cluster, coalesce(agents.host ->> 'hostname', 'unknown') as hostname, ${ms("now()")} as now, ${ms("attempts.assigned_at")} as "assignedAt",
      ${ms("agents.contact_since")} as "contactSince", ${ms("server_beats.since")} as "listeningSince", ${ms("agents.last_seen_at")} as "lastSeenAt"
    from attempts join clusters on clusters.id = attempts.cluster_id
      join agents on agents.cluster_id = attempts.cluster_id and agents.revoked_at is null and agents.cloned_at is null and agents.unreachable_since is null and agents.last_seen_at is not null,
      server_beats
    where server_beats.id = 'servers' and server_beats.beat_at > now() - make_interval(secs => ${BEAT_GAP_SECONDS})
      and attempts.status in ('assigned', 'unreachable') and attempts.report_seq = 0 and attempts.stop_requested_at is null
      and attempts.assigned_at <= now() - make_interval(secs => ${TAKE_SECONDS})
    order by attempts.id limit ${BATCH}`);
}
