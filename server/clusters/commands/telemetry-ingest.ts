import type { Sql, TransactionSql } from "postgres";
import type { Telemetry } from "../../../agent/protocol/messages.ts";
import { newId } from "../../../db/schema/columns.ts";
import { failpoint } from "../../failpoint.ts";

/** Samples from a clock that is further off than this are shifted as a whole, so that the newest is now. */
const CLOCK_TOLERANCE_MS = 120_000;

const EVENT_KINDS: Record<Telemetry["events"][number]["kind"], string> = {
  xid: "gpu.xid", ecc: "gpu.ecc", disk_full: "node.disk_full", spool_full: "agent.spool_full", policy_refused: "agent.policy_refused", clock: "agent.clock", agent: "agent.note",
};

/**
 * Stores samples as arrays, and the newest of each series beside them for lists. Best effort: a lost message is a gap. One that
 * comes again, to this server or another, is known by its batch and its session and changes nothing. (Agents of version 1 do not
 * number their batches.) Samples of attempts on other clusters are left out.
 */
export async function ingestTelemetry(sql: Sql, agent: { orgId: string; clusterId: string; session: string | null }, message: Telemetry, now: number): Promise<void> {
  const { orgId, clusterId } = agent;
  const filled = message.samples.filter(({ times, values }) => times.length > 0 && times.length === values.length);
  const shift = clockShift(filled, now);
  await sql.begin(async (tx) => {
    if (message.batch !== undefined && !(await isNew(tx, agent.session, message.batch))) return;
    const named = filled.filter(({ subject }) => subject === "attempt").map(({ id }) => id);
    const own = new Set(named.length === 0 ? [] : (await tx<{ id: string }[]>`select id from attempts where id = any(${named}::text[]) and cluster_id = ${clusterId}`).map(({ id }) => id));
    const samples = filled.filter(({ subject, id }) => subject !== "attempt" || own.has(id)).map((one) => ({ ...one, times: one.times.map((time) => time + shift) }));
    if (samples.length > 0) {
      await tx`
        insert into telemetry (cluster_id, subject, subject_id, key, at, times, values)
        select ${clusterId}, subject, subject_id, key, to_timestamp(at / 1000), times::bigint[], "values"::float8[]
        from unnest(${samples.map((one) => one.subject)}::text[], ${samples.map((one) => one.id)}::text[], ${samples.map((one) => one.key)}::text[], ${samples.map((one) => one.times[0]!)}::float8[],
          ${samples.map((one) => `{${one.times.join(",")}}`)}::text[], ${samples.map((one) => `{${one.values.join(",")}}`)}::text[]) as fresh (subject, subject_id, key, at, times, "values")`;
      const newest = [...new Map(samples.map((one) => [`${one.subject} ${one.id} ${one.key}`, one])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
      await tx`
        insert into telemetry_latest as latest (cluster_id, subject, subject_id, key, at, value)
        select ${clusterId}, subject, subject_id, key, to_timestamp(at / 1000), value
        from unnest(${newest.map((one) => one.subject)}::text[], ${newest.map((one) => one.id)}::text[], ${newest.map((one) => one.key)}::text[], ${newest.map((one) => one.times.at(-1)!)}::float8[], ${newest.map((one) => one.values.at(-1)!)}::float8[])
          as fresh (subject, subject_id, key, at, value)
        on conflict (cluster_id, subject, subject_id, key) do update set at = excluded.at, value = excluded.value where excluded.at >= latest.at`;
    }
    if (message.events.length > 0) {
      await tx`
        insert into cluster_events (id, org_id, cluster_id, kind, subject, actor, message, evidence)
        select id, ${orgId}, ${clusterId}, kind, subject, 'agent', message, jsonb_build_object('at', at)
        from unnest(${message.events.map(() => newId("clusterEvent"))}::text[], ${message.events.map(({ kind }) => EVENT_KINDS[kind])}::text[],
          ${message.events.map(({ node, accelerator }) => (accelerator === null ? node : `${node}/${accelerator}`))}::text[], ${message.events.map((event) => event.message)}::text[], ${message.events.map(({ at }) => at)}::float8[])
          as fresh (id, kind, subject, message, at)`;
    }
    failpoint("server.telemetry.before-commit");
  });
  failpoint("server.telemetry.after-commit");
}

/** Notes the batch. Two servers that were given the same one wait for each other here. */
async function isNew(tx: TransactionSql, session: string | null, batch: number): Promise<boolean> {
  return (await tx`update agent_sessions set telemetry_batch = ${batch} where id = ${session} and telemetry_batch < ${batch}`).count === 1;
}

/** Milliseconds to add to every sample: none for a clock that is right, and none for samples that are merely late. */
function clockShift(samples: { times: number[] }[], now: number): number {
  let newest = 0;
  for (const { times } of samples) newest = Math.max(newest, times.at(-1)!);
  return newest > now + CLOCK_TOLERANCE_MS ? now - newest : 0;
}
