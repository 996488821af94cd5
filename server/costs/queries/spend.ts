import { and, eq, gte, lte, or, type SQL, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { costExperimentDays, costPeopleDays, costPersonDays, costProjectDays } from "../../../db/schema/cost-sums.ts";
import { costClocks, costDaily, costSettings, priceLines } from "../../../db/schema/costs.ts";
import type { DbOrTx } from "../../../db/client.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { CostStand, SpendView } from "../../../domain/costs/cost-view.ts";
import type { ReadSpend } from "../../../domain/costs/inputs.ts";
import { OTHERS } from "../../../domain/costs/spend-by.ts";
import { daysOf, topGroups } from "../../../domain/costs/spend-top.ts";
import { reachedProjects } from "../../access/queries.ts";
import { BY_RUNS, type Dimension, DIMENSIONS } from "./dimensions.ts";
import { outcomeDays, tagDays } from "./run-sums.ts";

/** More groups than these are one, in the table and in the chart. */
const MOST_GROUPS = 200;
const MOST_SERIES = 6;
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
  prefix: (ask: Pick<ReadSpend, "from" | "to"> & Partial<Pick<ReadSpend, "by">>) => SQL;
  /** Is what is joined as `OTHERS` for this reader? */
  seesRest: boolean;
}

const zero = (amount: SQL) => sql<string>`coalesce(${amount}, 0)::text`;
/**
 * Days of costs that the caller may see, with `projects` joined. What nobody held is for those who see the whole organization.
 * Who sees all of it is asked for nothing of a project, so that the join is left out where nothing else needs it.
 */
export function seenCosts({ grant, orgId, source }: Omit<SpendReader, "db">, { from, to, project }: Pick<ReadSpend, "from" | "to" | "project">): SQL | undefined {
  const ofProjects = and(sql`${projects.id} is not null`, reachedProjects(grant), project ? eq(projects.slug, project) : undefined);
  const seen = grant.org && !project ? undefined : or(ofProjects, source?.seesRest ? eq(costDaily.projectId, OTHERS) : undefined);
  return and(eq(costDaily.orgId, orgId), gte(costDaily.day, from), lte(costDaily.day, to), seen);
}

type SumRow = { day: string | null; key: string | null; label: string | null; amount: string; provisional: string | null; hours: string | null };

/** What was spent in whole UTC days, by day and by one dimension: exact sums, made by the database. */
export async function readSpend(ctx: SpendReader, ask: ReadSpend): Promise<SpendView> {
  const { by } = ask;
  const rows = await ctx.db.execute<SumRow>(sumsOf(ctx, ask, by === "outcome" || by === "tag" ? await sumsOfRuns(ctx, { ...ask, by }) : sumsOfDays(ctx, { ...ask, by })));
  const all = rows.find((row) => row.day === null && row.key === null);
  const groups = rows.filter((row) => row.day === null && row.key !== null).map((row) => ({ key: row.key!, label: row.label ?? "", amount: row.amount, provisional: row.provisional ?? "0", acceleratorHours: row.hours ?? "0" }));
  const shown = topGroups(groups, MOST_GROUPS);
  const days = rows.filter((row) => row.day !== null).map((row) => ({ day: row.day!, key: row.key!, amount: row.amount }));
  return {
    ...(await readStand(ctx.db, ctx.orgId)), by, groups: shown,
    days: daysOf(days, shown.filter(({ key }) => key !== OTHERS).slice(0, MOST_SERIES)),
    amount: all?.amount ?? "0", provisional: all?.provisional ?? "0",
  };
}

/** Days of costs and the dimension by which they are added up. */
interface Sums {
  /** Rows under the name of the table of days, with what decides who sees them. */
  rows: SQL;
  /** Accelerator-hours of one of them. */
  hours: SQL;
  by: Dimension;
  /** So many groups that each day's sums of them would not fit into memory: the rows are read twice instead. */
  isWide: boolean;
}

/** Added up by group and by day. Of the days only the dearest groups are told apart, since only those are drawn. */
function sumsOf(ctx: SpendReader, ask: ReadSpend, { rows, hours, by, isWide }: Sums): SQL {
  const daily = isWide
    ? sql`not materialized (select ${costDaily.day} as day, ${by.key} as key, ${costDaily.amount} as amount, ${costDaily.provisional} as provisional, ${hours} as hours from ${rows})`
    : sql`materialized (select ${costDaily.day} as day, ${by.key} as key, sum(${costDaily.amount}) as amount, sum(${costDaily.provisional}) as provisional, sum(${hours}) as hours from ${rows} group by 1, 2)`;
  return sql`${ctx.source ? sql`${ctx.source.prefix(ask)},` : sql`with`} daily as ${daily},
    found as materialized (select key, sum(amount) as amount, sum(provisional) as provisional, sum(hours) as hours from daily group by 1),
    top as materialized (select key from found where key <> ${OTHERS} order by amount desc, key limit ${MOST_SERIES})
    select * from (
      select null as day, found.key, ${by.label} as label, found.amount::text as amount, found.provisional::text as provisional, found.hours::text as hours from found ${by.names} order by found.amount desc, found.key
    ) groups
    union all select null, null, null, ${zero(sql`sum(amount)`)}, ${zero(sql`sum(provisional)`)}, null from found
    union all select * from (
      select day::text, case when key in (select key from top) then key else ${OTHERS} end as key, null, sum(amount)::text, null, null from daily group by daily.day, 2 order by daily.day, 2
    ) days`;
}

/** By what only runs know. */
async function sumsOfRuns(ctx: SpendReader, { by, tag, ...ask }: ReadSpend & { by: "outcome" | "tag" }): Promise<Sums> {
  const days = by === "outcome" ? await outcomeDays(ctx, ask) : await tagDays(ctx, ask, tag ?? "");
  return { by: BY_RUNS[by], isWide: false, hours: sql`accelerator_hours`, rows: sql`(${days}) as "cost_daily" ${OF_PROJECT} where ${seenCosts(ctx, ask)}` };
}

const OF_PROJECT = sql`left join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}`;

/** The smallest sums that can tell it: read under the name of the table of days. */
export const SMALLEST = { project: costPeopleDays, team: costPeopleDays, person: costPersonDays, experiment: costExperimentDays, cluster: costProjectDays, kind: costProjectDays, class: costProjectDays } as const;

function sumsOfDays(ctx: SpendReader, { by, ...ask }: Omit<ReadSpend, "by"> & { by: keyof typeof DIMENSIONS }): Sums {
  const smallest = SMALLEST[by];
  return {
    by: DIMENSIONS[by],
    isWide: by === "person" || by === "experiment",
    hours: ctx.source || smallest === costProjectDays ? sql`case ${costDaily.kind} when 'accelerator' then ${costDaily.quantity} else 0 end` : sql`accelerator_hours`,
    rows: sql`${ctx.source ? costDaily : sql`${smallest} as "cost_daily"`} ${OF_PROJECT} where ${seenCosts(ctx, ask)}`,
  };
}

export async function readStand(db: DbOrTx, orgId: string): Promise<CostStand> {
  const [row] = await db.execute<{ currency: string | null; version: number | null; complete_to: string | null; priced: boolean }>(sql`
    select (select ${costSettings.currency} from ${costSettings} where ${costSettings.orgId} = ${orgId}) as currency, (select ${costSettings.ratingVersion} from ${costSettings} where ${costSettings.orgId} = ${orgId}) as version,
      (select to_char(min(${costClocks.completeTo}) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from ${costClocks} where ${costClocks.orgId} = ${orgId}) as complete_to, exists (select 1 from ${priceLines} where ${priceLines.orgId} = ${orgId}) as priced`);
  return { currency: row?.currency ?? "USD", ratingVersion: row?.version ?? 0, completeTo: row?.complete_to ? new Date(row.complete_to) : null, isUnpriced: !row?.priced };
}
