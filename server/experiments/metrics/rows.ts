import type { Outline } from "../../../domain/experiments/outline.ts";
import { type Columns, decode, toInts } from "./codec.ts";
import { decodeOutline } from "./outline-codec.ts";

/** A stored batch as it comes from the database: packed, or as arrays in text. */
export interface StoredBatch extends Record<string, unknown> {
  id: string;
  key: string;
  run_id: string;
  attempt_id: string | null;
  min_step: string;
  steps: string | null;
  times: string | null;
  values: string | null;
  body: Buffer | null;
  /** `body` is the batch's outline. */
  outlined?: boolean;
}

/** The columns to select for `unpackRow`. */
export const STORED = "id, key, run_id, attempt_id, min_step::text, steps::text, times::text, values::text, body";

/** Of rows that a chart selected: a batch or its outline. */
export const unpackForChart = (row: Parameters<typeof unpackRow>[0] & { outlined?: boolean }): Columns | Outline => (row.outlined ? decodeOutline(row.body!) : unpackRow(row));

export function unpackRow(row: Pick<StoredBatch, "steps" | "times" | "values" | "body">): Columns {
  if (row.body) return decode(row.body);
  return { steps: toInts(ints(row.steps!)), times: toInts(ints(row.times!)), values: Float64Array.from(parts(row.values!), Number) };
}

const parts = (array: string): string[] => (array.length <= 2 ? [] : array.slice(1, -1).split(","));
/** Exact, whatever the int64. */
const ints = (array: string): (number | bigint)[] => parts(array).map((text) => (text.length < 16 ? Number(text) : BigInt(text)));
