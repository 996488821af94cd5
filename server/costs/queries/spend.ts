import { and, eq, gte, lte, or, type SQL, sql } from "drizzle-orm";
import { projects, serviceAccounts, teams, users } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costClocks, costDaily, costRuns, costSettings, priceLines } from "../../../db/schema/costs.ts";
import { experiments, runs } from "../../../db/schema/experiments.ts";
import type { DbOrTx } from "../../../db/client.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { CostStand, RunCostRow, SpendView } from "../../../domain/costs/cost-view.ts";
import type { ListRunCosts, ReadSpend } from "../../../domain/costs/inputs.ts";
import { OTHERS, type SpendBy } from "../../../domain/costs/spend-by.ts";
import { daysOf, topGroups } from "../../../domain/costs/spend-top.ts";
import { reachedProjects } from "../../access/queries.ts";
import type { Ctx } from "../../trpc/context.ts";

/** More groups than these are one, in the table and in the chart. */
const MOST_GROUPS = 200;
const MOST_SERIES = 6;
/** Who reads: a person of the console, or an embedded report. */
export interface SpendReader {
  db: DbOrTx;
  orgId: string;
  grant: Grant;
}

const zero = (amount: SQL) => sql<string>`coalesce(${amount}, 0)::text`;
/** Key and words of each dimension. What nobody held has no project; only who sees the whole organization sees it. */
const DIMENSIONS: Record<SpendBy, { key: SQL; label: SQL }> = {
  project: { key: sql`${costDaily.projectId}`, label: sql`coalesce(${projects.name}, 'Idle')` },
  team: { key: sql`coalesce(${teams.id}, '')`, label: sql`coalesce(${teams.name}, 'Idle')` },
  person: { key: sql`${costDaily.ownerId}`, label: sql`coalesce(${users.name}, ${serviceAccounts.name}, 'Gone')` },
  experiment: { key: sql`${costDaily.experimentId}`, label: sql`${projects.name} || ' / ' || ${experiments.name}` },
  cluster: { key: sql`${costDaily.clusterId}`, label: sql`${clusters.name}` },
  kind: { key: sql`${costDaily.kind} || ' ' || ${costDaily.model}`, label: sql`case ${costDaily.kind} when 'accelerator' then ${costDaily.model} when 'cpu' then 'CPU cores' else 'Memory' end` },
  class: { key: sql`${costDaily.capacityClass}`, label: sql`${costDaily.capacityClass}` },
};

/** Days of costs that the caller may see, with `projects` joined. What nobody held is for those who see the whole organization. */
export function seenCosts({ grant, orgId }: Omit<SpendReader, "db">, { from, to, project }: Pick<ReadSpend, "from" | "to" | "project">): SQL | undefined {
  const ofProjects = and(sql`${projects.id} is not null`, reachedProjects(grant), project ? eq(projects.slug, project) : undefined);
  const seen = grant.org && !project ? or(eq(costDaily.projectId, ""), ofProjects) : ofProjects;
  return and(eq(costDaily.orgId, orgId), gte(costDaily.day, from), lte(costDaily.day, to), seen);
}

/** What was spent in whole UTC days, by day and by one dimension: exact sums, made by the database. */
export async function readSpend(ctx: SpendReader, { from, to, by, project }: ReadSpend): Promise<SpendView> {
  const { key, label } = DIMENSIONS[by];
  const rows = await ctx.db.execute<{ day: string | null; key: string | null; label: string | null; amount: string; provisional: string; hours: string }>(sql`
    select ${costDaily.day}::text as day, ${key} as key, min(${label}) as label, ${zero(sql`sum(${costDaily.amount})`)} as amount, ${zero(sql`sum(${costDaily.provisional})`)} as provisional,
      ${zero(sql`sum(${costDaily.quantity}) filter (where ${costDaily.kind} = 'accelerator')`)} as hours
    from ${costDaily}
    join ${clusters} on ${clusters.id} = ${costDaily.clusterId}
    left join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}
    left join ${teams} on ${teams.id} = ${projects.teamId}
    ${by === "person" ? sql`left join ${users} on ${users.id} = ${costDaily.ownerId} left join ${serviceAccounts} on ${serviceAccounts.id} = ${costDaily.ownerId}` : sql``}
    ${by === "experiment" ? sql`left join ${experiments} on ${experiments.id} = ${costDaily.experimentId}` : sql``}
    where ${seenCosts(ctx, { from, to, project })}
    group by grouping sets ((1, 2), (2), ()) order by 1, 2`);
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

/** The dearest runs of these days, as the ledger has them. */
export async function listRunCosts(ctx: Ctx, { from, to, project, cursor = 0, limit }: ListRunCosts): Promise<{ items: RunCostRow[]; nextCursor: number | null }> {
  const rows = await ctx.db
    .select({ id: runs.id, name: runs.name, status: runs.status, project: projects.name, amount: sql<string>`${costRuns.amount}::text`, provisional: sql<string>`${costRuns.provisional}::text`, acceleratorHours: sql<string>`${costRuns.acceleratorHours}::text` })
    .from(costRuns)
    .innerJoin(runs, eq(runs.id, costRuns.runId))
    .innerJoin(projects, and(eq(projects.orgId, runs.orgId), eq(projects.id, runs.projectId)))
    .where(and(eq(costRuns.orgId, ctx.orgId), reachedProjects(ctx.grant), sql`${costRuns.lastHour} >= ${from}::date`, sql`${costRuns.firstHour} < ${to}::date + 1`, project ? eq(projects.slug, project) : undefined))
    .orderBy(sql`${costRuns.amount} desc`, runs.id)
    .offset(cursor)
    .limit(limit + 1);
  return { items: rows.slice(0, limit), nextCursor: rows.length > limit ? cursor + limit : null };
}

export async function readStand(db: DbOrTx, orgId: string): Promise<CostStand> {
  const [row] = await db.execute<{ currency: string | null; version: number | null; complete_to: string | null; priced: boolean }>(sql`
    select (select ${costSettings.currency} from ${costSettings} where ${costSettings.orgId} = ${orgId}) as currency, (select ${costSettings.ratingVersion} from ${costSettings} where ${costSettings.orgId} = ${orgId}) as version,
      (select to_char(min(${costClocks.completeTo}) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from ${costClocks} where ${costClocks.orgId} = ${orgId}) as complete_to, exists (select 1 from ${priceLines} where ${priceLines.orgId} = ${orgId}) as priced`);
  return { currency: row?.currency ?? "USD", ratingVersion: row?.version ?? 0, completeTo: row?.complete_to ? new Date(row.complete_to) : null, isUnpriced: !row?.priced };
}
