import type { Sql } from "postgres";
import { LOCKS } from "../locks.ts";

const DAYS_AHEAD = 3;
export const TELEMETRY_DAYS = 30;

/**
 * Partitions of telemetry: today and the next days exist, those beyond retention are dropped. What fell into the default
 * partition (the first day, or a worker that was away) moves to its day. Gives up rather than queue writers behind it.
 */
export async function keepPartitions(sql: Sql): Promise<{ made: string[]; dropped: string[] }> {
  return sql.begin(async (tx) => {
    await tx`set local lock_timeout = '2s'`;
    await tx`select pg_advisory_xact_lock(${LOCKS.housekeeping})`;
    const rows = await tx<{ name: string }[]>`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'telemetry'::regclass and c.relname <> 'telemetry_default'`;
    const have = new Set(rows.map(({ name }) => name));
    const days = await tx<{ day: string }[]>`
      select to_char(day, 'YYYY-MM-DD') as day
      from generate_series((now() at time zone 'utc')::date::timestamp, (now() at time zone 'utc')::date + ${DAYS_AHEAD} * interval '1 day', interval '1 day') as day`;
    const [oldest] = await tx<{ day: string }[]>`select to_char((now() at time zone 'utc')::date - ${TELEMETRY_DAYS} * interval '1 day', 'YYYY-MM-DD') as day`;
    const nameOf = (day: string) => `telemetry_${day.replaceAll("-", "")}`;
    const missing = days.filter(({ day }) => !have.has(nameOf(day)));
    for (const { day } of missing) await tx`select make_telemetry_day(${day}::date)`;
    const dropped = [...have].filter((name) => /^telemetry_\d{8}$/.test(name) && name < nameOf(oldest!.day));
    for (const name of dropped) await tx`select drop_telemetry_day(to_date(${name.slice(-8)}, 'YYYYMMDD'))`;
    await tx`delete from telemetry_default where at < now() - ${TELEMETRY_DAYS} * interval '1 day'`;
    return { made: missing.map(({ day }) => nameOf(day)), dropped };
  });
}

/** Codes nobody used and sessions that ended, a month later. */
export async function expireOld(sql: Sql): Promise<void> {
  await sql`delete from enrolments where used_at is null and expires_at < now() - interval '30 days'`;
  await sql`delete from object_parts where at < now() - interval '2 days'`; // their bytes are collected by then
  await sql`delete from tunnels where wanted_until < now() - interval '1 day'`;
  await sql`delete from app_sessions where expires_at < now()`;
  await sql`delete from sessions where expires_at < now() - interval '30 days'`; // of people; the audit log keeps when they began
  await sql`delete from agent_sessions where ended_at < now() - interval '30 days'`;
}
