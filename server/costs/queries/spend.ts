import { and, eq, gte, lte, or, type SQL, sql } from "drizzle-orm";
import { projects, serviceAccounts, teams, users } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costExperimentDays, costPersonDays, costProjectDays } from "../../../db/schema/cost-sums.ts";
import { costClocks, costDaily, costRunDays, costSettings, priceLines } from "../../../db/schema/costs.ts";
import { experiments, runs, runTags } from "../../../db/schema/experiments.ts";
import type { DbOrTx } from "../../../db/client.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { CostStand, RunCostRow, SpendView } from "../../../domain/costs/cost-view.ts";
import type { ListCostTags, ListRunCosts, ReadSpend } from "../../../domain/costs/inputs.ts";
import { OTHERS, type SpendBy, WITHOUT_TAG } from "../../../domain/costs/spend-by.ts";
import { daysOf, topGroups } from "../../../domain/costs/spend-top.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";

/** More groups than these are one, in the table and in the chart. */
const MOST_GROUPS = 200;
const MOST_SERIES = 6;
const MOST_TAGS = 100;
/** Who reads: a person of the console, or an embedded report. */
export interface SpendReader {
  db: DbOrTx;
  orgId: string;
  grant: Grant;
  /** Left out: the sums as they are. */
  source?: CostSource;
}
/** What is read instead of the table of days, under its name. */
export interface CostSource {
  prefix: (days: Pick<ReadSpend, "from" | "to">) => SQL;
  /** Is what is joined as `OTHERS` for this reader? */
  seesRest: boolean;
}

const zero = (amount: SQL) => sql<string>`coalesce(${amount}, 0)::text`;
interface Dimension {
  key: SQL;
  label: SQL;
}
/** What has no project: idle capacity, and what an embedded report joins. */
const NO_PROJECT = sql`case ${costDaily.projectId} when ${OTHERS} then 'Others' else 'Idle' end`;
/** Key and words of each dimension. What nobody held has no project; only who sees the whole organization sees it. */
export const DIMENSIONS: Record<Exclude<SpendBy, "outcome" | "tag">, Dimension> = {
  project: { key: sql`${costDaily.projectId}`, label: sql`coalesce(${projects.name}, ${NO_PROJECT})` },
  team: { key: sql`coalesce(${teams.id}, ${costDaily.projectId})`, label: sql`coalesce(${teams.name}, ${NO_PROJECT})` },
  person: { key: sql`${costDaily.ownerId}`, label: sql`coalesce(${users.name}, ${serviceAccounts.name}, 'Gone')` },
  experiment: { key: sql`${costDaily.experimentId}`, label: sql`${projects.name} || ' / ' || ${experiments.name}` },
  cluster: { key: sql`${costDaily.clusterId}`, label: sql`${clusters.name}` },
  kind: { key: sql`${costDaily.kind} || ' ' || ${costDaily.model}`, label: sql`case ${costDaily.kind} when 'accelerator' then ${costDaily.model} when 'cpu' then 'CPU cores' else 'Memory' end` },
  class: { key: sql`${costDaily.capacityClass}`, label: sql`${costDaily.capacityClass}` },
};

/** Days of costs that the caller may see, with `projects` joined. What nobody held is for those who see the whole organization. */
export function seenCosts({ grant, orgId, source }: Omit<SpendReader, "db">, { from, to, project }: Pick<ReadSpend, "from" | "to" | "project">): SQL | undefined {
  const ofProjects = and(sql`${projects.id} is not null`, reachedProjects(grant), project ? eq(projects.slug, project) : undefined);
  const seen = or(ofProjects, grant.org && !project ? eq(costDaily.projectId, "") : undefined, source?.seesRest ? eq(costDaily.projectId, OTHERS) : undefined);
  return and(eq(costDaily.orgId, orgId), gte(costDaily.day, from), lte(costDaily.day, to), seen);
}

type SumRow = { day: string | null; key: string | null; label: string | null; amount: string; provisional: string; hours: string };

/** What was spent in whole UTC days, by day and by one dimension: exact sums, made by the database. */
export async function readSpend(ctx: SpendReader, ask: ReadSpend): Promise<SpendView> {
  const { by } = ask;
  const rows = await ctx.db.execute<SumRow>(by === "outcome" || by === "tag" ? sumsOfRuns(ctx, { ...ask, by }) : sumsOfDays(ctx, { ...ask, by }));
  const all = rows.find((row) => row.day === null && row.key === null);
  const groups = rows.filter((row) => row.day === null && row.key !== null).map((row) => ({ key: row.key!, label: row.label ?? "", amount: row.amount, provisional: row.provisional, acceleratorHours: row.hours }));
  const shown = topGroups(groups, MOST_GROUPS);
  const days = rows.filter((row) => row.day !== null && row.key !== null).map((row) => ({ day: row.day!, key: row.key!, amount: row.amount }));
  return {
    ...(await readStand(ctx.db, ctx.orgId)), by, groups: shown,
    days: daysOf(days, shown.filter(({ key }) => key !== OTHERS).slice(0, MOST_SERIES)),
    amount: all?.amount ?? "0", provisional: all?.provisional ?? "0",
  };
}

/** The smallest sums that can tell it: read under the name of the table of days. */
const sumsBy = (by: keyof typeof DIMENSIONS): SQL => (by === "person" ? sql`${costPersonDays} as "cost_daily"` : by === "experiment" ? sql`${costExperimentDays} as "cost_daily"` : sql`${costProjectDays} as "cost_daily"`);

function sumsOfDays(ctx: SpendReader, { by, ...ask }: Omit<ReadSpend, "by"> & { by: keyof typeof DIMENSIONS }): SQL {
  const { key, label } = DIMENSIONS[by];
  const isOfRuns = by === "person" || by === "experiment";
  const hours = isOfRuns ? sql`sum(accelerator_hours)` : sql`sum(${costDaily.quantity}) filter (where ${costDaily.kind} = 'accelerator')`;
  return sql`${ctx.source?.prefix(ask)}
    select ${costDaily.day}::text as day, ${key} as key, min(${label}) as label, ${zero(sql`sum(${costDaily.amount})`)} as amount, ${zero(sql`sum(${costDaily.provisional})`)} as provisional,
      ${zero(hours)} as hours
    from ${ctx.source ? costDaily : sumsBy(by)}
    ${by === "cluster" ? sql`join ${clusters} on ${clusters.id} = ${costDaily.clusterId}` : sql``}
    left join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}
    left join ${teams} on ${teams.id} = ${projects.teamId}
    ${by === "person" ? sql`left join ${users} on ${users.id} = ${costDaily.ownerId} left join ${serviceAccounts} on ${serviceAccounts.id} = ${costDaily.ownerId}` : sql``}
    ${by === "experiment" ? sql`left join ${experiments} on ${experiments.id} = ${costDaily.experimentId}` : sql``}
    where ${seenCosts(ctx, ask)}
    group by grouping sets ((1, 2), (2), ()) order by 1, 2`;
}

/** Days of what runs cost, with `runs` and `projects` joined, in the projects that the caller sees. */
const runDays = ({ orgId, grant }: Omit<SpendReader, "db">, { from, to, project }: Pick<ReadSpend, "from" | "to" | "project">) => ({
  from: sql`${costRunDays} join ${runs} on ${runs.id} = ${costRunDays.runId} join ${projects} on ${projects.orgId} = ${runs.orgId} and ${projects.id} = ${runs.projectId}`,
  where: and(eq(costRunDays.orgId, orgId), gte(costRunDays.day, from), lte(costRunDays.day, to), reachedProjects(grant), project ? eq(projects.slug, project) : undefined),
});

/** By what only runs know. A value of a tag is marked, so that none can be taken for the lack of it. */
function sumsOfRuns(ctx: SpendReader, { by, tag, ...ask }: ReadSpend & { by: "outcome" | "tag" }): SQL {
  const days = runDays(ctx, ask);
  const { key, label }: Dimension = by === "outcome"
    ? { key: sql`${runs.status}`, label: sql`initcap(${runs.status})` }
    : { key: sql`coalesce('=' || ${runTags.value}, ${WITHOUT_TAG})`, label: sql`coalesce(${runTags.value}, 'Without this tag')` };
  return sql`
    select ${costRunDays.day}::text as day, ${key} as key, min(${label}) as label, ${zero(sql`sum(${costRunDays.amount})`)} as amount, ${zero(sql`sum(${costRunDays.provisional})`)} as provisional, ${zero(sql`sum(${costRunDays.acceleratorHours})`)} as hours
    from ${days.from} ${by === "tag" ? sql`left join ${runTags} on ${runTags.runId} = ${runs.id} and ${runTags.key} = ${tag ?? ""}` : sql``}
    where ${days.where}
    group by grouping sets ((1, 2), (2), ()) order by 1, 2`;
}

/** Keys of tags that the runs of these days have, the most common first. */
export async function listCostTags(ctx: Ctx, ask: ListCostTags): Promise<string[]> {
  const days = runDays(ctx, ask);
  const rows = await ctx.db.execute<{ key: string }>(sql`
    select ${runTags.key} as key from (select distinct ${runs.id} as id from ${days.from} where ${days.where}) seen join ${runTags} on ${runTags.runId} = seen.id
    group by 1 order by count(*) desc, 1 limit ${MOST_TAGS}`);
  return rows.map(({ key }) => key);
}

/** The dearest runs of these days, by what these days cost. */
export async function listRunCosts(ctx: Ctx, { cursor = 0, limit, ...ask }: ListRunCosts): Promise<{ items: RunCostRow[]; nextCursor: number | null }> {
  const days = runDays(ctx, ask);
  const items = await ctx.db.execute<RunCostRow & Record<string, unknown>>(sql`
    select ${runs.id} as id, ${runs.name} as name, ${runs.status} as status, ${projects.name} as project, sum(${costRunDays.amount})::text as amount, sum(${costRunDays.provisional})::text as provisional, sum(${costRunDays.acceleratorHours})::text as "acceleratorHours"
    from ${days.from} where ${days.where} group by ${runs.id}, ${runs.name}, ${runs.status}, ${projects.name} order by sum(${costRunDays.amount}) desc, ${runs.id} offset ${cursor} limit ${limit + 1}`);
  return { items: items.slice(0, limit), nextCursor: items.length > limit ? cursor + limit : null };
}

export async function readStand(db: DbOrTx, orgId: string): Promise<CostStand> {
  const [row] = await db.execute<{ currency: string | null; version: number | null; complete_to: string | null; priced: boolean }>(sql`
    select (select ${costSettings.currency} from ${costSettings} where ${costSettings.orgId} = ${orgId}) as currency, (select ${costSettings.ratingVersion} from ${costSettings} where ${costSettings.orgId} = ${orgId}) as version,
      (select to_char(min(${costClocks.completeTo}) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from ${costClocks} where ${costClocks.orgId} = ${orgId}) as complete_to, exists (select 1 from ${priceLines} where ${priceLines.orgId} = ${orgId}) as priced`);
  return { currency: row?.currency ?? "USD", ratingVersion: row?.version ?? 0, completeTo: row?.complete_to ? new Date(row.complete_to) : null, isUnpriced: !row?.priced };
}
