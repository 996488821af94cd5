import type { TransactionSql } from "postgres";
import { CHAPTER_CELLS, goesOn, type Outline, outlineOf, widestCell } from "../../../domain/experiments/outline.ts";
import { log } from "../../log.ts";
import { type Columns, decode } from "../metrics/codec.ts";
import { encodeOutline } from "../metrics/outline-codec.ts";

/** Batches that one pass looks at. */
const WINDOW = 5000;
/** Batches of one chapter. */
const MEMBERS = 16;

interface Series {
  runId: string;
  key: string;
}
/** A batch with its points, which are finite and in order. */
interface Member {
  id: string;
  points: Neat;
}
interface Neat {
  steps: Float64Array;
  times: Float64Array;
  values: Float64Array;
}

/**
 * Takes large batches of series together that were made since it looked last. Of those nothing changes any more, and each is outlined by now.
 * @param large From so many points on compaction leaves a packed batch as it is.
 * @returns whether there is more to look at.
 */
export async function addChapters(tx: TransactionSql, before: string, large: number): Promise<boolean> {
  const rows = await tx<{ id: string; run_id: string; key: string }[]>`
    select id, run_id, key from metric_batches where id > (select chaptered from metric_compaction) and id < ${before} order by id limit ${WINDOW}`;
  const series = new Map(rows.map(({ run_id, key }): [string, Series] => [`${run_id} ${key}`, { runId: run_id, key }]));
  for (const one of series.values()) {
    await tx.savepoint((part) => addTo(part, one, before, large)).catch((err: unknown) => log().error({ err, ...one }, "a series gets no chapters and is read batch by batch; the others go on"));
  }
  if (rows.length > 0) await tx`update metric_compaction set chaptered = ${rows.at(-1)!.id}`;
  return rows.length === WINDOW;
}

/** Neighbours in the order in which they came. What is small or has no outline parts two chapters; behind the last it may still grow. */
async function addTo(tx: TransactionSql, series: Series, before: string, large: number): Promise<void> {
  const heads = await tx<{ id: string; fits: boolean }[]>`
    select id, coalesce(body is not null and points >= ${large} and cell_steps is not null, false) as fits from metric_batches
    where run_id = ${series.runId} and key = ${series.key} and chapter is null and id < ${before} order by id`;
  let ids: string[] = [];
  let isParted = false;
  const close = async () => {
    await takeTogether(tx, series, ids);
    ids = [];
  };
  for (const { id, fits } of heads) {
    if (fits && isParted && ids.length > 0) await close();
    isParted = !fits;
    if (fits && ids.push(id) === MEMBERS) await close();
  }
}

/** As one chapter, or several where a batch begins before the end of the one that came before it, as after a restart. */
async function takeTogether(tx: TransactionSql, series: Series, ids: readonly string[]): Promise<void> {
  const rows = await tx<{ id: string; body: Buffer }[]>`select id, body from metric_batches where id = any(${ids as string[]}::text[]) order by id`;
  const parts: Member[][] = [];
  for (const { id, body } of rows) {
    const member = { id, points: decode(body) as Columns & Neat }; // only neat ones are outlined, whose numbers are plain
    const before = parts.at(-1)?.at(-1);
    if (before && goesOn(before.points, member.points)) parts.at(-1)!.push(member);
    else parts.push([member]);
  }
  for (const part of parts) await insertChapter(tx, series, part);
}

async function insertChapter(tx: TransactionSql, { runId, key }: Series, members: readonly Member[]): Promise<void> {
  const { steps, times, values } = joined(members.map(({ points }) => points));
  const levels = CHAPTER_CELLS.filter((cell, at) => at === 0 || cell < values.length).map((cell): Outline => outlineOf({ steps, times, values }, cell)!);
  const outlines = levels.map(encodeOutline);
  const starts = outlines.reduce<number[]>((all, { length }) => [...all, all.at(-1)! + length], [1]);
  const id = members[0]!.id;
  await tx`
    insert into metric_chapters (id, run_id, key, min_step, max_step, min_time, max_time, cell_steps, cell_ms, starts, outlines)
    values (${id}, ${runId}, ${key}, ${steps[0]!}, ${steps.at(-1)!}, ${times[0]!}, ${times.at(-1)!}, ${levels.map((level) => widestCell(level.firstSteps, level.lastSteps))}::float8[],
            ${levels.map((level) => widestCell(level.firstTimes, level.lastTimes))}::float8[], ${starts}::int[], ${Buffer.concat(outlines)})`;
  await tx`update metric_batches set chapter = ${id} where id = any(${members.map((one) => one.id)}::text[])`;
}

function joined(parts: readonly Neat[]): Neat {
  const column = (of: (part: Neat) => Float64Array) => {
    const all = new Float64Array(parts.reduce((sum, { values }) => sum + values.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(of(part), at);
      at += part.values.length;
    }
    return all;
  };
  return { steps: column(({ steps }) => steps), times: column(({ times }) => times), values: column(({ values }) => values) };
}
