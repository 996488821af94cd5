import { type Columns, toInts } from "./codec.ts";

/** A stored batch as it comes from the database: arrays in text. */
export interface StoredBatch {
  id: string;
  key: string;
  run_id: string;
  attempt_id: string | null;
  min_step: string;
  steps: string;
  times: string;
  values: string;
}

/** The columns to select for `unpackRow`. */
export const STORED = "id, key, run_id, attempt_id, min_step::text, steps::text, times::text, values::text";

export function unpackRow(row: Pick<StoredBatch, "steps" | "times" | "values">): Columns {
  return { steps: toInts(ints(row.steps)), times: toInts(ints(row.times)), values: Float64Array.from(parts(row.values), Number) };
}

const parts = (array: string): string[] => (array.length <= 2 ? [] : array.slice(1, -1).split(","));
/** Exact, whatever the int64. */
const ints = (array: string): (number | bigint)[] => parts(array).map((text) => (text.length < 16 ? Number(text) : BigInt(text)));
