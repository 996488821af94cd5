import type { Sql, TransactionSql } from "postgres";
import { DomainError } from "../../../domain/shared/errors.ts";
import { ordered } from "../../../domain/shared/ordered.ts";
import { decode, encode, intAt } from "../metrics/codec.ts";
import { STORED, type StoredBatch, unpackRow } from "../metrics/rows.ts";

export interface HistoryPoint {
  step: number | bigint;
  time: number | bigint;
  value: number;
}

/** Batches that are read at once while a page is filled. */
const AT_ONCE = 50;

/** Where a page of one series' history ended: within a batch, in the order of (least step, id). */
export interface HistoryCursor {
  minStep: string;
  id: string;
  offset: number;
}

export interface HistoryPage {
  points: HistoryPoint[];
  next: HistoryCursor | null;
}

/** How many points a run has of one key; 0 where there is none. */
export async function countPoints(sql: Sql, runId: string, key: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count::float8 as count from metric_summaries where run_id = ${runId} and key = ${key}`;
  return row?.count ?? 0;
}

/** Up to `limit` points from there on, batch by batch, as of one moment. A page costs what it holds, however long the history is. */
export function readHistory(sql: Sql, of: { runId: string; key: string }, limit: number, cursor: HistoryCursor | null): Promise<HistoryPage> {
  return asOfOneMoment(sql, (tx) => readPage(tx, of, limit, cursor));
}

async function readPage(sql: TransactionSql, of: { runId: string; key: string }, limit: number, cursor: HistoryCursor | null): Promise<HistoryPage> {
  const points: HistoryPoint[] = [];
  let from = cursor ?? { minStep: String(-(2n ** 63n)), id: "", offset: 0 };
  for (;;) {
    // Ordered by the column itself: its name alone would be the text that is selected.
    const rows = await sql<StoredBatch[]>`
      select ${sql.unsafe(STORED)} from metric_batches
      where run_id = ${of.runId} and key = ${of.key} and (min_step, id) >= (${from.minStep}::bigint, ${from.id}) order by metric_batches.min_step, id limit ${AT_ONCE}`;
    if (cursor && from === cursor && rows[0]?.id !== cursor.id) throw new DomainError("invalid", "The history was packed since that page token was given. Begin again with the first page.");
    for (const row of rows) {
      const { steps, times, values } = unpackRow(row);
      for (let at = row.id === from.id ? from.offset : 0; at < values.length; at += 1) {
        if (points.length === limit) return { points, next: { minStep: row.min_step, id: row.id, offset: at } };
        points.push({ step: intAt(steps, at), time: intAt(times, at), value: values[at]! });
      }
    }
    if (rows.length < AT_ONCE) return { points, next: null };
    const last = rows.at(-1)!;
    from = { minStep: last.min_step, id: `${last.id}~`, offset: 0 }; // the next id after it
  }
}

/** A batch whose points are not needed yet: as it is packed. `least`: of its times. `rank`: its place in the order of storage. */
interface Packed {
  body: Buffer;
  least: number | bigint;
  rank: number;
}
type RankedPoint = HistoryPoint & { rank: number };

/** Points that one part of a whole history has, about. */
const PART = 25_000;
const byTime = (a: RankedPoint, b: RankedPoint): number => ordered(a.time, b.time) || ordered(a.step, b.step) || a.rank - b.rank;

/**
 * All of a series as of one moment, in the order of time, then step, then as stored; part by part, none of them empty. It is
 * read before the first part: no reader, however slow, holds a connection. Memory holds the packed batches, and unpacked only
 * those whose times lie over each other.
 */
export async function* readWhole(sql: Sql, of: { runId: string; key: string }): AsyncGenerator<HistoryPoint[]> {
  const batches = (await asOfOneMoment(sql, (tx) => readPacked(tx, of))).sort((a, b) => ordered(a.least, b.least) || a.rank - b.rank);
  let open: RankedPoint[] = [];
  let kept = 0;
  for (const [at, { body, rank }] of batches.entries()) {
    const { steps, times, values } = decode(body);
    for (let point = 0; point < values.length; point += 1) open.push({ step: intAt(steps, point), time: intAt(times, point), value: values[point]!, rank });
    const next = batches[at + 1];
    if (next && open.length < 2 * kept + PART) continue; // what is sorted again is never most of it
    open.sort(byTime);
    const told = next ? open.findLastIndex(({ time }) => time < next.least) + 1 : open.length;
    for (let from = 0; from < told; from += PART) yield open.slice(from, Math.min(told, from + PART));
    open = open.slice(told);
    kept = open.length;
  }
}

async function readPacked(tx: TransactionSql, of: { runId: string; key: string }): Promise<Packed[]> {
  const packed: Packed[] = [];
  await visitBatches(tx, of, null, (row) => {
    const columns = unpackRow(row);
    if (columns.values.length === 0) return;
    const { times } = columns;
    let least = intAt(times, 0);
    for (let at = 1; at < times.length; at += 1) if (times[at]! < least) least = intAt(times, at);
    packed.push({ body: row.body ?? encode(columns, 0), least, rank: packed.length });
  });
  return packed;
}

/** Reads of one moment: what is packed between two of them is neither missed nor met twice. */
export const asOfOneMoment = <Result>(sql: Sql, read: (tx: TransactionSql) => Promise<Result>) => sql.begin("isolation level repeatable read read only", read) as Promise<Result>;

export interface StepRange {
  from: number;
  to: number;
}

/** Hands over each point of one series whose step is in the range, in the order in which they are stored: memory holds a few batches of them, however long the history is. */
export function visitPoints(tx: TransactionSql, of: { runId: string; key: string }, range: StepRange | null, visit: (point: HistoryPoint) => void): Promise<void> {
  return visitBatches(tx, of, range, (row) => {
    const { steps, times, values } = unpackRow(row);
    for (let at = 0; at < values.length; at += 1) {
      const step = intAt(steps, at);
      if (!range || (step >= range.from && step <= range.to)) visit({ step, time: intAt(times, at), value: values[at]! });
    }
  });
}

/** Hands over each stored batch that may have steps of the range, in the order in which they are stored. */
async function visitBatches(tx: TransactionSql, of: { runId: string; key: string }, range: StepRange | null, visit: (row: StoredBatch) => void): Promise<void> {
  let after = { minStep: String(-(2n ** 63n)), id: "" };
  for (;;) {
    const rows = await tx<StoredBatch[]>`
      select ${tx.unsafe(STORED)} from metric_batches
      where run_id = ${of.runId} and key = ${of.key} and (min_step, id) > (${after.minStep}::bigint, ${after.id})
        ${range ? tx`and max_step >= ${Math.ceil(range.from)} and min_step <= ${Math.floor(range.to)}` : tx``} order by metric_batches.min_step, id limit ${AT_ONCE}`;
    for (const row of rows) visit(row);
    if (rows.length < AT_ONCE) return;
    after = { minStep: rows.at(-1)!.min_step, id: rows.at(-1)!.id };
  }
}

/** The first `limit` points of a series in another order than the stored one, which decides between equal ones. Memory holds twice as many. */
export async function readFirst(sql: Sql, of: { runId: string; key: string }, limit: number, order: PointOrder): Promise<HistoryPoint[]> {
  const first = new FirstPoints(limit, order);
  await asOfOneMoment(sql, (tx) => visitPoints(tx, of, null, (point) => first.take(point)));
  return first.all();
}

export type PointOrder = (a: HistoryPoint, b: HistoryPoint) => number;

/** Keeps the first `limit` of the points that it is given, by an order; of equal ones those that came first. Holds twice as many. */
export class FirstPoints {
  private readonly limit: number;
  private readonly order: PointOrder;
  private points: HistoryPoint[] = [];

  constructor(limit: number, order: PointOrder) {
    this.limit = limit;
    this.order = order;
  }

  take(point: HistoryPoint): void {
    this.points.push(point);
    if (this.points.length > Math.max(2 * this.limit, AT_ONCE)) this.points = this.all();
  }

  all(): HistoryPoint[] {
    return this.points.sort(this.order).slice(0, this.limit);
  }
}
