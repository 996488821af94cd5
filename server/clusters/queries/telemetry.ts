import { sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { telemetry } from "../../../db/schema/clusters.ts";
import type { ReadTelemetry } from "../../../domain/clusters/inputs.ts";
import type { Series } from "../../../domain/experiments/run-view.ts";
import { getCluster } from "../queries.ts";

/** A batch that began this long before the range may still reach into it. */
const BATCH_REACH_MS = 3_600_000;

interface Row extends Record<string, unknown> {
  key: string;
  x: number;
  last: number;
  min: number;
  max: number;
  count: number;
}

/** Samples of one node or accelerator, reduced in SQL to at most `buckets` points a key: least, greatest and last of each bucket that has any. */
export async function readTelemetry(db: DbOrTx, orgId: string, ask: ReadTelemetry): Promise<Series[]> {
  await getCluster(db, orgId, ask.id);
  const t = telemetry;
  const width = Math.max(1, Math.ceil((ask.to - ask.from) / ask.buckets));
  const rows = await db.execute<Row>(sql`
    select key, last_point[1] as x, last_point[2] as last, min, max, count
    from (
      select ${t.key} as key, floor((p.time - ${ask.from}::float8) / ${width}::float8) as bucket,
             max(array[p.time::float8, p.value]) as last_point, min(p.value) as min, max(p.value) as max, count(*)::int as count
      from ${t} cross join lateral unnest(${t.times}, ${t.values}) as p(time, value)
      where ${t.clusterId} = ${ask.id} and ${t.subject} = ${ask.subject} and ${t.subjectId} = ${ask.subjectId} and ${t.key} in ${ask.keys}
        and ${t.at} >= to_timestamp(${(ask.from - BATCH_REACH_MS) / 1000}::float8) and ${t.at} < to_timestamp(${ask.to / 1000}::float8)
        and p.time >= ${ask.from} and p.time < ${ask.to}
      group by 1, 2
    ) reduced order by key, bucket`);
  const series = new Map(ask.keys.map((key): [string, Series] => [key, { key, points: [], nonFinite: 0, total: 0 }]));
  for (const { key, ...point } of rows) {
    const one = series.get(key)!;
    one.points.push(point);
    one.total += point.count;
  }
  return [...series.values()];
}
