import type { Sql, TransactionSql } from "postgres";
import { outlineOf, widestCell } from "../../../domain/experiments/outline.ts";
import { ID_PREFIXES } from "../../../domain/shared/id-format.ts";
import { least, most } from "../commands/metric-store.ts";
import { type Columns, encode, intAt, toInts } from "../metrics/codec.ts";
import { encodeOutline } from "../metrics/outline-codec.ts";
import { STORED, type StoredBatch, unpackRow } from "../metrics/rows.ts";
import { LOCKS } from "../../locks.ts";
import { log } from "../../log.ts";
import { addChapters } from "./chapters.ts";

/** Batches that one pass looks at, and points that one packed row may hold. */
const WINDOW = 5000;
const MOST_POINTS = 16_384;
/** A row of so many points is left as it is, and a lone row of fewer than so many is not worth packing. */
const LARGE = 8192;
const WORTH_PACKING = 64;
/** From so many points on a row gets an outline: that of the index metric_batches_plain. */
const WORTH_OUTLINING = 2048;
/** Rows that one pass gives an outline, besides those that it packs. */
const OUTLINES = 100;
/** Batches this young wait: more of their series may come. */
export const SETTLED_MS = 600_000;
const LEVEL = 12;
const RECEIPTS_KEPT = "24 hours";

interface Head {
  id: string;
  attempt_id: string | null;
  points: number;
  is_packed: boolean;
}

/**
 * Merges the small rows of series that got points since it looked last, and packs them. A merged row takes the id of the first of
 * its parts, so that points stay in the order in which they came. One transaction per series: readers see the rows before or after it.
 * @returns series rewritten; null when another worker is at it.
 */
export async function compactMetrics(sql: Sql, now: number, settledMs = SETTLED_MS): Promise<number | null> {
  const before = idAt(now - settledMs);
  const found = await sql.begin(async (tx) => {
    const [lock] = await tx<{ held: boolean }[]>`select pg_try_advisory_xact_lock(${LOCKS.compaction}) as held`;
    if (!lock?.held) return null;
    await tx`insert into metric_compaction (id) values (1) on conflict do nothing`;
    const rows = await tx<{ id: string; run_id: string; key: string }[]>`
      select id, run_id, key from metric_batches where id > (select after from metric_compaction) and id < ${before} order by id limit ${WINDOW}`;
    const series = new Map(rows.map(({ run_id, key }) => [`${run_id} ${key}`, { runId: run_id, key }]));
    let rewritten = 0;
    for (const one of series.values()) {
      rewritten += await tx.savepoint((part) => compactSeries(part, one, before)).catch((err: unknown) => {
        log().error({ err, ...one }, "a series cannot be compacted and stays as it is; the others go on");
        return 0;
      });
    }
    if (rows.length > 0) await tx`update metric_compaction set after = ${rows.at(-1)!.id}`;
    const added = await addOutlines(tx, before);
    // Of what compaction is done with: what is still to be merged or outlined would be passed by.
    const more = rows.length === WINDOW || added === OUTLINES || (await addChapters(tx, before, LARGE));
    return { rewritten, more };
  });
  if (!found) return null;
  return found.rewritten + (found.more ? ((await compactMetrics(sql, now, settledMs)) ?? 0) : 0);
}

/** The least id that a batch made at that moment could have. */
function idAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, "0");
  return `${ID_PREFIXES.metricBatch}_${hex.slice(0, 8)}-${hex.slice(8)}`;
}

async function compactSeries(tx: TransactionSql, { runId, key }: { runId: string; key: string }, before: string): Promise<number> {
  const heads = await tx<Head[]>`
    select id, attempt_id, coalesce(points, cardinality(values)) as points, body is not null as is_packed from metric_batches
    where run_id = ${runId} and key = ${key} and id < ${before} order by id`;
  let rewritten = 0;
  for (const group of groupsOf(heads)) {
    const ids = group.map(({ id }) => id);
    const rows = await tx<StoredBatch[]>`select ${tx.unsafe(STORED)} from metric_batches where id = any(${ids}::text[]) order by id`;
    const all = joined(rows.map(unpackRow));
    const body = encode(all, LEVEL);
    const steps = Array.from(all.values, (_, at) => intAt(all.steps, at));
    await tx`delete from metric_batches where id = any(${ids}::text[])`;
    const { outline, cellSteps, cellMs } = outlined(all);
    await tx`
      insert into metric_batches (run_id, key, id, attempt_id, min_step, max_step, points, body, outline, cell_steps, cell_ms)
      values (${runId}, ${key}, ${ids[0]!}, ${group[0]!.attempt_id}, ${String(least(steps))}::bigint, ${String(most(steps))}::bigint, ${all.values.length}, ${body}, ${outline}, ${cellSteps}, ${cellMs})`;
    rewritten = 1;
  }
  return rewritten;
}

/** What long charts read of these points. A small row has none: it is read whole, and will be merged. */
function outlined(points: Columns): { outline: Buffer | null; cellSteps: number | null; cellMs: number | null } {
  if (points.values.length < WORTH_OUTLINING) return { outline: null, cellSteps: null, cellMs: null };
  const outline = outlineOf(points);
  if (!outline) return { outline: Buffer.alloc(0), cellSteps: null, cellMs: null };
  return { outline: encodeOutline(outline), cellSteps: widestCell(outline.firstSteps, outline.lastSteps), cellMs: widestCell(outline.firstTimes, outline.lastTimes) };
}

/**
 * To rows that came as large as a row may be, and to those that a worker of the release before packed, which knows no outlines and
 * moves on over what it packed. @returns to how many.
 */
async function addOutlines(tx: TransactionSql, before: string): Promise<number> {
  const rows = await tx<{ id: string }[]>`select id from metric_batches where outline is null and points >= ${tx.unsafe(String(WORTH_OUTLINING))} and id < ${before} order by id limit ${OUTLINES}`;
  for (const { id } of rows) {
    await tx.savepoint((part) => addOutline(part, id)).catch(async (err: unknown) => {
      log().error({ err, id }, "a batch of metrics cannot be read and gets no outline");
      await tx`update metric_batches set outline = '' where id = ${id}`;
    });
  }
  return rows.length;
}

async function addOutline(tx: TransactionSql, id: string): Promise<void> {
  const [row] = await tx<StoredBatch[]>`select ${tx.unsafe(STORED)} from metric_batches where id = ${id}`;
  const { outline, cellSteps, cellMs } = outlined(unpackRow(row!));
  await tx`update metric_batches set outline = ${outline}, cell_steps = ${cellSteps}, cell_ms = ${cellMs} where id = ${id}`;
}

const isLarge = ({ is_packed, points }: Head) => is_packed && points >= LARGE;

/** Neighbours of one attempt that together make one row. */
function groupsOf(heads: readonly Head[]): Head[][] {
  const groups: Head[][] = [];
  let group: Head[] = [];
  let points = 0;
  const close = () => {
    if (group.length > 1 || (group[0] && !group[0].is_packed && points >= WORTH_PACKING)) groups.push(group);
    group = [];
    points = 0;
  };
  for (const head of heads) {
    if (isLarge(head) || points + head.points > MOST_POINTS || (group[0] && group[0].attempt_id !== head.attempt_id)) close();
    if (isLarge(head)) continue;
    group.push(head);
    points += head.points;
  }
  close();
  return groups;
}

function joined(parts: Columns[]): Columns {
  const column = (of: "steps" | "times") => toInts(parts.flatMap((part) => Array.from(part.values, (_, at) => intAt(part[of], at))));
  const values = new Float64Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  return { steps: column("steps"), times: column("times"), values };
}

/** Clients give up sending a request again long before this. */
export async function forgetReceipts(sql: Sql): Promise<void> {
  await sql`delete from metric_receipts where at < now() - ${RECEIPTS_KEPT}::interval`;
}
