import { sql, type SQL } from "drizzle-orm";
import type { DbOrTx } from "../../../../db/client.ts";
import { type Comparison, type Filter, isGroup } from "../../../../domain/experiments/filter/ast.ts";
import { asksNumber } from "./compare-sql.ts";
import { isCost } from "./cost-sql.ts";
import { runIdsSql } from "./filter-sql.ts";

/** So many runs are gathered and sorted in less time than most walks along the order take. */
export const RARE = 30_000;
/** A share of them so small is looked up one by one sooner than another condition's index is read. */
const FEW = 1 / 300;
/** A share of them so small is looked up for another condition all at once: less than putting them all in order first takes. */
const ALL_AT_ONCE = 1 / 15;
/** Entries of an index that are read in the time that one run is looked up. */
const READS_PER_LOOKUP = 6;

/** A filter in two parts, which hold together where it does. */
export interface Parts {
  /** Comparisons whose runs an index gives, the rarest first. */
  sets: [Comparison, ...Comparison[]];
  /** Comparisons that are looked up for all of those runs at once, since they are few. */
  narrow: Comparison[];
  /** To be looked up for each run that has all of those. */
  rest: Filter | null;
}

const parts = (filter: Filter): Filter[] => (filter.kind === "and" ? filter.items : [filter]);

/** Does a part of the index hold all of its runs, and no others? Else all values of the key are read for it. */
const isRange = (one: Comparison): boolean => !(one.entity === "params" && asksNumber(one)) && ((one.kind === "compare" && one.op !== "!=") || (one.kind === "in" && !one.not));

/** How to find the runs of a filter from its rarest comparison on; null where each of them holds for more than `most` runs. */
export async function partsOf(db: DbOrTx, filter: Filter, experimentIds: string[], most: number): Promise<Parts | null> {
  const all = parts(filter);
  const readable = all.filter((one): one is Comparison => !isGroup(one) && runIdsSql(one, experimentIds) !== null);
  const ranges = readable.filter(isRange);
  const rare = (await rarestOf(db, ranges, experimentIds, most)) ?? (await rarestOf(db, readable.filter((one) => !isRange(one)), experimentIds, most));
  if (!rare) return null;
  const others = rare.count > most * FEW ? ranges.filter((one) => one !== rare.one) : [];
  const worth = rare.count * READS_PER_LOOKUP;
  const counts = await countUpTo(db, others, experimentIds, worth + 1);
  const sets: Parts["sets"] = [rare.one, ...others.filter((_, at) => counts[at]! <= worth)];
  const unread = all.filter((one) => !sets.includes(one as Comparison));
  const narrow = rare.count <= most * ALL_AT_ONCE ? readable.filter((one) => !isCost(one) && unread.includes(one)) : [];
  const left = unread.filter((one) => !narrow.includes(one as Comparison));
  return { sets, narrow, rest: left.length > 1 ? { kind: "and", items: left } : (left[0] ?? null) };
}

async function rarestOf(db: DbOrTx, comparisons: Comparison[], experimentIds: string[], most: number): Promise<{ one: Comparison; count: number } | null> {
  const counts = await countUpTo(db, comparisons, experimentIds, most + 1);
  const count = Math.min(...counts);
  return count <= most ? { one: comparisons[counts.indexOf(count)]!, count } : null;
}

/** What was counted lately. Only the way depends on it, never the answer: a page after the first need not count again. */
const counted = new Map<string, { count: number; most: number; at: number }>();
const KEPT = 1000;
const KEPT_MS = 60_000;

/** How many runs each comparison holds for; `most` stands for that many or more. */
async function countUpTo(db: DbOrTx, comparisons: Comparison[], experimentIds: string[], most: number): Promise<number[]> {
  if (comparisons.length === 0) return [];
  const keys = comparisons.map(({ at: _at, ...one }: Comparison & { at?: unknown }) => JSON.stringify([experimentIds, one], (_, value: unknown) => (typeof value === "number" ? String(value) : value)));
  const now = performance.now();
  const known = keys.map((key) => {
    const found = counted.get(key);
    return found && now - found.at < KEPT_MS && (found.count < found.most || found.most >= most) ? Math.min(found.count, most) : null;
  });
  const unknown = comparisons.flatMap((one, at) => (known[at] === null ? [{ one, at }] : []));
  if (unknown.length === 0) return known as number[];
  const columns = unknown.map(({ one }, at) => countSql(runIdsSql(one, experimentIds)!, most, `n${at}`));
  const [row] = await db.execute<Record<string, number>>(sql`select ${sql.join(columns, sql`, `)}`);
  unknown.forEach(({ at }, place) => {
    known[at] = row![`n${place}`]!;
    keep(keys[at]!, { count: known[at], most, at: now });
  });
  return known as number[];
}

const countSql = (found: SQL, most: number, name: string): SQL => sql`(select count(*)::int from (select 1 from (${found}) found limit ${most}) few) as ${sql.raw(name)}`;

function keep(key: string, value: { count: number; most: number; at: number }): void {
  counted.delete(key); // so that the oldest is the first
  if (counted.size >= KEPT) counted.delete(counted.keys().next().value!);
  counted.set(key, value);
}
