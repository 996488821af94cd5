import type { Sql, TransactionSql } from "postgres";
import { BATCH_COLUMNS, BATCH_VALUES, batchTable, type Points, SUMMARY_COLUMNS, SUMMARY_MOVES, SUMMARY_VALUES, summaryTable } from "./metric-store.ts";

/** The points of one request to one run. */
export interface PointBatch {
  projectId: string;
  runId: string;
  points: Points[];
  /** Of the request's bytes: a client that got no answer sends the same bytes again. */
  digest: Buffer;
}

/** `repeated`: those bytes were taken before. `absent`: no such run in that project, or deleted: nothing was stored. */
export type Taken = "stored" | "repeated" | "absent";

/** Requests and points that go to Postgres at once. */
const MOST_TOGETHER = 64;
const MOST_POINTS = 500_000;
/** Statements under way at once; what comes meanwhile waits and goes together. */
const WRITERS = 2;

interface Waiting {
  batch: PointBatch;
  resolve: (taken: Taken) => void;
  reject: (error: unknown) => void;
}
interface Queue {
  waiting: Waiting[];
  writing: number;
}
const queues = new WeakMap<Sql, Queue>();

/**
 * Stores a request's points once, and resolves when they are durable. Requests that come while others are written go together in
 * one statement and one commit, each of another run.
 */
export async function writePoints(sql: Sql, batch: PointBatch): Promise<Taken> {
  let queue = queues.get(sql);
  if (!queue) queues.set(sql, (queue = { waiting: [], writing: 0 }));
  const done = new Promise<Taken>((resolve, reject) => queue.waiting.push({ batch, resolve, reject }));
  if (queue.writing < WRITERS) void drain(sql, queue);
  return done;
}

async function drain(sql: Sql, queue: Queue): Promise<void> {
  queue.writing += 1;
  try {
    while (queue.waiting.length > 0) await writeTogether(sql, takeGroup(queue));
  } finally {
    queue.writing -= 1;
  }
}

/** The first in the queue, and those behind it that are of other runs. */
function takeGroup(queue: Queue): Waiting[] {
  const group: Waiting[] = [];
  const runs = new Set<string>();
  let points = 0;
  queue.waiting = queue.waiting.filter((one) => {
    const fits = group.length < MOST_TOGETHER && points < MOST_POINTS && !runs.has(one.batch.runId);
    if (!fits) return true;
    group.push(one);
    runs.add(one.batch.runId);
    points += one.batch.points.reduce((sum, { values }) => sum + values.length, 0);
    return false;
  });
  return group;
}

/** What Postgres refuses of several is tried one by one: nobody fails for what another sent. */
async function writeTogether(sql: Sql, group: Waiting[]): Promise<void> {
  try {
    const taken = await storeBatches(sql, group.map(({ batch }) => batch));
    group.forEach(({ batch, resolve }) => resolve(taken.get(batch.runId) ?? "absent"));
  } catch (error) {
    if (group.length === 1) return group[0]!.reject(error);
    for (const one of group) await writeTogether(sql, [one]);
  }
}

/** Batches of different runs in one statement: receipts, rows and summaries, or none of them. Never reads the history. */
export async function storeBatches(sql: Sql | TransactionSql, batches: PointBatch[]): Promise<Map<string, Taken>> {
  const points = batches.flatMap((batch) => batch.points);
  const column = (of: (batch: PointBatch) => string) => batches.map(of);
  const rows = await sql<{ id: string; is_new: boolean }[]>`
    with live as materialized (
      select r.id, r.experiment_id, f.digest
      from unnest(${column((one) => one.runId)}::text[], ${column((one) => one.projectId)}::text[], ${column((one) => one.digest.toString("hex"))}::text[]) as f (id, project_id, digest)
      join runs r on r.id = f.id and r.project_id = f.project_id and r.deleted_at is null
      join experiments e on e.id = r.experiment_id and e.deleted_at is null
    ), receipts as (
      insert into metric_receipts (run_id, digest) select id, decode(digest, 'hex') from live order by id on conflict do nothing returning run_id
    ), rows as (
      insert into metric_batches (${sql.unsafe(BATCH_COLUMNS)}) select ${sql.unsafe(BATCH_VALUES)} from ${batchTable(sql, points)} join receipts on receipts.run_id = fresh.run_id
    ), moved as (
      insert into metric_summaries as s (${sql.unsafe(SUMMARY_COLUMNS)})
      select ${sql.unsafe(SUMMARY_VALUES)} from ${summaryTable(sql, points)} join receipts on receipts.run_id = sums.run_id join live r on r.id = sums.run_id ${sql.unsafe(SUMMARY_MOVES)}
    )
    select live.id, receipts.run_id is not null as is_new from live left join receipts on receipts.run_id = live.id`;
  return new Map(rows.map(({ id, is_new }) => [id, is_new ? "stored" : "repeated"]));
}
