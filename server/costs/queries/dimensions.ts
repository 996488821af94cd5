import { type SQL, sql } from "drizzle-orm";
import { projects, serviceAccounts, teams, users } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costExperimentDays, costPeopleDays, costPersonDays, costProjectDays } from "../../../db/schema/cost-sums.ts";
import { costDaily } from "../../../db/schema/costs.ts";
import { experiments } from "../../../db/schema/experiments.ts";
import { LIKE_OUTSIDE, OUTSIDE, RUNS_SOURCE } from "../../../domain/costs/outside.ts";
import { type DayBy, OTHERS, type SomeBy, WITHOUT_TAG } from "../../../domain/costs/spend-by.ts";
import { STORE } from "../../../domain/costs/stored.ts";

/** What costs are told apart by. Its words are looked up once for a sum (alias `found`), not once for each of the rows behind it. */
export interface Dimension {
  /** Of days of costs, with `projects` joined. */
  key: SQL;
  names: SQL;
  label: SQL;
}
/** The key of a sum, while its words are looked up. */
const KEY = sql.raw("found.key");
/** What no project pays for, by the key of its sum: idle capacity, jobs from outside Drover, and what an embedded report joins. */
export const payerWords = (key: SQL): SQL => sql`case when ${key} = ${OTHERS} then 'Others' when ${key} like ${LIKE_OUTSIDE} then 'Outside Drover (account ' || coalesce(nullif(substr(${key}, ${OUTSIDE.length + 2}::int), ''), 'none') || ')' else 'Idle' end`;
/** Who is nobody of Drover. */
export const ownerWords = (key: SQL): SQL => sql`case when ${key} = ${STORE} then 'Stored files' when ${key} like ${LIKE_OUTSIDE} then substr(${key}, ${OUTSIDE.length + 2}::int) || ' (outside Drover)' else 'Gone' end`;
/** What is of no experiment. */
const STEM = sql`case ${KEY} when ${STORE} then 'Stored files' when ${OUTSIDE} then 'Jobs from outside Drover' when '' then null else 'Endpoints' end`;
/** The resource of a sum whose key is kind and model. */
const RESOURCE = sql`case split_part(${KEY}, ' ', 1) when 'accelerator' then substr(${KEY}, 13) when 'cpu' then 'CPU cores' when 'memory' then 'Memory' when 'storage' then 'Storage' else rtrim(initcap(split_part(${KEY}, ' ', 1)) || 's ' || substr(${KEY}, length(split_part(${KEY}, ' ', 1)) + 2)) end`;
/** Whether a job from outside held it. */
const SOURCE = sql`case when ${costDaily.projectId} = '' then '' when ${costDaily.projectId} like ${LIKE_OUTSIDE} or ${costDaily.ownerId} like ${LIKE_OUTSIDE} then ${OUTSIDE} else ${RUNS_SOURCE} end`;

/** Its sums: the smallest that can tell it, read under the name of the table of days. */
interface DayDimension extends Dimension {
  sums: typeof costPeopleDays | typeof costPersonDays | typeof costExperimentDays | typeof costProjectDays;
}

export const DIMENSIONS: Record<DayBy, DayDimension> = {
  project: { sums: costPeopleDays, key: sql`${costDaily.projectId}`, names: sql`left join ${projects} on ${projects.id} = ${KEY}`, label: sql`coalesce(${projects.name}, ${payerWords(KEY)})` },
  team: { sums: costPeopleDays, key: sql`coalesce(${projects.teamId}, ${costDaily.projectId})`, names: sql`left join ${teams} on ${teams.id} = ${KEY}`, label: sql`coalesce(${teams.name}, ${payerWords(KEY)})` },
  person: { sums: costPersonDays, key: sql`${costDaily.ownerId}`, names: sql`left join ${users} on ${users.id} = ${KEY} left join ${serviceAccounts} on ${serviceAccounts.id} = ${KEY}`, label: sql`coalesce(${users.name}, ${serviceAccounts.name}, ${ownerWords(KEY)})` },
  experiment: { sums: costExperimentDays, key: sql`${costDaily.experimentId}`, names: sql`left join ${experiments} on ${experiments.id} = ${KEY} left join ${projects} on ${projects.id} = ${experiments.projectId}`, label: sql`coalesce(${projects.name} || ' / ' || ${experiments.name}, ${STEM})` },
  cluster: { sums: costProjectDays, key: sql`${costDaily.clusterId}`, names: sql`left join ${clusters} on ${clusters.id} = ${KEY}`, label: sql`coalesce(${clusters.name}, 'Object store')` },
  kind: { sums: costProjectDays, key: sql`${costDaily.kind} || ' ' || ${costDaily.model}`, names: sql``, label: RESOURCE },
  class: { sums: costProjectDays, key: sql`${costDaily.capacityClass}`, names: sql``, label: KEY },
  source: { sums: costPersonDays, key: SOURCE, names: sql``, label: sql`case ${KEY} when ${OUTSIDE} then 'Jobs from outside Drover' when '' then 'Idle' else 'Drover' end` },
};
const facet: Dimension = { key: sql.raw("cost_daily.key"), names: sql``, label: KEY };
/** The same of sums that have their key already. */
export const BY_SOME: Record<SomeBy, Dimension> = {
  sweep: facet,
  endpoint: facet,
  release: facet,
  pipeline: facet,
  outcome: { key: sql.raw("cost_daily.key"), names: sql``, label: sql`initcap(${KEY})` },
  tag: { key: sql.raw("cost_daily.key"), names: sql``, label: sql`case ${KEY} when ${WITHOUT_TAG} then 'Without this tag' else substr(${KEY}, 2) end` },
};
