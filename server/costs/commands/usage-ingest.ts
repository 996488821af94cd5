import type { Sql, TransactionSql } from "postgres";
import type { z } from "zod";
import { wholeName } from "../../../agent/protocol/gpu-model.ts";
import type { Usage, UsageEvent, UsageOffsets } from "../../../agent/protocol/messages.ts";
import { newId } from "../../../db/schema/columns.ts";
import { CLOCK_TOLERANCE_MS, type HeldKind, milliOf, startOfHour } from "../../../domain/costs/metering.ts";
import type { Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";
import { markDirty } from "./mark-dirty.ts";
import { openReview } from "./reviews.ts";

interface Meter {
  attempt_id: string;
  org_id: string;
  run_id: string;
  next_event: number;
  opened: number | null;
  alive: number | null;
}
interface Place {
  orgId: string;
  clusterId: string;
}
interface Interval {
  node: string;
  kind: HeldKind;
  model: string;
  milli: number;
  device: string | null;
}
type Told = z.infer<typeof Usage>["attempts"][number];
type Opening = Extract<UsageEvent, { kind: "open" | "change" }>;

/**
 * Stores an agent's usage journal once: an event is taken only when it is the next one of its attempt. What was used was
 * used, so neither a stale fence nor the attempt's status matters here.
 * @param now Unix ms of this server: nothing is taken from the future.
 */
export async function ingestUsage(sql: Sql, agent: Place, message: z.infer<typeof Usage>, now: number): Promise<Pick<z.infer<typeof UsageOffsets>, "offsets" | "unknown"> & { changes: Change[] }> {
  const ids = [...new Set(message.attempts.map(({ attemptId }) => attemptId))].sort();
  const result = await sql.begin(async (tx) => {
    await tx`
      insert into usage_meters (attempt_id, org_id, cluster_id, run_id)
      select id, org_id, cluster_id, run_id from attempts where id = any(${ids}::text[]) and cluster_id = ${agent.clusterId} order by id on conflict do nothing`;
    const rows = await tx<Meter[]>`
      select attempt_id, org_id, run_id, next_event, (extract(epoch from opened_at) * 1000)::float8 as opened, (extract(epoch from alive_at) * 1000)::float8 as alive
      from usage_meters where attempt_id = any(${ids}::text[]) and cluster_id = ${agent.clusterId} order by attempt_id for no key update`;
    const meters = new Map(rows.map((row) => [row.attempt_id, row]));
    const changes: Change[] = [];
    for (const told of message.attempts) {
      const meter = meters.get(told.attemptId);
      if (!meter) continue;
      const fresh = told.from <= meter.next_event ? told.events.slice(meter.next_event - told.from) : [];
      for (const event of fresh) await take(tx, agent, meter, event, now);
      await noteAlive(tx, meter, told, Math.min(told.aliveAt ?? 0, now), message.hostAheadMs);
      if (fresh.length > 0) changes.push({ orgId: meter.org_id, topic: "run-cost", id: meter.run_id });
    }
    failpoint("server.usage.before-commit");
    return { offsets: rows.map(({ attempt_id, next_event }) => ({ attemptId: attempt_id, next: next_event })), unknown: ids.filter((id) => !meters.has(id)), changes };
  });
  failpoint("server.usage.after-commit");
  return result;
}

async function take(tx: TransactionSql, place: Place, meter: Meter, event: UsageEvent, now: number): Promise<void> {
  const at = Math.min(event.at, now + CLOCK_TOLERANCE_MS);
  if (event.kind === "close") await close(tx, place, meter, event, at, now);
  else await open(tx, place, meter, event, at);
  meter.next_event += 1;
  await tx`update usage_meters set next_event = ${meter.next_event} where attempt_id = ${meter.attempt_id}`;
}

async function open(tx: TransactionSql, place: Place, meter: Meter, event: Opening, at: number): Promise<void> {
  if (event.kind === "change") await endCurrent(tx, place, meter, at, "measured");
  const wanted = await intervalsOf(tx, place, event);
  for (const each of wanted) {
    const free = each.device === null ? { from: at, until: null } : await freeSpan(tx, place, meter, each.device, at);
    if (free === null) continue; // contradicts what is stored: somebody has to look
    await tx`
      insert into usage_intervals (id, org_id, cluster_id, node, kind, model, milli, device, attempt_id, run_id, event, from_at, until_at, evidence)
      values (${newId("usageInterval")}, ${place.orgId}, ${place.clusterId}, ${each.node}, ${each.kind}, ${each.model}, ${each.milli}, ${each.device}, ${meter.attempt_id}, ${meter.run_id}, ${meter.next_event}, ${new Date(free.from)}, ${free.until === null ? null : new Date(free.until)}, 'provisional')`;
  }
  meter.opened ??= at;
  await tx`update usage_meters set opened_at = coalesce(opened_at, ${new Date(at)}), alive_at = greatest(alive_at, ${new Date(at)}) where attempt_id = ${meter.attempt_id}`;
}

/** Known devices each on their own, so that none is held twice; where only a number is known, as one amount of the node. */
async function intervalsOf(tx: TransactionSql, { clusterId }: Place, event: Opening): Promise<Interval[]> {
  const models = await tx<{ uuid: string; node: string; model: string; milli: number }[]>`
    select a.uuid, n.name as node, a.model, a.milli from accelerators a join nodes n on n.id = a.node_id
    where a.cluster_id = ${clusterId} and n.name = any(${event.holds.map(({ node }) => node)}::text[])`;
  return event.holds.flatMap((hold): Interval[] => {
    const here = models.filter(({ node }) => node === hold.node);
    const cardOf = (uuid: string | undefined) => here.find((one) => one.uuid === uuid);
    const modelOf = (uuid: string | undefined) => wholeName(cardOf(uuid)?.model ?? here[0]?.model ?? "unknown");
    const known = hold.accelerators.length === hold.gpus;
    const pooled = hold.gpus > 0 && !known ? [{ node: hold.node, kind: "accelerator" as const, model: hold.parts?.[0]?.model ?? modelOf(undefined), milli: hold.parts?.[0]?.milli ?? milliOf.accelerators(hold.gpus), device: null }] : [];
    const devices = known ? hold.accelerators.map((uuid, at) => ({ node: hold.node, kind: "accelerator" as const, model: hold.parts?.[at]?.model ?? modelOf(uuid), milli: hold.parts?.[at]?.milli ?? cardOf(uuid)?.milli ?? milliOf.accelerators(1), device: uuid })) : [];
    const rest = [{ node: hold.node, kind: "cpu" as const, model: "", milli: milliOf.cpus(hold.cpus), device: null }, { node: hold.node, kind: "memory" as const, model: "", milli: milliOf.memory(hold.memoryMib), device: null }];
    return [...devices, ...pooled, ...rest].filter(({ milli }) => milli > 0);
  });
}

/**
 * When a device can be this attempt's. Who still holds it on paper has lost it by then: its end is inferred. News may come
 * late, so it may have been somebody else's since. Clocks may differ by two seconds. Null, and a review, where another
 * one's measured time would be counted twice.
 */
async function freeSpan(tx: TransactionSql, place: Place, meter: Meter, device: string, at: number): Promise<{ from: number; until: number | null } | null> {
  const others = await tx<{ id: string; attempt_id: string; from: number; until: number | null }[]>`
    select id, attempt_id, (extract(epoch from from_at) * 1000)::float8 as from, (extract(epoch from until_at) * 1000)::float8 as until
    from usage_intervals where cluster_id = ${place.clusterId} and device = ${device} and tstzrange(from_at, until_at) && tstzrange(${new Date(at)}, null) order by from_at`;
  let from = at;
  for (const other of others) {
    if (other.from > from) return { from, until: other.from };
    if (other.until === null && other.from <= at) {
      await tx`update usage_intervals set until_at = ${new Date(at)}, evidence = 'inferred' where id = ${other.id}`;
      await markDirty(tx, { by: "attempt", id: other.attempt_id }, other.from, at);
    } else if (other.until !== null && other.until - from <= CLOCK_TOLERANCE_MS) from = Math.max(from, other.until);
    else {
      await openReview(tx, { ...place, attemptId: meter.attempt_id }, `Two attempts claim accelerator ${device} at the same time; only the first is counted.`, { other: other.attempt_id, at, from: other.from, until: other.until });
      return null;
    }
  }
  return { from, until: null };
}

async function close(tx: TransactionSql, place: Place, meter: Meter, event: Extract<UsageEvent, { kind: "close" }>, at: number, now: number): Promise<void> {
  if (meter.opened === null) return;
  const byClock = event.lifeMs === null ? at : meter.opened + event.lifeMs;
  // A wall clock that stepped tells the wrong end; how long it was is the monotonic clock's.
  await endCurrent(tx, place, meter, Math.max(meter.opened, Math.min(byClock, now + CLOCK_TOLERANCE_MS)), event.evidence);
  await tx`update usage_meters set closed_at = greatest(opened_at, ${new Date(Math.min(byClock, now + CLOCK_TOLERANCE_MS))}) where attempt_id = ${meter.attempt_id}`;
}

/** Ends what the attempt holds now, also where an earlier end was only inferred: the journal settles it. */
async function endCurrent(tx: TransactionSql, place: Place, meter: Meter, at: number, evidence: "measured" | "inferred"): Promise<void> {
  const current = await tx<{ id: string; device: string | null; until: number | null; next: number | null }[]>`
    select i.id, i.device, (extract(epoch from i.until_at) * 1000)::float8 as until,
      (select (extract(epoch from min(o.from_at)) * 1000)::float8 from usage_intervals o where o.cluster_id = i.cluster_id and o.device = i.device
        and (o.from_at > i.from_at or (o.from_at = i.from_at and o.attempt_id <> i.attempt_id and o.until_at is distinct from o.from_at))) as next
    from usage_intervals i where i.attempt_id = ${meter.attempt_id} and i.event = (select max(event) from usage_intervals where attempt_id = ${meter.attempt_id})`;
  for (const each of current) {
    const end = each.device !== null && each.next !== null ? Math.min(at, each.next) : at;
    if (at - end > CLOCK_TOLERANCE_MS) await openReview(tx, { ...place, attemptId: meter.attempt_id }, `Accelerator ${each.device} was another attempt's before this one says that it let go; it is counted until then.`, { said: at, counted: end });
    await tx`update usage_intervals set until_at = greatest(from_at, ${new Date(end)}), evidence = ${evidence} where id = ${each.id}`;
  }
  await markDirty(tx, { by: "attempt", id: meter.attempt_id }, meter.opened ?? at, Math.max(at, ...current.map(({ until }) => until ?? 0), meter.alive ?? 0));
}

/** Proof of life. Hours that it newly covers are rated anew. */
async function noteAlive(tx: TransactionSql, meter: Meter, told: Told, aliveAt: number, hostAheadMs: number): Promise<void> {
  if (told.aliveAt === null || meter.opened === null) return;
  await tx`update usage_meters set alive_at = greatest(alive_at, ${new Date(aliveAt)}), host_ahead_ms = ${hostAheadMs} where attempt_id = ${meter.attempt_id}`;
  const before = meter.alive ?? meter.opened;
  if (startOfHour(before) < startOfHour(aliveAt)) await markDirty(tx, { by: "attempt", id: meter.attempt_id }, before, aliveAt - 1);
}

/**
 * Attempts that were given up, whose agent was revoked, or that ended a day ago and more under an agent that was replaced:
 * what they held ends, on paper, at the last proof that they lived. Should their agent come back after all, its journal settles it.
 */
export async function inferEnds(sql: Sql): Promise<number> {
  return sql.begin(async (tx) => {
    const gone = await tx<{ attempt_id: string; opened: number; alive: number }[]>`
      select m.attempt_id, (extract(epoch from m.opened_at) * 1000)::float8 as opened, (extract(epoch from m.alive_at) * 1000)::float8 as alive
      from usage_meters m join attempts a on a.id = m.attempt_id
      where m.opened_at is not null and m.closed_at is null
        and (a.status = 'lost' or not exists (select 1 from agents g where g.cluster_id = m.cluster_id and g.revoked_at is null and g.cloned_at is null and (g.created_at <= m.opened_at or a.status <> 'ended' or a.ended_at > now() - interval '1 day')))
      order by m.attempt_id for no key update of m skip locked limit 200`;
    for (const { attempt_id, opened, alive } of gone) {
      await tx`update usage_intervals set until_at = greatest(from_at, least(until_at, ${new Date(alive)})), evidence = 'inferred' where attempt_id = ${attempt_id} and evidence = 'provisional'`;
      await tx`update usage_meters set closed_at = alive_at where attempt_id = ${attempt_id}`;
      await markDirty(tx, { by: "attempt", id: attempt_id }, opened, alive);
    }
    return gone.length;
  });
}
