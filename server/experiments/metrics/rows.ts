import { sql, type SQL } from "drizzle-orm";
import { metricBatches } from "../../../db/schema/experiments.ts";
import { bucketWidth, type Grid } from "../../../domain/experiments/compare/buckets.ts";
import { CELL_OF_BUCKET, type Outline } from "../../../domain/experiments/outline.ts";
import { type Columns, decode, decodeOutline, toInts } from "./codec.ts";

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

/** The same for a chart over steps or times: of a batch whose cells are narrow beside the chart's buckets its outline takes the place of its points. */
export function storedForChart(by: "step" | "time", grid: Grid): SQL {
  const outlined = sql`coalesce(${by === "step" ? metricBatches.cellSteps : metricBatches.cellMs} <= ${bucketWidth(grid) * CELL_OF_BUCKET}::float8, false)`;
  return sql`id, key, run_id, attempt_id, min_step::text, steps::text, times::text, values::text, case when ${outlined} then outline else body end as body, ${outlined} as outlined`;
}

/** Of rows that `storedForChart` selected. */
export const unpackForChart = (row: Parameters<typeof unpackRow>[0] & { outlined?: boolean }): Columns | Outline => (row.outlined ? decodeOutline(row.body!) : unpackRow(row));

export function unpackRow(row: Pick<StoredBatch, "steps" | "times" | "values" | "body">): Columns {
  if (row.body) return decode(row.body);
  return { steps: toInts(ints(row.steps!)), times: toInts(ints(row.times!)), values: Float64Array.from(parts(row.values!), Number) };
}

const parts = (array: string): string[] => (array.length <= 2 ? [] : array.slice(1, -1).split(","));
/** Exact, whatever the int64. */
const ints = (array: string): (number | bigint)[] => parts(array).map((text) => (text.length < 16 ? Number(text) : BigInt(text)));
