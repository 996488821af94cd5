import { and, eq, like, type SQL, sql } from "drizzle-orm";
import { rankStepKey } from "../../../agent/protocol/ranks.ts";
import type { DbOrTx } from "../../../db/client.ts";
import { attempts, metricBatches, metricSummaries, runs } from "../../../db/schema/experiments.ts";
import { rankOfKey } from "../../../domain/clusters/rank-key.ts";
import type { RankSteps } from "../../../domain/clusters/slow-ranks.ts";
import { paceOf, type PacedRun, stepKeyOf } from "../../../domain/clusters/stragglers.ts";
import { STORED, type StoredBatch, unpackRow } from "../metrics/rows.ts";

/** The newest of a cluster: a straggler shows in few. */
const MOST_ATTEMPTS = 20;
/** Of one attempt, the first of its ranks: a node beyond them is told by another run. */
const MOST_NODES = 64;
/** Ranks of one attempt, told apart by the names of its series. */
const MOST_RANKS = 256;
const RANK_KEYS = "rank/%@%/step_seconds";
/** The fullest batches of a series: a sample is enough, and compaction makes full ones. */
const BATCHES = 2;

interface LateAttempt extends Record<string, unknown> {
  id: string;
  run: string;
  owner: string;
  ended: string;
  nodes: string[];
}
type Row = Pick<StoredBatch, "key" | "steps" | "times" | "values" | "body">;

/** How the nodes of a cluster's late attempts over several kept pace, where their ranks logged what a step took them. One attempt after the other: the server answers others in between. */
export async function readPacedRuns(db: DbOrTx, clusterId: string, hours: number): Promise<PacedRun[]> {
  const paced: PacedRun[] = [];
  for (const attempt of await lateAttempts(db, clusterId, hours)) {
    const { run, owner, ended, nodes } = attempt;
    paced.push({ runId: run, ownerId: owner, at: Number(ended), nodes, paces: paceOf([...(await stepTimes(db, attempt)), ...(await readRankSteps(db, attempt))]) });
  }
  return paced;
}

/** Keys are looked up by the names of the attempt's own nodes: whoever logs thousands that look like them costs nothing. */
async function lateAttempts(db: DbOrTx, clusterId: string, hours: number): Promise<LateAttempt[]> {
  return db.execute<LateAttempt>(sql`
    select ${attempts.id} as id, ${attempts.runId} as run, ${runs.ownerId} as owner, (extract(epoch from coalesce(${attempts.endedAt}, now())) * 1000)::bigint::text as ended, ${attempts.nodeNames} as nodes
    from ${attempts} join ${runs} on ${runs.id} = ${attempts.runId}
    where ${attempts.clusterId} = ${clusterId} and cardinality(${attempts.nodeNames}) > 1 and (${attempts.status} in ('running', 'unreachable') or ${attempts.status} = 'ended' and ${attempts.endedAt} > now() - make_interval(hours => ${hours}))
      and exists (select 1 from unnest(${attempts.nodeNames}) as named (node) join ${metricSummaries} on ${metricSummaries.runId} = ${attempts.runId} and ${metricSummaries.key} in (replace(${stepKeyOf("*")}, '*', named.node), ${firstRankOn(sql`named.node`)}))
    order by coalesce(${attempts.endedAt}, now()) desc limit ${MOST_ATTEMPTS}`);
}

async function stepTimes(db: DbOrTx, attempt: LateAttempt) {
  const nodeOf = new Map(attempt.nodes.slice(0, MOST_NODES).map((node) => [stepKeyOf(node), node]));
  return (await readBatches(db, attempt, [...nodeOf.keys()])).map(({ key, ...rest }) => ({ ...rest, node: nodeOf.get(key)! }));
}

/** What the steps of rank 0 are called where it is on this node: whether an attempt's ranks said anything is asked by it. */
export const firstRankOn = (node: SQL): SQL => sql`replace(${rankStepKey(0, "*")}, '*', ${node})`;

/** What steps took each rank of an attempt, where its lines said so: only on nodes that it has, whatever else somebody logs. */
export async function readRankSteps(db: DbOrTx, attempt: { id: string; run: string; nodes: readonly string[] }): Promise<RankSteps[]> {
  const known = await db.select({ key: metricSummaries.key }).from(metricSummaries).where(and(eq(metricSummaries.runId, attempt.run), like(metricSummaries.key, RANK_KEYS))).limit(MOST_RANKS);
  const nodes = new Set(attempt.nodes);
  const keys = known.flatMap(({ key }) => (nodes.has(rankOfKey(key)?.node ?? "") ? [key] : []));
  return (await readBatches(db, attempt, keys)).map(({ key, ...rest }) => ({ ...rest, ...rankOfKey(key)! }));
}

async function readBatches(db: DbOrTx, { id, run }: { id: string; run: string }, keys: string[]): Promise<{ key: string; steps: ArrayLike<number | bigint>; seconds: ArrayLike<number> }[]> {
  if (keys.length === 0) return [];
  const rows = await db.execute<Row>(sql`
    select batch.* from unnest(${sql.param(keys)}::text[]) as series (name)
    cross join lateral (
      select ${sql.raw(STORED)} from ${metricBatches}
      where ${metricBatches.runId} = ${run} and ${metricBatches.key} = series.name and coalesce(${metricBatches.attemptId}, ${id}) = ${id}
      order by coalesce(${metricBatches.points}, cardinality(${metricBatches.steps})) desc, ${metricBatches.maxStep} desc limit ${BATCHES}
    ) batch`);
  return rows.map((row) => {
    const { steps, values } = unpackRow(row);
    return { key: row.key, steps, seconds: values };
  });
}
