import { and, eq, gte, lte, or, type SQL, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { costPeopleDays, costProjectDays } from "../../../db/schema/cost-sums.ts";
import { costFacetDays } from "../../../db/schema/served.ts";
import { costClocks, costDaily, costSettings, priceLines } from "../../../db/schema/costs.ts";
import type { DbOrTx } from "../../../db/client.ts";
import type { Grant } from "../../../domain/access/roles.ts";
import type { CostStand, NarrowedTo, SpendView } from "../../../domain/costs/cost-view.ts";
import type { ReadSpend } from "../../../domain/costs/inputs.ts";
import { BY_PROJECT, DAY_FILTERS, type DayBy, type Facet, FACETS, isFacet, OTHERS, type SomeBy, WITHOUT_TAG } from "../../../domain/costs/spend-by.ts";
import { IDLE, isOfLedger, isOfSome, narrowedBy, type SpendWhere } from "../../../domain/costs/spend-filter.ts";
import { daysOf, topGroups } from "../../../domain/costs/spend-top.ts";
import { reachedProjects } from "../../access/queries.ts";
import { BY_SOME, type Dimension, DIMENSIONS } from "./dimensions.ts";
import { ledgerDays, runDays } from "./run-days.ts";
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
  prefix: (ask: Pick<ReadSpend, "from" | "to"> & Partial<Pick<ReadSpend, "by" | "where">>) => SQL;
  /** Is what is joined as `OTHERS` for this reader? */
  seesRest: boolean;
}

const zero = (amount: SQL) => sql<string>`coalesce(${amount}, 0)::text`;
/**
 * Days of costs that the caller may see, with `projects` joined. What nobody held is for those who see the whole organization.
 * Who sees all of it is asked for nothing of a project, so that the join is left out where nothing else needs it.
 */
export function seenCosts({ grant, orgId, source }: Omit<SpendReader, "db">, { from, to, project, where = {} }: Pick<ReadSpend, "from" | "to" | "project" | "where">): SQL | undefined {
  const ofProjects = and(sql`${projects.id} is not null`, reachedProjects(grant), project ? eq(projects.slug, project) : undefined);
  const seen = grant.org && !project ? undefined : or(ofProjects, source?.seesRest && !project ? eq(costDaily.projectId, OTHERS) : undefined);
  return and(eq(costDaily.orgId, orgId), gte(costDaily.day, from), lte(costDaily.day, to), seen, ...DAY_FILTERS.map((by) => (where[by] === undefined ? undefined : sql`${DIMENSIONS[by].key} = ${where[by] === IDLE ? "" : where[by]}`)));
}

type SumRow = { day: string | null; key: string | null; label: string | null; amount: string; provisional: string | null; hours: string | null };

/** What was spent in whole UTC days, by day and by one dimension: exact sums, made by the database. */
export async function readSpend(ctx: SpendReader, ask: ReadSpend): Promise<SpendView> {
  const { by } = ask;
  const rows = await ctx.db.execute<SumRow>(sumsOf(ctx, ask, isOfSome(by, ask.where ?? {}) ? await sumsOfSome(ctx, ask) : sumsOfDays(ctx, ask)));
  const all = rows.find((row) => row.day === null && row.key === null);
  const groups = rows.filter((row) => row.day === null && row.key !== null).map((row) => ({ key: row.key!, label: row.label ?? "", amount: row.amount, provisional: row.provisional ?? "0", acceleratorHours: row.hours ?? "0" }));
  const shown = topGroups(groups, MOST_GROUPS);
  const days = rows.filter((row) => row.day !== null).map((row) => ({ day: row.day!, key: row.key!, amount: row.amount }));
  return {
    ...(await readStand(ctx.db, ctx.orgId)), by, narrowed: await labelsOf(ctx, ask), groups: shown,
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

/** By what only some charges know: from its sums where nothing else is asked for, else run by run, or from the ledger. */
async function sumsOfSome(ctx: SpendReader, ask: ReadSpend): Promise<Sums> {
  const { by, tag, where = {} } = ask;
  const found = { by: DIMENSIONS[by as DayBy] ?? BY_SOME[by as SomeBy], isWide: false, hours: sql`accelerator_hours` };
  const rowsOf = (days: SQL, more: SQL | undefined) => ({ ...found, rows: sql`(${days}) as "cost_daily" ${OF_PROJECT} where ${and(seenCosts(ctx, ask), more)}` });
  const asked = [...new Set([by, ...narrowedBy(where)])].filter((one) => !BY_PROJECT.has(one));
  const isOne = asked.length === 1 && (by !== "tag" || !where.tag || where.tag.key === tag);
  const [one] = asked as [SomeBy];
  if (isOne && isFacet(one)) return rowsOf(facetDays(ctx.orgId, one, ask), keyIs(where[one]));
  if (isOne && one === "outcome") return rowsOf(await outcomeDays(ctx, ask), keyIs(where.outcome));
  if (isOne) return rowsOf(await tagDays(ctx, ask, tag ?? where.tag?.key ?? ""), keyIs(where.tag?.value));
  return rowsOf((isOfLedger(by, where) ? ledgerDays : runDays)(ctx.orgId, ask), undefined);
}
const keyIs = (key: string | undefined): SQL | undefined => (key === undefined ? undefined : sql`cost_daily.key = ${key}`);

const facetDays = (orgId: string, facet: Facet, { from, to }: Pick<ReadSpend, "from" | "to">): SQL =>
  sql`select org_id, day, project_id, key, accelerator_hours, amount, provisional from ${costFacetDays} where org_id = ${orgId} and facet = ${facet} and day between ${from} and ${to}`;

/** Those of the facets that something was ever charged with. */
export async function listFacets({ db, orgId }: Pick<SpendReader, "db" | "orgId">): Promise<Facet[]> {
  const rows = await db.execute<{ facet: Facet }>(sql`select facet from unnest(${sql.param([...FACETS])}::text[]) as facet where exists (select from ${costFacetDays} c where c.org_id = ${orgId} and c.facet = facet.facet)`);
  return rows.map(({ facet }) => facet);
}

const OF_PROJECT = sql`left join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}`;

/** The smallest sums of all that is asked for together; whatever is in no sums of its own is in the days themselves. */
function smallestOf(by: DayBy, where: SpendWhere) {
  const tables = new Set([by, ...DAY_FILTERS.filter((one) => where[one] !== undefined)].map((one) => DIMENSIONS[one].sums));
  tables.delete(costPeopleDays); // its projects are in all of them
  return tables.size > 1 ? costDaily : ([...tables][0] ?? costPeopleDays);
}

function sumsOfDays(ctx: SpendReader, ask: ReadSpend): Sums {
  const by = ask.by as DayBy;
  const smallest = smallestOf(by, ask.where ?? {});
  const isOfAssets = ctx.source || smallest === costProjectDays || smallest === costDaily;
  return {
    by: DIMENSIONS[by],
    isWide: by === "person" || by === "experiment",
    hours: isOfAssets ? sql`case ${costDaily.kind} when 'accelerator' then ${costDaily.quantity} else 0 end` : sql`accelerator_hours`,
    rows: sql`${ctx.source ? costDaily : sql`${smallest} as "cost_daily"`} ${OF_PROJECT} where ${seenCosts(ctx, ask)}`,
  };
}

/** What each filter is called. Only of what the caller sees costs of: a guessed id has no name. Of other sites' reports somebody who may chose it. */
export async function labelsOf(ctx: SpendReader, { project, where = {} }: Pick<ReadSpend, "project" | "where">): Promise<NarrowedTo[]> {
  const all = narrowedBy({ ...where, ...(project ? { project } : {}) });
  return Promise.all(all.map(async (by) => {
    if (by === "tag") return { by, label: where.tag!.value === WITHOUT_TAG ? `Without ${where.tag!.key}` : `${where.tag!.key}: ${where.tag!.value.slice(1)}` };
    if (by === "outcome") return { by, label: where.outcome![0]!.toUpperCase() + where.outcome!.slice(1) };
    const value = by === "project" ? project! : where[by]!;
    if (value === IDLE) return { by, label: "Idle" };
    if (isFacet(by)) return { by, label: value };
    const { key, names, label, sums } = DIMENSIONS[by];
    const seen = seenCosts(ctx, { from: "2000-01-01", to: "9999-12-31", ...(by === "project" ? { project: value } : { where: { [by]: value } }) });
    const chosen = by === "project" ? sql`select ${projects.id} as key from ${projects} where ${projects.orgId} = ${ctx.orgId} and ${projects.slug} = ${value}` : sql`select ${value}::text as key`;
    const found = ctx.source ? chosen : sql`select ${key} as key from ${sums} as "cost_daily" ${OF_PROJECT} where ${seen} limit 1`;
    const [row] = await ctx.db.execute<{ label: string | null }>(sql`select ${label} as label from (${found}) found ${names}`);
    return { by, label: row?.label ?? (ctx.source ? "out of sight" : value) };
  }));
}

export async function readStand(db: DbOrTx, orgId: string): Promise<CostStand> {
  const [row] = await db.execute<{ currency: string | null; version: number | null; complete_to: string | null; priced: boolean }>(sql`
    select (select ${costSettings.currency} from ${costSettings} where ${costSettings.orgId} = ${orgId}) as currency, (select ${costSettings.ratingVersion} from ${costSettings} where ${costSettings.orgId} = ${orgId}) as version,
      (select to_char(min(${costClocks.completeTo}) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from ${costClocks} where ${costClocks.orgId} = ${orgId}) as complete_to, exists (select 1 from ${priceLines} where ${priceLines.orgId} = ${orgId}) as priced`);
  return { currency: row?.currency ?? "USD", ratingVersion: row?.version ?? 0, completeTo: row?.complete_to ? new Date(row.complete_to) : null, isUnpriced: !row?.priced };
}
