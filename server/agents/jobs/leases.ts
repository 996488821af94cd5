import { sql } from "drizzle-orm";
import { newId } from "../../../db/schema/columns.ts";
import { giveUp, loseContact } from "../../experiments/commands/attempt-moves.ts";
import { lockPairs, transact } from "../../experiments/commands/transitions.ts";
import { failpoint } from "../../failpoint.ts";
import { BEAT_GAP_SECONDS } from "../commands/presence.ts";
import type { AgentServices } from "../services.ts";

export type LeaseServices = Pick<AgentServices, "db" | "bus" | "leaseSeconds">;
const BATCH = 100;

/**
 * One look at who fell silent. All by the database's clock, and only while servers listen: a lease counts from when they
 * began to, so an outage of the control plane costs no attempt anything.
 */
export async function sweepLeases(services: LeaseServices): Promise<void> {
  await markSilentAgents(services);
  await loseLapsed(services);
  await giveUpRestartable(services);
}

const listening = sql`server_beats.id = 'servers' and server_beats.beat_at > now() - make_interval(secs => ${BEAT_GAP_SECONDS})`;
const seconds = (amount: number) => sql`make_interval(secs => ${amount})`;

async function markSilentAgents({ db, bus, leaseSeconds }: LeaseServices): Promise<void> {
  const changes = await db.transaction(async (tx) => {
    const silent = await tx.execute<{ org_id: string; cluster_id: string; hostname: string; since: string }>(sql`
      update agents set unreachable_since = agents.last_seen_at
      where id in (
        select agents.id from agents, server_beats
        where ${listening} and agents.unreachable_since is null and agents.revoked_at is null and agents.cloned_at is null
          and agents.last_seen_at is not null and greatest(agents.last_seen_at, server_beats.since) < now() - ${seconds(leaseSeconds)}
        order by agents.id for update of agents skip locked limit 1000)
      returning org_id, cluster_id, coalesce(host ->> 'hostname', 'unknown') as hostname, to_char(last_seen_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since`);
    for (const agent of silent) {
      const message = `No word from the agent on ${agent.hostname}. Runs there go on by themselves; they are shown as out of reach.`;
      await tx.execute(sql`insert into cluster_events (id, org_id, cluster_id, kind, actor, message, evidence) values (${newId("clusterEvent")}, ${agent.org_id}, ${agent.cluster_id}, 'agent.silent', 'lease', ${message}, ${JSON.stringify({ since: agent.since })}::text::jsonb)`);
    }
    return [...silent].map((agent) => ({ orgId: agent.org_id, topic: "cluster", id: agent.cluster_id }));
  });
  if (changes.length === 0) return;
  failpoint("worker.lease.after-silent-commit");
  await bus.publishNow(changes);
}

/** Attempts (of these) whose lease ran out while somebody listened. `extra`: seconds beyond it. */
const lapsed = (leaseSeconds: number, extra: number) => sql`greatest(attempts.lease_until, server_beats.since + ${seconds(leaseSeconds)}) < now() - ${seconds(extra)}`;

async function loseLapsed({ db, bus, leaseSeconds }: LeaseServices): Promise<void> {
  for (;;) {
    const found = await db.execute<{ id: string }>(sql`select attempts.id from attempts, server_beats where ${listening} and attempts.status in ('assigned', 'starting', 'running') and ${lapsed(leaseSeconds, 0)} order by attempts.lease_until limit ${BATCH}`);
    if (found.length === 0) return;
    const ids = found.map(({ id }) => id);
    const lost = await transact(db, bus, async (work) => {
      const pairs = await lockPairs(work.tx, ids);
      const still = await work.tx.execute<{ id: string; cluster: string; seen: string | null }>(sql`
        select attempts.id, clusters.name as cluster, (select to_char(max(agents.last_seen_at) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') from agents where agents.cluster_id = attempts.cluster_id) as seen
        from attempts join clusters on clusters.id = attempts.cluster_id, server_beats
        where attempts.id = any(${sql.param(ids)}::text[]) and ${listening} and attempts.status in ('assigned', 'starting', 'running') and ${lapsed(leaseSeconds, 0)}`);
      for (const { id, cluster, seen } of still) {
        const pair = pairs.get(id);
        if (pair) await loseContact(work, pair, { message: `No contact with the agent of ${cluster}. The process may still be running.`, since: seen ? new Date(seen) : null });
      }
      return still.length;
    }, { beforeCommit: () => failpoint("worker.lease.before-lose-commit"), afterCommit: () => failpoint("worker.lease.after-lose-commit") });
    if (lost === 0 || found.length < BATCH) return;
  }
}

/**
 * Runs that ask for it start again elsewhere. A whole further lease passes first, so that a short cut of the network costs no
 * work; from then on the old attempt's fence is refused.
 */
async function giveUpRestartable({ db, bus, leaseSeconds }: LeaseServices): Promise<void> {
  const found = await db.execute<{ id: string }>(sql`
    select attempts.id from attempts join runs on runs.id = attempts.run_id, server_beats
    where ${listening} and attempts.status = 'unreachable' and runs.spec ->> 'onLostContact' = 'restart' and ${lapsed(leaseSeconds, leaseSeconds)} order by attempts.id limit ${BATCH}`);
  if (found.length === 0) return;
  await transact(db, bus, async (work) => {
    const pairs = await lockPairs(work.tx, found.map(({ id }) => id));
    for (const pair of pairs.values()) {
      if (pair.attempt.status !== "unreachable") continue;
      await giveUp(work, pair, { message: "Its agent stayed out of reach beyond its lease, and the run asks to start again.", actor: "lease", then: "requeue" });
    }
  }, { beforeCommit: () => failpoint("worker.lease.before-give-up-commit"), afterCommit: () => failpoint("worker.lease.after-give-up-commit") });
}
