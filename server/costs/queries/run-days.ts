import { and, eq, isNotNull, type SQL, sql } from "drizzle-orm";
import { costRunDays, costRuns, ledgerEntries } from "../../../db/schema/costs.ts";
import { runs, runTags } from "../../../db/schema/experiments.ts";
import { isOfRuns, type SpendWhere, type TagValue } from "../../../domain/costs/spend-filter.ts";
import { FACETS, isFacet, type SpendBy, WITHOUT_TAG } from "../../../domain/costs/spend-by.ts";

/** Is a run (its id) of this tag: with the value, or without the tag at all? */
function hasTag(runId: SQL, { key, value }: TagValue): SQL {
  const found = sql`select from ${runTags} where ${runTags.runId} = ${runId} and ${runTags.key} = ${key}`;
  return value === WITHOUT_TAG ? sql`not exists (${found})` : sql`exists (${found} and '=' || ${runTags.value} = ${value})`;
}

/** What only runs (joined) know of themselves. */
export const ofRuns = ({ outcome, tag }: SpendWhere): SQL | undefined => and(outcome === undefined ? undefined : sql`${runs.status} = ${outcome}`, tag && hasTag(sql`${runs.id}`, tag));

const FACET_COLUMN = { sweep: ledgerEntries.sweepId, endpoint: ledgerEntries.endpointId, release: ledgerEntries.releaseId, pipeline: ledgerEntries.pipelineId };

/** What entries of the ledger say of the asset, and of what else they are charged to. */
export const ofCharges = ({ cluster, kind, class: capacityClass, ...where }: SpendWhere): SQL | undefined =>
  and(...FACETS.map((facet) => (where[facet] === undefined ? undefined : eq(FACET_COLUMN[facet], where[facet]))), cluster === undefined ? undefined : eq(ledgerEntries.clusterId, cluster), kind === undefined ? undefined : sql`${ledgerEntries.kind} || ' ' || ${ledgerEntries.model} = ${kind}`, capacityClass === undefined ? undefined : sql`${ledgerEntries.capacityClass} = ${capacityClass}`);

/** Entries of the ledger that are somebody's, of whole UTC days, both ends included. */
export const inLedgerDays = ({ from, to }: { from: string; to: string }): SQL => sql`${ledgerEntries.line} > 0 and ${ledgerEntries.hour} >= ${from}::date::timestamp at time zone 'utc' and ${ledgerEntries.hour} < (${to}::date + 1)::timestamp at time zone 'utc'`;

interface Asked {
  from: string;
  to: string;
  by: SpendBy;
  where?: SpendWhere | undefined;
  /** By which tag runs are told apart. */
  tag?: string | undefined;
}

/** The key of what days do not say of themselves. */
function keyOf({ by, tag }: Pick<Asked, "by" | "tag">): { key: SQL; join: SQL } {
  if (by === "tag") return { key: sql`coalesce('=' || own.value, ${WITHOUT_TAG})`, join: sql`left join ${runTags} own on own.run_id = ${runs.id} and own.key = ${tag}` };
  return { key: isFacet(by) ? sql`${FACET_COLUMN[by]}` : by === "outcome" ? sql`${runs.status}` : sql`null::text`, join: sql`` };
}

/** Days of runs with whose they are, run by run: what no sum knows together. */
export function runDays(orgId: string, { from, to, where = {}, ...asked }: Asked): SQL {
  const { key, join } = keyOf(asked);
  return sql`select d.org_id, d.day, c.project_id, c.owner_id, c.experiment_id, ${key} as key, d.accelerator_hours, d.amount, d.provisional
    from ${costRunDays} d join ${costRuns} c on c.run_id = d.run_id join ${runs} on ${runs.id} = d.run_id ${join}
    where d.org_id = ${orgId} and d.day between ${from} and ${to} and ${ofRuns(where) ?? sql`true`}`;
}

/** The same with the assets that they held, as the ledger has it; and of what is charged to no run. */
export function ledgerDays(orgId: string, { from, to, where = {}, ...asked }: Asked): SQL {
  const { by } = asked;
  const { key, join } = keyOf(asked);
  return sql`select l.*, case l.kind when 'accelerator' then l.quantity else 0 end as accelerator_hours from (
    select ${ledgerEntries.orgId} as org_id, (${ledgerEntries.hour} at time zone 'utc')::date as day, ${ledgerEntries.projectId} as project_id, ${ledgerEntries.ownerId} as owner_id, ${ledgerEntries.experimentId} as experiment_id,
      ${ledgerEntries.clusterId} as cluster_id, ${ledgerEntries.kind} as kind, ${ledgerEntries.model} as model, ${ledgerEntries.capacityClass} as capacity_class, ${key} as key,
      sum(${ledgerEntries.quantity}) as quantity, sum(${ledgerEntries.amount}) as amount, coalesce(sum(${ledgerEntries.amount}) filter (where ${ledgerEntries.evidence} = 'provisional'), 0) as provisional
    from ${ledgerEntries} ${isOfRuns(by, where) ? sql`join ${runs} on ${runs.id} = ${ledgerEntries.runId}` : sql``} ${join}
    where ${ledgerEntries.orgId} = ${orgId} and ${inLedgerDays({ from, to })}
      and ${and(ofCharges(where), ofRuns(where), isFacet(by) ? isNotNull(FACET_COLUMN[by]) : undefined) ?? sql`true`}
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) l`;
}
