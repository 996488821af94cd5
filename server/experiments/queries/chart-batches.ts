import { sql, type SQL } from "drizzle-orm";
import { metricBatches } from "../../../db/schema/experiments.ts";
import { bucketWidth, type Grid } from "../../../domain/experiments/compare/buckets.ts";
import { CELL_OF_BUCKET } from "../../../domain/experiments/outline.ts";

/** What a chart over steps or times selects of its batches: of one whose cells are narrow beside the chart's buckets its outline takes the place of its points. */
export function storedForChart(by: "step" | "time", grid: Grid): SQL {
  const outlined = sql`coalesce(${by === "step" ? metricBatches.cellSteps : metricBatches.cellMs} <= ${bucketWidth(grid) * CELL_OF_BUCKET}::float8, false)`;
  return sql`run_id, steps::text, times::text, values::text, case when ${outlined} then outline else body end as body, ${outlined} as outlined`;
}
