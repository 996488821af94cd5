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
}

/** A batch as charts read it. Its bytes, or its outline's, come as base64: the text that the database makes of bytes by itself is half as long again. */
export interface ChartRow extends Record<string, unknown>, Pick<StoredBatch, "steps" | "times" | "values"> {
  packed: string | null;
  /** `packed` is the batch's outline. */
  outlined: boolean;
}

/** The columns to select for `unpackRow`. */
export const STORED = "id, key, run_id, attempt_id, min_step::text, steps::text, times::text, values::text, body";

/** Of rows that a chart selected: a batch or its outline. */
export const unpackForChart = (row: ChartRow): Columns | Outline => (row.outlined ? decodeOutline(bytesOf(row)!) : unpackWhole(row));

/** Of rows that a chart selected whole. */
export const unpackWhole = (row: ChartRow): Columns => unpackRow({ ...row, body: bytesOf(row) });

const bytesOf = ({ packed }: ChartRow): Buffer | null => (packed === null ? null : Buffer.from(packed, "base64"));

export function unpackRow(row: Pick<StoredBatch, "steps" | "times" | "values" | "body">): Columns {
  if (row.body) return decode(row.body);
  return { steps: toInts(ints(row.steps!)), times: toInts(ints(row.times!)), values: Float64Array.from(parts(row.values!), Number) };
}

const parts = (array: string): string[] => (array.length <= 2 ? [] : array.slice(1, -1).split(","));
/** Exact, whatever the int64. */
const ints = (array: string): (number | bigint)[] => parts(array).map((text) => (text.length < 16 ? Number(text) : BigInt(text)));
