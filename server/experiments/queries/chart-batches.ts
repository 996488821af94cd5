import { sql, type SQL } from "drizzle-orm";
import { arrayText } from "../../../db/array-text.ts";
import { metricBatches } from "../../../db/schema/experiments.ts";
import { metricChapters } from "../../../db/schema/metric-chapters.ts";
import { bucketWidth, type Grid } from "../../../domain/experiments/compare/buckets.ts";
import { CELL_OF_BUCKET } from "../../../domain/experiments/outline.ts";

/** Whose points a chart reads: of these runs the metric; `since`: where each run's axis begins, in the axis' own measure. */
export interface ReadOf {
  key: string;
  runs: readonly { id: string; since: number }[];
}

/** All of a metric's batches whole, for a chart that needs every point, in the order in which they came: ChartRow, and whose it is. */
export const wholeForChart = (of: ReadOf): SQL =>
  sql`with ${given(of)} select b.run_id, b.id, ${batchColumns(sql`b.body`, sql`false`)} from given join ${metricBatches} b on b.run_id = given.run_id and b.key = ${of.key} order by b.run_id, b.id`;

/**
 * The same over steps or times, of what may lie in the grid: outlines where their cells are narrow beside the chart's buckets. Of a
 * chapter the widest cells that are; where even the narrowest are too wide its batches, each as its outline or whole.
 */
export function storedForChart(by: "step" | "time", grid: Grid, of: ReadOf): SQL {
  const cell = sql`${bucketWidth(grid) * CELL_OF_BUCKET}::float8`;
  const [chapterCells, batchCell] = by === "step" ? [sql`c.cell_steps`, sql`b.cell_steps`] : [sql`c.cell_ms`, sql`b.cell_ms`];
  const within = (low: SQL, high: SQL) => sql`${high}::float8 - given.since >= ${grid.from}::float8 and ${low}::float8 - given.since <= ${grid.to}::float8`;
  const inChapter = by === "step" ? within(sql`c.min_step`, sql`c.max_step`) : within(sql`c.min_time`, sql`c.max_time`);
  const inBatch = by === "step" ? within(sql`b.min_step`, sql`b.max_step`) : sql`true`; // of a batch the steps are known, the times are not
  const outlined = sql`coalesce(${batchCell} <= ${cell}, false)`;
  const batch = batchColumns(sql`case when ${outlined} then b.outline else b.body end`, outlined);
  return sql`
    with ${given(of)}, chapter as (
      select given.run_id, given.since, c.id, width_bucket(${cell}, ${chapterCells}) as level, c.starts, c.outlines
      from given join ${metricChapters} c on c.run_id = given.run_id and c.key = ${of.key} and ${inChapter})
    select run_id, id, null as steps, null as times, null as "values", encode(substring(outlines from starts[level] for starts[level + 1] - starts[level]), 'base64') as packed, true as outlined
    from chapter where level > 0
    union all
    select b.run_id, b.id, ${batch} from given join ${metricBatches} b on b.run_id = given.run_id and b.key = ${of.key} and b.chapter is null and ${inBatch}
    union all
    select b.run_id, b.id, ${batch} from chapter given join ${metricBatches} b on b.chapter = given.id and ${inBatch} where given.level = 0
    order by run_id, id`;
}

const given = ({ runs }: ReadOf): SQL => sql`given as (select * from unnest(${arrayText(runs.map(({ id }) => id))}::text[], ${arrayText(runs.map(({ since }) => since))}::float8[]) as given(run_id, since))`;

const batchColumns = (bytes: SQL, outlined: SQL): SQL => sql`b.steps::text, b.times::text, b.values::text, encode(${bytes}, 'base64') as packed, ${outlined} as outlined`;
