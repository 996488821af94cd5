import type { Sql, TransactionSql } from "postgres";
import { newId } from "../../../db/schema/columns.ts";
import type { Bus, Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";

/** A server that has not beaten for this long was away: silence of agents in that time proves nothing. */
export const BEAT_GAP_SECONDS = 3;

/** Whether an agent may speak, and in which session. */
export interface Standing {
  id: string;
  locked: boolean;
  session: string | null;
}

/**
 * One write for all agents heard in the last second: when they were last seen, and fresh leases for their attempts. A lease
 * is renewed once a third of it is gone, not on each message. Attempts out of reach get theirs back only by a sync that
 * names them. The database's clock alone.
 * @param heard agent id → milliseconds since it was heard
 * @returns how those who were heard stand: whoever let them speak from memory learns what has changed
 */
export async function flushPresence(sql: Sql, bus: Bus, heard: Map<string, number>, leaseSeconds: number): Promise<Standing[]> {
  failpoint("server.presence.before-flush");
  const ids = [...heard.keys()].sort(); // one order for all servers: no deadlocks
  const { told, standings } = await sql.begin(async (tx) => {
    await tx`insert into server_beats (id, since, beat_at) values ('servers', now(), now())
      on conflict (id) do update set since = case when server_beats.beat_at < now() - make_interval(secs => ${BEAT_GAP_SECONDS}) then now() else server_beats.since end, beat_at = now()`;
    const told: Change[] = [];
    if (ids.length === 0) return { told, standings: [] };
    const ages = ids.map((id) => heard.get(id)!);
    const back = await tx<{ id: string; org_id: string; cluster_id: string; hostname: string; since: Date }[]>`
      select id, org_id, cluster_id, coalesce(host ->> 'hostname', 'unknown') as hostname, unreachable_since as since from agents
      where id = any(${ids}::text[]) and unreachable_since is not null order by id for update`;
    await tx`
      with heard as (select * from unnest(${ids}::text[], ${ages}::float8[]) as heard (id, age)), seen as (
        update agents set last_seen_at = greatest(agents.last_seen_at, now() - heard.age * interval '1 millisecond'), contact_since = case when agents.unreachable_since is null then agents.contact_since else now() end, unreachable_since = null
        from heard where agents.id = heard.id and agents.revoked_at is null and agents.cloned_at is null
        returning agents.cluster_id, heard.age), due as (
        select attempts.id, seen.age from attempts join seen on seen.cluster_id = attempts.cluster_id
        where attempts.status in ('assigned', 'starting', 'running') and attempts.lease_until < now() + make_interval(secs => ${(leaseSeconds * 2) / 3})
        order by attempts.id for no key update of attempts) -- in the order in which everybody locks them
      update attempts set lease_until = now() - due.age * interval '1 millisecond' + make_interval(secs => ${leaseSeconds})
      from due where attempts.id = due.id`;
    for (const agent of back) {
      await tx`insert into cluster_events (id, org_id, cluster_id, kind, actor, message, evidence)
        values (${newId("clusterEvent")}, ${agent.org_id}, ${agent.cluster_id}, 'agent.back', 'agent', ${`The agent on ${agent.hostname} is back in contact.`}, ${tx.json({ silentSince: agent.since.toISOString() })})`;
      told.push({ orgId: agent.org_id, topic: "cluster", id: agent.cluster_id }, { orgId: agent.org_id, topic: "queue", id: agent.org_id });
    }
    return { told, standings: await readStandings(tx, ids) };
  });
  failpoint("server.presence.after-flush");
  if (told.length > 0) await bus.publishNow(told);
  return standings;
}

const readStandings = (tx: TransactionSql, ids: string[]) => tx<Standing[]>`
  select agents.id, agents.revoked_at is not null or agents.cloned_at is not null or clusters.revoked_at is not null as locked,
    (select session.id from agent_sessions session where session.agent_id = agents.id and session.ended_at is null order by session.created_at desc, session.id desc limit 1) as session
  from agents join clusters on clusters.id = agents.cluster_id where agents.id = any(${ids}::text[])`;
