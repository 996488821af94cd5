import type { Sql, TransactionSql } from "postgres";
import type { z } from "zod";
import type { Witness, WitnessTaken } from "../../../agent/protocol/messages.ts";
import { compareWitnesses, type CountedSpan, processesAsked, type WitnessedPart, witnessWords } from "../../../domain/costs/witness.ts";
import type { Change } from "../../bus.ts";
import { openReview } from "./reviews.ts";

interface Place {
  orgId: string;
  clusterId: string;
}
interface AttemptRow {
  id: string;
  nodes: number;
  gpus: number;
  milli: number | null;
  launcher: string;
  per_node: number | null;
}

/**
 * Keeps what a scheduler's accounting says of ended attempts, and compares it with what is counted of them: a difference is
 * opened for somebody to look at. Nothing that is counted changes. What comes again is kept as it came first.
 */
export async function ingestWitness(sql: Sql, agent: Place, { source, trouble, attempts }: Witness): Promise<Omit<z.infer<typeof WitnessTaken>, "serverTime"> & { changes: Change[] }> {
  const ids = [...new Set(attempts.map(({ attemptId }) => attemptId))].sort();
  return sql.begin(async (tx) => {
    await tx`
      insert into cluster_witnesses (cluster_id, org_id, source, trouble, heard_at) values (${agent.clusterId}, ${agent.orgId}, ${source}, ${trouble}, now())
      on conflict (cluster_id) do update set source = excluded.source, trouble = excluded.trouble, heard_at = excluded.heard_at`;
    const rows = await tx<AttemptRow[]>`
      select a.id, a.nodes, a.gpus, a.accelerator_milli as milli, r.spec ->> 'launcher' as launcher, (r.spec ->> 'processesPerNode')::int as per_node
      from attempts a join runs r on r.id = a.run_id where a.id = any(${ids}::text[]) and a.cluster_id = ${agent.clusterId}`;
    const known = new Map(rows.map((row) => [row.id, row]));
    const counted = await countedSpans(tx, [...known.keys()]);
    let differ = 0;
    for (const { attemptId, parts } of attempts) {
      const attempt = known.get(attemptId);
      if (attempt && (await keep(tx, agent, source, { attempt, parts, spans: counted.get(attemptId) ?? [] })) === "differs") differ++;
    }
    const changes: Change[] = differ > 0 ? [{ orgId: agent.orgId, topic: "costs", id: agent.orgId }] : [];
    return { taken: [...known.keys()], unknown: ids.filter((id) => !known.has(id)), changes };
  });
}

/** As the ledger counts them: up to the last proof of life where no end is known. */
async function countedSpans(tx: TransactionSql, ids: string[]): Promise<Map<string, CountedSpan[]>> {
  const rows = await tx<(CountedSpan & { attempt_id: string })[]>`
    select i.attempt_id, i.kind, i.milli, round(extract(epoch from i.from_at) * 1000)::float8 as from, round(extract(epoch from coalesce(i.until_at, greatest(i.from_at, m.alive_at))) * 1000)::float8 as to
    from usage_intervals i join usage_meters m on m.attempt_id = i.attempt_id where i.attempt_id = any(${ids}::text[])`;
  return Map.groupBy(rows, ({ attempt_id }) => attempt_id);
}

async function keep(tx: TransactionSql, place: Place, source: Witness["source"], of: { attempt: AttemptRow; parts: WitnessedPart[]; spans: CountedSpan[] }): Promise<"agrees" | "differs" | "known"> {
  const { attempt, parts, spans } = of;
  const lines = compareWitnesses(spans, parts, processesAsked({ launcher: attempt.launcher, processesPerNode: attempt.per_node, gpus: attempt.gpus, nodes: attempt.nodes }), attempt.milli === null ? null : { count: attempt.gpus, milli: attempt.milli });
  const agrees = lines.every((line) => line.agrees);
  const [made] = await tx`
    insert into usage_witnesses (attempt_id, org_id, cluster_id, source, parts, agrees) values (${attempt.id}, ${place.orgId}, ${place.clusterId}, ${source}, ${tx.json(parts as never)}, ${agrees})
    on conflict do nothing returning attempt_id`;
  if (!made) return "known";
  if (agrees) return "agrees";
  await openReview(tx, { ...place, attemptId: attempt.id }, witnessWords(lines, parts), { source, lines, parts } as never);
  return "differs";
}
