import { sql, type SQL } from "drizzle-orm";
import { metricBatches } from "../../../db/schema/experiments.ts";
import { bucketWidth, type Grid } from "../../../domain/experiments/compare/buckets.ts";
import { CELL_OF_BUCKET } from "../../../domain/experiments/outline.ts";

/** What a chart selects of its batches (ChartRow, and whose it is) where it needs every point. */
export const WHOLE_FOR_CHART = chartColumns(sql`body`, sql`false`);

/** The same over steps or times: of a batch whose cells are narrow beside the chart's buckets its outline takes the place of its points. */
export function storedForChart(by: "step" | "time", grid: Grid): SQL {
  const outlined = sql`coalesce(${by === "step" ? metricBatches.cellSteps : metricBatches.cellMs} <= ${bucketWidth(grid) * CELL_OF_BUCKET}::float8, false)`;
  return chartColumns(sql`case when ${outlined} then outline else body end`, outlined);
}

function chartColumns(bytes: SQL, outlined: SQL): SQL {
  return sql`run_id, steps::text, times::text, values::text, encode(${bytes}, 'base64') as packed, ${outlined} as outlined`;
}
