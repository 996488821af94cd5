import type { Sql } from "postgres";
import { DomainError } from "../../../domain/shared/errors.ts";
import { intAt } from "../metrics/codec.ts";
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

/** How many points a run has of one key; 0 where there is none. */
export async function countPoints(sql: Sql, runId: string, key: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count::float8 as count from metric_summaries where run_id = ${runId} and key = ${key}`;
  return row?.count ?? 0;
}

/** Up to `limit` points from there on, batch by batch. A page costs what it holds, however long the history is. */
export async function readHistory(sql: Sql, of: { runId: string; key: string }, limit: number, cursor: HistoryCursor | null): Promise<{ points: HistoryPoint[]; next: HistoryCursor | null }> {
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

/** All points of one key of several runs whose step is in the range, run by run. */
export async function readInterval(sql: Sql, runIds: string[], key: string, range: { from: number; to: number } | null): Promise<Map<string, HistoryPoint[]>> {
  const rows = await sql<StoredBatch[]>`
    select ${sql.unsafe(STORED)} from metric_batches where run_id = any(${runIds}::text[]) and key = ${key}
      ${range ? sql`and max_step >= ${Math.ceil(range.from)} and min_step <= ${Math.floor(range.to)}` : sql``} order by run_id, metric_batches.min_step, id`;
  const found = new Map<string, HistoryPoint[]>();
  for (const row of rows) {
    const points = found.get(row.run_id) ?? [];
    found.set(row.run_id, points);
    const { steps, times, values } = unpackRow(row);
    for (let at = 0; at < values.length; at += 1) {
      const step = intAt(steps, at);
      if (!range || (step >= range.from && step <= range.to)) points.push({ step, time: intAt(times, at), value: values[at]! });
    }
  }
  return found;
}
