import type { Sql, TransactionSql } from "postgres";
import { wholeName } from "../../../agent/protocol/gpu-model.ts";
import type { OutsideJob, OutsideJobs } from "../../../agent/protocol/messages.ts";
import { newId } from "../../../db/schema/columns.ts";
import { milliOf, startOfHour } from "../../../domain/costs/metering.ts";
import { type OutsideNode, outsideHolds } from "../../../domain/costs/outside.ts";
import { markDirty } from "./mark-dirty.ts";
import { openReview } from "./reviews.ts";

/** So much of what was told is asked for again: accounting follows the controller late. */
const AGAIN_MS = 15 * 60_000;
/** A job of which neither the scheduler knows that it lives nor its accounting that it ended, for this long, is taken to have ended when it last lived. */
const PATIENCE_SECONDS = 86_400;

interface Place {
  orgId: string;
  clusterId: string;
}
/** A stretch that is stored; moments as Unix ms. */
interface Known {
  id: string;
  job: string;
  started: number;
  alive: number;
  ended: number | null;
}
interface Clock {
  since: number;
  told: number;
}

/**
 * Stores what a scheduler's accounting says of jobs from outside Drover: so that what nobody held is known, and who held the rest.
 * What is told again changes nothing; what is told otherwise, such as a later end, is rated anew.
 * @param now Unix ms of this server: nothing is taken from the future.
 */
export async function ingestOutside(sql: Sql, place: Place, message: OutsideJobs, now: number): Promise<{ from: number }> {
  return sql.begin(async (tx) => {
    const clock = await readClock(tx, place);
    if (message.from === null) return { from: fromOf(clock) };
    const told = message.jobs.toSorted((a, b) => a.startedAt - b.startedAt);
    const stored = Map.groupBy(await storedJobs(tx, place, told), ({ job }) => job);
    const nodes = await loadNodes(tx, place, told);
    const alive: string[] = [];
    for (const job of told) {
      const own = stored.get(job.job) ?? [];
      const next = stretchOf(job, own, clock.since, now);
      if (next === null) continue;
      const known = own.find(({ id }) => id === next.id);
      if (known && goesOn(known, next)) alive.push(next.id);
      else if (overlaps(next, own)) {
        await refuse(tx, place, job.job);
        continue;
      } else if (known) await move(tx, known, next);
      else await keep(tx, place, { job, next, nodes });
      stored.set(job.job, [...own.filter(({ id }) => id !== next.id), next]);
    }
    if (alive.length > 0) await tx`update outside_jobs set alive_at = greatest(alive_at, ${new Date(now)}) where id = any(${alive}::text[])`;
    if (message.to !== null) {
      clock.told = Math.max(clock.told, Math.min(message.to, now));
      await tx`update outside_clocks set told_to = ${new Date(clock.told)} where cluster_id = ${place.clusterId}`;
    }
    return { from: fromOf(clock) };
  });
}

const fromOf = ({ since, told }: Clock): number => Math.max(since, told - AGAIN_MS);

/** Locked, so that two messages of one cluster come one after the other. What was before the month in which this began is not counted: it may be closed. */
async function readClock(tx: TransactionSql, place: Place): Promise<Clock> {
  return (await lockedClock(tx, place)) ?? (await beginClock(tx, place));
}

async function lockedClock(tx: TransactionSql, { clusterId }: Place): Promise<Clock | undefined> {
  const [row] = await tx<Clock[]>`select (extract(epoch from since) * 1000)::float8 as since, (extract(epoch from told_to) * 1000)::float8 as told from outside_clocks where cluster_id = ${clusterId} for update`;
  return row;
}

async function beginClock(tx: TransactionSql, place: Place): Promise<Clock> {
  await tx`
    insert into outside_clocks (cluster_id, org_id, since, told_to)
    select ${place.clusterId}, ${place.orgId}, begun.at, begun.at from (select greatest(date_trunc('month', now(), 'UTC'), coalesce(min(from_at), now())) as at from capacity_intervals where cluster_id = ${place.clusterId}) begun
    on conflict do nothing`;
  return (await lockedClock(tx, place))!;
}

function storedJobs(tx: TransactionSql, { clusterId }: Place, jobs: readonly OutsideJob[]): Promise<Known[]> {
  return tx<Known[]>`
    select id, job, (extract(epoch from started_at) * 1000)::float8 as started, (extract(epoch from alive_at) * 1000)::float8 as alive, (extract(epoch from ended_at) * 1000)::float8 as ended
    from outside_jobs where cluster_id = ${clusterId} and job = any(${[...new Set(jobs.map(({ job }) => job))]}::text[]) order by id for update`;
}

/** The nodes that jobs name and Drover knows. */
async function loadNodes(tx: TransactionSql, { clusterId }: Place, jobs: readonly OutsideJob[]): Promise<Map<string, OutsideNode>> {
  const rows = await tx<{ name: string; cpus: number; memory_mib: number; cards: { model: string; device: string; shares: number | null }[] | null }[]>`
    select n.name, n.cpus, n.memory_mib, (select jsonb_agg(jsonb_build_object('model', a.model, 'device', coalesce(a.parent_uuid, a.uuid), 'shares', a.shares) order by a.index) from accelerators a where a.node_id = n.id and a.present) as cards
    from nodes n where n.cluster_id = ${clusterId} and n.name = any(${[...new Set(jobs.flatMap(({ nodes }) => nodes))]}::text[])`;
  return new Map(rows.map(({ name, cpus, memory_mib, cards }) => {
    const models = [...Map.groupBy(cards ?? [], ({ model }) => wholeName(model))].map(([model, own]) => ({ model, count: new Set(own.map(({ device }) => device)).size, shares: own[0]!.shares }));
    return [name, { name, cpu: milliOf.cpus(cpus), memory: milliOf.memory(memory_mib), cards: models }];
  }));
}

/** The stretch as it is now. Null: nothing of it is counted, or it is stored already. */
function stretchOf(job: OutsideJob, own: readonly Known[], since: number, now: number): Known | null {
  const started = Math.max(job.startedAt, since);
  const ended = job.endedAt === null ? null : Math.min(job.endedAt, now);
  if (started > now || (ended ?? Infinity) <= started) return null;
  // A scheduler that starts nodes for a job tells another start once they are there.
  const known = own.find((one) => one.started === started) ?? own.find((one) => one.ended === null);
  const isSame = known?.started === started && known.ended === ended;
  if (isSame && !job.isAlive) return null;
  if (known && known.ended !== null && ended === null && !job.isAlive) return null; // nobody has it alive: what is known stands
  return { id: known?.id ?? newId("outsideJob"), job: job.job, started, alive: Math.max(started, ended ?? (job.isAlive ? now : started), known?.alive ?? 0), ended };
}

/** Still the same one, in the same hour: it is rated at its end, or with the next hour. */
const goesOn = (known: Known, next: Known): boolean => known.started === next.started && known.ended === null && next.ended === null && startOfHour(known.alive) === startOfHour(next.alive);
const overlaps = (next: Known, own: readonly Known[]): boolean => own.some((other) => other.id !== next.id && other.started < (next.ended ?? Infinity) && (other.ended ?? Infinity) > next.started);

/** Its accounting contradicts itself: somebody is asked to look, once. */
async function refuse(tx: TransactionSql, place: Place, job: string): Promise<void> {
  const message = `Slurm's accounting has two stretches of job ${job}, from outside Drover, at the same time; only the first is counted.`;
  const [asked] = await tx`select from usage_reviews where cluster_id = ${place.clusterId} and message = ${message} limit 1`;
  if (!asked) await openReview(tx, { ...place, attemptId: null }, message, { job });
}

const evidenceOf = ({ ended }: Known) => (ended === null ? "provisional" : "accounted");
const atMost = (ended: number | null): Date | null => (ended === null ? null : new Date(ended));

async function keep(tx: TransactionSql, { orgId, clusterId }: Place, { job, next, nodes }: { job: OutsideJob; next: Known; nodes: ReadonlyMap<string, OutsideNode> }): Promise<void> {
  await tx`
    insert into outside_jobs (id, org_id, cluster_id, job, name, user_name, account, project_id, started_at, alive_at, ended_at, evidence)
    select ${next.id}, ${orgId}, ${clusterId}, ${job.job}, ${job.name}, ${job.user}, ${job.account}, 
      (select project_id from outside_accounts where cluster_id = ${clusterId} and account = ${job.account} and user_name in ('', ${job.user}) order by user_name = '' limit 1),
      ${new Date(next.started)}::timestamptz, ${new Date(next.alive)}::timestamptz, ${atMost(next.ended)}::timestamptz, ${evidenceOf(next)}`;
  const here = job.nodes.flatMap((name) => nodes.get(name) ?? []);
  const holds = outsideHolds({ nodeCount: job.nodes.length, cpu: milliOf.cpus(job.cpus), memory: milliOf.memory(job.memoryMib), gpus: job.gpus, shares: job.shares }, here);
  for (const { node, kind, model, milli } of holds) {
    await tx`
      insert into outside_usage (id, org_id, cluster_id, node, kind, model, milli, outside_job_id, from_at, until_at, evidence)
      values (${newId("outsideUsage")}, ${orgId}, ${clusterId}, ${node}, ${kind}, ${model}, ${milli}, ${next.id}, ${new Date(next.started)}, ${atMost(next.ended)}, ${evidenceOf(next)})`;
  }
  await markDirty(tx, { by: "outsideJob", id: next.id }, next.started, next.alive);
}

async function move(tx: TransactionSql, known: Known, next: Known): Promise<void> {
  await tx`update outside_jobs set started_at = ${new Date(next.started)}, alive_at = ${new Date(next.alive)}, ended_at = ${atMost(next.ended)}, evidence = ${evidenceOf(next)} where id = ${known.id}`;
  const isOnlyAlive = known.started === next.started && known.ended === next.ended;
  if (!isOnlyAlive) await tx`update outside_usage set from_at = ${new Date(next.started)}, until_at = ${atMost(next.ended)}, evidence = ${evidenceOf(next)} where outside_job_id = ${known.id}`;
  await markDirty(tx, { by: "outsideJob", id: next.id }, isOnlyAlive ? known.alive : Math.min(next.started, known.started), Math.max(next.ended ?? next.alive, known.ended ?? known.alive));
}

/** Jobs that nobody knows to live any more, while their scheduler is heard: they ended, on paper, when it last had them. Should it say otherwise after all, that counts. */
export async function inferOutsideEnds(sql: Sql, now: number): Promise<number> {
  return sql.begin(async (tx) => {
    const gone = await tx<{ id: string; started: number; alive: number }[]>`
      select j.id, (extract(epoch from j.started_at) * 1000)::float8 as started, (extract(epoch from j.alive_at) * 1000)::float8 as alive
      from outside_jobs j left join outside_clocks c on c.cluster_id = j.cluster_id
      where j.ended_at is null and j.alive_at < least(${new Date(now)}::timestamptz, c.told_to) - make_interval(secs => ${PATIENCE_SECONDS})
      order by j.id for no key update of j skip locked limit 200`;
    for (const { id, started, alive } of gone) {
      await tx`update outside_jobs set ended_at = alive_at, evidence = 'inferred' where id = ${id}`;
      await tx`update outside_usage set until_at = ${new Date(alive)}, evidence = 'inferred' where outside_job_id = ${id}`;
      await markDirty(tx, { by: "outsideJob", id: id }, started, alive);
    }
    return gone.length;
  });
}
