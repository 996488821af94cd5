import { sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { telemetry } from "../../../db/schema/clusters.ts";
import { type Bucket, bucketOf, isFinite } from "../../experiments/queries/series.ts";

/** The agent sends a batch's samples together: one that began this long before the range may still reach into it. */
const BATCH_REACH_MS = 3_600_000;

/** Whose samples, and when they count. Times are Unix ms, both ends included. */
export interface Subject {
  clusterId: string;
  subject: "node" | "accelerator" | "attempt";
  subjectId: string;
  /** Tells the series of several subjects apart; those that share it are one series. */
  label: string;
  from: number;
  to: number;
}

/** One bucket of one series. */
export type TelemetryBucket = Bucket & { label: string; mean: number | null };

/**
 * Samples of these subjects, reduced in SQL to at most `buckets` points a series: least, greatest and last finite value of
 * each bucket that has any sample. `keys`: only these; all when absent. `means`: the mean of the finite ones too. Ordered by label,
 * key and time.
 */
export async function reduceTelemetry(db: DbOrTx, wanted: Subject[], range: { from: number; to: number }, buckets: number, { keys, means = false }: { keys?: readonly string[]; means?: boolean } = {}): Promise<TelemetryBucket[]> {
  const t = telemetry;
  const finite = isFinite(sql`p.value`);
  const list = sql.join(wanted.map((w) => sql`(${w.clusterId}::text, ${w.subject}::text, ${w.subjectId}::text, ${w.label}::text, ${w.from}::float8, ${w.to}::float8)`), sql`, `);
  const rows = await db.execute<TelemetryBucket>(sql`
    select key, label, last_point[1] as x, last_point[2] as last, min, max, mean, count, total
    from (
      select ${t.key} as key, w.label, ${bucketOf(sql`p.time`, range, buckets)} as bucket,
             max(array[p.time::float8, p.value]) filter (where ${finite}) as last_point,
             min(p.value) filter (where ${finite}) as min, max(p.value) filter (where ${finite}) as max,
             ${means ? sql`avg(p.value) filter (where ${finite})` : sql`null::float8`} as mean,
             (count(*) filter (where ${finite}))::int as count, count(*)::int as total
      from (values ${list}) as w(cluster_id, subject, subject_id, label, since, until)
      join ${t} on ${t.clusterId} = w.cluster_id and ${t.subject} = w.subject and ${t.subjectId} = w.subject_id
        and ${t.at} >= to_timestamp(${(range.from - BATCH_REACH_MS) / 1000}::float8) and ${t.at} <= to_timestamp(${range.to / 1000}::float8)
      cross join lateral unnest(${t.times}, ${t.values}) as p(time, value)
      where ${keys ? sql`${t.key} in ${keys} and ` : sql``}p.time between ${range.from} and ${range.to} and p.time >= w.since and p.time <= w.until
      group by 1, 2, 3
    ) reduced order by label, key, bucket`);
  return [...rows];
}
