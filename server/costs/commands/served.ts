import type { Sql, TransactionSql } from "postgres";
import { newId } from "../../../db/schema/columns.ts";
import { type ServedKind, startOfHour } from "../../../domain/costs/metering.ts";
import { isWithinHour } from "../../../domain/costs/served.ts";
import type { Facet } from "../../../domain/costs/spend-by.ts";
import { DomainError } from "../../../domain/shared/errors.ts";

/** Who counts, and whose it is that is counted. */
export interface ServedMeter {
  orgId: string;
  clusterId: string;
  projectId: string;
  ownerId: string;
  endpointId: string;
  releaseId: string | null;
  pipelineId: string | null;
  /** Such as a replica: two of one endpoint never count the same request. */
  counter: string;
}
export interface ServedTold {
  /** Of the message: what comes again with it changes nothing. */
  key: string;
  /** Unix ms, within one UTC hour. */
  from: number;
  until: number;
  counts: readonly { kind: ServedKind; model: string; count: bigint }[];
}

/**
 * Stores how much an endpoint served in a stretch of time, once, and has it rated.
 * @returns false where the same was told before.
 * @throws DomainError "invalid" for a stretch that is not within an hour, or less than one of something; "conflict" where that key, or that meter of that time, told otherwise before.
 */
export async function recordServed(sql: Sql, meter: ServedMeter, told: ServedTold): Promise<boolean> {
  if (!isWithinHour(told.from, told.until)) throw new DomainError("invalid", "What was served is told of a stretch of time within one hour.", { context: { from: told.from, until: told.until } });
  if (told.counts.some(({ count }) => count <= 0n)) throw new DomainError("invalid", "What was served is counted from one on.");
  return sql.begin(async (tx) => {
    const meterId = await meterOf(tx, meter);
    if (await isKnown(tx, meterId, told)) return false;
    for (const { kind, model, count } of told.counts) {
      const [overlap] = await tx`
        select from served_counts where meter_id = ${meterId} and kind = ${kind} and model = ${model} and tstzrange(from_at, until_at) && tstzrange(${new Date(told.from)}, ${new Date(told.until)}) limit 1`;
      if (overlap) throw new DomainError("conflict", `${meter.counter} counted that time before, under another key.`, { context: { key: told.key } });
      await tx`
        insert into served_counts (id, org_id, meter_id, key, kind, model, count, from_at, until_at)
        values (${newId("servedCount")}, ${meter.orgId}, ${meterId}, ${told.key}, ${kind}, ${model}, ${String(count)}::bigint, ${new Date(told.from)}, ${new Date(told.until)})`;
      await tx`
        insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) values (${meter.orgId}, ${meter.clusterId}, ${meter.endpointId}, ${kind}, ${model}, ${new Date(startOfHour(told.from))})
        on conflict (cluster_id, node, kind, model, hour) do update set marked_at = now()`;
    }
    return true;
  });
}

/** Locked, so that two messages of one meter come one after the other. */
async function meterOf(tx: TransactionSql, { orgId, clusterId, projectId, ownerId, endpointId, releaseId, pipelineId, counter }: ServedMeter): Promise<string> {
  await tx`
    insert into served_meters (id, org_id, cluster_id, project_id, owner_id, endpoint_id, release_id, pipeline_id, counter)
    values (${newId("servedMeter")}, ${orgId}, ${clusterId}, ${projectId}, ${ownerId}, ${endpointId}, ${releaseId}, ${pipelineId}, ${counter}) on conflict do nothing`;
  const [row] = await tx<{ id: string; isSame: boolean }[]>`
    select id, (cluster_id, project_id, owner_id, coalesce(release_id, ''), coalesce(pipeline_id, '')) = (${clusterId}, ${projectId}, ${ownerId}, ${releaseId ?? ""}, ${pipelineId ?? ""}) as "isSame"
    from served_meters where org_id = ${orgId} and endpoint_id = ${endpointId} and counter = ${counter} for update`;
  if (!row!.isSame) throw new DomainError("conflict", `${counter} counts for something else of ${endpointId}: what is another's needs a counter of its own.`);
  return row!.id;
}

/** @throws DomainError "conflict" where that key told otherwise. */
async function isKnown(tx: TransactionSql, meterId: string, { key, from, until, counts }: ServedTold): Promise<boolean> {
  const rows = await tx<{ kind: string; model: string; count: string; from: number; until: number }[]>`
    select kind, model, count::text, (extract(epoch from from_at) * 1000)::float8 as from, (extract(epoch from until_at) * 1000)::float8 as until from served_counts where meter_id = ${meterId} and key = ${key}`;
  if (rows.length === 0) return false;
  const words = (one: { kind: string; model: string; count: string | bigint; from: number; until: number }) => [one.kind, one.model, one.count, one.from, one.until].join(" ");
  const [known, told] = [rows.map(words).toSorted(), counts.map((one) => words({ ...one, from, until })).toSorted()];
  if (known.join("\n") !== told.join("\n")) throw new DomainError("conflict", "That was told otherwise before, under the same key.", { context: { key } });
  return true;
}

/** What an attempt is for, so that its charges are told apart by it: named before it holds anything. */
export async function nameFacets(tx: TransactionSql, attemptId: string, facets: Partial<Record<Facet, string>>): Promise<void> {
  const { sweep = null, endpoint = null, release = null, pipeline = null } = facets;
  await tx`
    insert into usage_meters (attempt_id, org_id, cluster_id, run_id, sweep_id, endpoint_id, release_id, pipeline_id)
    select id, org_id, cluster_id, run_id, ${sweep}, ${endpoint}, ${release}, ${pipeline} from attempts where id = ${attemptId}
    on conflict (attempt_id) do update set sweep_id = excluded.sweep_id, endpoint_id = excluded.endpoint_id, release_id = excluded.release_id, pipeline_id = excluded.pipeline_id`;
}
