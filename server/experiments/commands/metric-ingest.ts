import type { Sql } from "postgres";
import type { z } from "zod";
import type { MetricBatches, MetricOffsets } from "../../../agent/protocol/messages.ts";
import type { Change } from "../../bus.ts";
import { failpoint } from "../../failpoint.ts";
import { appendPoints, type Points, summarizePoints } from "./metric-store.ts";

type Batch = z.infer<typeof MetricBatches>["batches"][number];

/**
 * Stores metric points once: a batch is taken only when it begins where the attempt's stored stdout ends. Appends rows of
 * arrays and moves the summaries on; the history is never read.
 */
export async function ingestMetrics(sql: Sql, clusterId: string, batches: Batch[]): Promise<Pick<z.infer<typeof MetricOffsets>, "offsets" | "stale"> & { changes: Change[] }> {
  const result = await sql.begin(async (tx) => {
    const ids = [...new Set(batches.map(({ attemptId }) => attemptId))].sort();
    // Runs before attempts, as everybody locks them: inserting points locks the run's key anyway.
    await tx`select id from runs where id in (select run_id from attempts where id = any(${ids}::text[])) order by id for key share`;
    const found = await tx<{ id: string; fence: string; org_id: string; run_id: string; next: number }[]>`
      select id, fence::text, org_id, run_id, metrics_offset::float8 as next from attempts
      where id = any(${ids}::text[]) and cluster_id = ${clusterId} and status <> 'lost' order by id for no key update`;
    const attempts = new Map(found.map((row) => [row.id, row]));
    const stale = new Set<string>();
    const moved = new Set<string>();
    const points: Points[] = [];
    for (const batch of batches) {
      const attempt = attempts.get(batch.attemptId);
      if (!attempt || attempt.fence !== batch.fence) stale.add(batch.attemptId);
      else if (batch.from === attempt.next && batch.to > batch.from) {
        attempt.next = batch.to;
        moved.add(attempt.id);
        for (const series of batch.series) if (series.values.length > 0) points.push({ runId: attempt.run_id, attemptId: attempt.id, key: series.key, steps: series.steps, times: series.times, values: series.values.map(Number) });
      }
    }
    if (points.length > 0) {
      await appendPoints(tx, points);
      await summarizePoints(tx, points);
    }
    const advanced = found.filter(({ id }) => moved.has(id));
    if (advanced.length > 0) {
      await tx`update attempts set metrics_offset = fresh.next from unnest(${advanced.map(({ id }) => id)}::text[], ${advanced.map(({ next }) => next)}::bigint[]) as fresh (id, next) where attempts.id = fresh.id`;
    }
    failpoint("server.metrics.before-commit");
    const orgs = new Map(found.map((row) => [row.run_id, row.org_id]));
    const changes = [...new Set(points.map(({ runId }) => runId))].map((id): Change => ({ orgId: orgs.get(id)!, topic: "run-metrics", id }));
    return { offsets: found.filter(({ id }) => !stale.has(id)).map(({ id, next }) => ({ attemptId: id, next })), stale: [...stale], changes };
  });
  failpoint("server.metrics.after-commit");
  return result;
}
