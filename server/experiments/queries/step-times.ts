import { sql } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { attempts, metricBatches, metricSummaries, runs } from "../../../db/schema/experiments.ts";
import { nodeOfStepKey, paceOf, type PacedRun, STEP_KEYS } from "../../../domain/clusters/stragglers.ts";
import { STORED, type StoredBatch, unpackRow } from "../metrics/rows.ts";

/** The newest of a cluster: a straggler shows in few. */
const MOST_ATTEMPTS = 50;
/** The fullest batches of a series: a sample is enough, and compaction makes full ones. */
const BATCHES = 2;

type Row = Pick<StoredBatch, "steps" | "times" | "values" | "body"> & { attempt: string; owner: string; run: string; ended: string; nodes: string[]; key: string };

/** How the nodes of a cluster's late attempts over several kept pace, where their ranks logged what a step took them. */
export async function readPacedRuns(db: DbOrTx, clusterId: string, hours: number): Promise<PacedRun[]> {
  const rows = await db.execute<Row>(sql`
    select late.id as attempt, late.run_id as run, late.owner_id as owner, (extract(epoch from late.at) * 1000)::bigint::text as ended, late.node_names as nodes, batch.*
    from (
      select ${attempts.id} as id, ${attempts.runId} as run_id, ${runs.ownerId} as owner_id, ${attempts.nodeNames} as node_names, coalesce(${attempts.endedAt}, now()) as at
      from ${attempts} join ${runs} on ${runs.id} = ${attempts.runId}
      where ${attempts.clusterId} = ${clusterId} and cardinality(${attempts.nodeNames}) > 1 and (${attempts.status} in ('running', 'unreachable') or ${attempts.status} = 'ended' and ${attempts.endedAt} > now() - make_interval(hours => ${hours}))
        and exists (select 1 from ${metricSummaries} where ${metricSummaries.runId} = ${attempts.runId} and ${metricSummaries.key} like ${STEP_KEYS})
      order by at desc limit ${MOST_ATTEMPTS}
    ) late
    join ${metricSummaries} on ${metricSummaries.runId} = late.run_id and ${metricSummaries.key} like ${STEP_KEYS}
    cross join lateral (
      select ${sql.raw(STORED)} from ${metricBatches}
      where ${metricBatches.runId} = late.run_id and ${metricBatches.key} = ${metricSummaries.key} and coalesce(${metricBatches.attemptId}, late.id) = late.id
      order by coalesce(${metricBatches.points}, cardinality(${metricBatches.steps})) desc, ${metricBatches.maxStep} desc limit ${BATCHES}
    ) batch`);
  return [...Map.groupBy(rows, ({ attempt }) => attempt).values()].map((own) => {
    const { run, owner, ended, nodes } = own[0]!;
    const series = own.flatMap((row) => {
      const node = nodeOfStepKey(row.key);
      if (node === null || !nodes.includes(node)) return [];
      const { steps, values } = unpackRow(row);
      return [{ node, steps: [...steps], seconds: [...values] }];
    });
    return { runId: run, ownerId: owner, at: Number(ended), nodes, paces: paceOf(series) };
  });
}
