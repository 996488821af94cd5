import { type SQL, sql } from "drizzle-orm";
import { projects, serviceAccounts, teams, users } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costExperimentDays, costPeopleDays, costPersonDays, costProjectDays } from "../../../db/schema/cost-sums.ts";
import { costDaily } from "../../../db/schema/costs.ts";
import { experiments } from "../../../db/schema/experiments.ts";
import { type DayBy, OTHERS, type RunBy, WITHOUT_TAG } from "../../../domain/costs/spend-by.ts";

/** What costs are told apart by. Its words are looked up once for a sum (alias `found`), not once for each of the rows behind it. */
export interface Dimension {
  /** Of days of costs, with `projects` joined. */
  key: SQL;
  names: SQL;
  label: SQL;
}
/** The key of a sum, while its words are looked up. */
const KEY = sql.raw("found.key");
/** What has no project: idle capacity, and what an embedded report joins. */
const NO_PROJECT = sql`case ${KEY} when ${OTHERS} then 'Others' else 'Idle' end`;

/** Its sums: the smallest that can tell it, read under the name of the table of days. */
interface DayDimension extends Dimension {
  sums: typeof costPeopleDays | typeof costPersonDays | typeof costExperimentDays | typeof costProjectDays;
}

export const DIMENSIONS: Record<DayBy, DayDimension> = {
  project: { sums: costPeopleDays, key: sql`${costDaily.projectId}`, names: sql`left join ${projects} on ${projects.id} = ${KEY}`, label: sql`coalesce(${projects.name}, ${NO_PROJECT})` },
  team: { sums: costPeopleDays, key: sql`coalesce(${projects.teamId}, ${costDaily.projectId})`, names: sql`left join ${teams} on ${teams.id} = ${KEY}`, label: sql`coalesce(${teams.name}, ${NO_PROJECT})` },
  person: { sums: costPersonDays, key: sql`${costDaily.ownerId}`, names: sql`left join ${users} on ${users.id} = ${KEY} left join ${serviceAccounts} on ${serviceAccounts.id} = ${KEY}`, label: sql`coalesce(${users.name}, ${serviceAccounts.name}, 'Gone')` },
  experiment: { sums: costExperimentDays, key: sql`${costDaily.experimentId}`, names: sql`left join ${experiments} on ${experiments.id} = ${KEY} left join ${projects} on ${projects.id} = ${experiments.projectId}`, label: sql`${projects.name} || ' / ' || ${experiments.name}` },
  cluster: { sums: costProjectDays, key: sql`${costDaily.clusterId}`, names: sql`left join ${clusters} on ${clusters.id} = ${KEY}`, label: sql`${clusters.name}` },
  kind: { sums: costProjectDays, key: sql`${costDaily.kind} || ' ' || ${costDaily.model}`, names: sql``, label: sql`case split_part(${KEY}, ' ', 1) when 'accelerator' then substr(${KEY}, 13) when 'cpu' then 'CPU cores' else 'Memory' end` },
  class: { sums: costProjectDays, key: sql`${costDaily.capacityClass}`, names: sql``, label: KEY },
};
/** The same of sums of what runs cost, which have their key already. */
export const BY_RUNS: Record<RunBy, Dimension> = {
  outcome: { key: sql.raw("cost_daily.key"), names: sql``, label: sql`initcap(${KEY})` },
  tag: { key: sql.raw("cost_daily.key"), names: sql``, label: sql`case ${KEY} when ${WITHOUT_TAG} then 'Without this tag' else substr(${KEY}, 2) end` },
};
