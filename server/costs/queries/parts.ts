import { type SQL, sql } from "drizzle-orm";
import { projects, teams } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costPartDays, costPartMonths, costParts } from "../../../db/schema/cost-sums.ts";
import { costDaily } from "../../../db/schema/costs.ts";
import { compare, decimal } from "../../../domain/costs/decimal.ts";
import type { ExportParts, ReadParts } from "../../../domain/costs/inputs.ts";
import { type PartsGroup, type PartsView, withPending } from "../../../domain/costs/parts-view.ts";
import type { CostPart } from "../../../domain/costs/split.ts";
import { textColumns } from "../../table-file.ts";
import { type AssetRow, unitOf } from "./export.ts";
import { DIMENSIONS } from "./dimensions.ts";
import { readStand, seenCosts, type SpendReader } from "./spend.ts";

const ASSET = sql.raw("org_id, day, project_id, cluster_id, kind, model, capacity_class");
const within = (orgId: string, { from, to }: { from: string; to: string }): SQL => sql`where org_id = ${orgId} and day between ${from} and ${to}`;
/** What was booked, as part `all`, beside its parts: under the name by which costs are read. */
const booked = (orgId: string, days: { from: string; to: string }): SQL => sql`with "cost_daily" as (
    select ${ASSET}, part, quantity, amount, provisional from cost_parts ${within(orgId, days)}
    union all select ${ASSET}, 'all', quantity, amount, provisional from cost_project_days ${within(orgId, days)}
  )`;
const OF_PROJECT = sql`left join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}`;

type Row = { day: string | null; key: string | null; label: string | null; part: CostPart | "all"; amount: string; provisional: string | null };

/** What the cost of capacity went to, day by day and by one dimension. Each sum's parts are that sum, to the last digit. */
export async function readParts(reader: SpendReader, ask: ReadParts): Promise<PartsView> {
  const rows = await reader.db.execute<Row>(sumsOfParts(reader, ask));
  const [days, groups] = [rows.filter((row) => row.day !== null), rows.filter((row) => row.key !== null)];
  const all = rows.filter((row) => row.day === null && row.key === null);
  return {
    ...(await readStand(reader.db, reader.orgId)), by: ask.by, ...sumOf(all), provisional: all.find(({ part }) => part === "all")?.provisional ?? "0",
    days: [...Map.groupBy(days, ({ day }) => day!)].map(([day, own]) => ({ day, parts: sumOf(own).parts })),
    groups: [...Map.groupBy(groups, (row) => row.key!)].map(([group, own]): PartsGroup => ({ key: group, label: own[0]!.label ?? "", ...sumOf(own) })).toSorted((a, b) => compare(decimal(b.amount), decimal(a.amount))),
  };
}

/** The smallest sums that tell it: of what was booked, each day's by group; of its parts, days by project and whole months by asset, with single days at both ends. */
function sumsOfParts(reader: SpendReader, ask: ReadParts): SQL {
  const { key, names, label, sums } = DIMENSIONS[ask.by];
  const { orgId } = reader;
  const seen = sql`${OF_PROJECT} where ${seenCosts(reader, ask)}`;
  const isWhole = sql`month >= ${ask.from}::date and (month + interval '1 month')::date <= ${ask.to}::date + 1`;
  return sql`
    with booked as materialized (
      select ${costDaily.day} as day, ${key} as key, sum(${costDaily.amount}) as amount, sum(${costDaily.provisional}) as provisional from ${sums} as "cost_daily" ${seen} group by 1, 2
    ), of_parts as (
      select org_id, month as day, project_id, cluster_id, kind, model, capacity_class, part, amount from ${costPartMonths} where org_id = ${orgId} and ${isWhole}
      union all select ${ASSET}, part, amount from (select date_trunc('month', day)::date as month, day::date as on_day from generate_series(${ask.from}::date::timestamp, ${ask.to}::date, interval '1 day') as day) edge
        join ${costParts} on day = edge.on_day where org_id = ${orgId} and not (${isWhole})
    ), found as materialized (
      select key, 'all' as part, sum(amount) as amount, sum(provisional) as provisional from booked group by 1
      union all select ${key}, part, sum(${costDaily.amount}), 0 from of_parts as "cost_daily" ${seen} group by 1, 2
    )
    select null as day, found.key, found.part, ${label} as label, found.amount::text as amount, null as provisional from found ${names}
    union all select null, null, part, null, sum(amount)::text, sum(provisional)::text from found group by part
    union all select * from (
      select day::text, null, 'all', null, sum(amount)::text, null from booked group by booked.day
      union all select ${costDaily.day}::text, null, part, null, sum(${costDaily.amount})::text, null from ${costPartDays} as "cost_daily" ${seen} group by ${costDaily.day}, part
      order by 1
    ) days`;
}

function sumOf(rows: readonly Row[]): Pick<PartsView, "amount" | "parts"> {
  const amount = rows.find(({ part }) => part === "all")?.amount ?? "0";
  const known = Object.fromEntries(rows.flatMap((row) => (row.part === "all" ? [] : [[row.part, row.amount]]))) as Partial<Record<CostPart, string>>;
  return { amount, parts: withPending(amount, known) };
}

export interface PartRow extends AssetRow {
  part: string;
}
export const PART_COLUMNS = textColumns<PartRow>(["day", "team", "project", "cluster", "kind", "model", "capacity_class", "part", "quantity", "unit", "amount", "provisional", "currency", "rating_version"]);

/** Every day's parts. What is not split yet is a part of its own, so that a file adds up to what was booked. */
export async function* partRows(reader: SpendReader, ask: ExportParts): AsyncGenerator<PartRow[]> {
  const stand = await readStand(reader.db, reader.orgId);
  const unsplit = (column: SQL) => sql`sum(case part when 'all' then ${column} else -${column} end)`;
  const place = sql`${costDaily.day}::text as day, ${teams.name} as team, coalesce(${projects.slug}, nullif(${costDaily.projectId}, '')) as project, coalesce(${clusters.slug}, '') as cluster, ${costDaily.kind} as kind, nullif(${costDaily.model}, '') as model, ${costDaily.capacityClass} as capacity_class`;
  yield reader.db.execute<PartRow>(sql`${booked(reader.orgId, ask)}, seen as (
      select ${place}, part, ${costDaily.quantity} as quantity, ${costDaily.amount} as amount, ${costDaily.provisional} as provisional from ${costDaily} left join ${clusters} on ${clusters.id} = ${costDaily.clusterId} ${OF_PROJECT} left join ${teams} on ${teams.id} = ${projects.teamId} where ${seenCosts(reader, ask)}
    ), rows as (
      select * from seen where part <> 'all'
      union all select day, team, project, cluster, kind, model, capacity_class, 'pending', ${unsplit(sql`quantity`)}, ${unsplit(sql`amount`)}, ${unsplit(sql`provisional`)} from seen group by 1, 2, 3, 4, 5, 6, 7
      having ${unsplit(sql`quantity`)} <> 0 or ${unsplit(sql`amount`)} <> 0 or ${unsplit(sql`provisional`)} <> 0
    )
    select day, team, project, cluster, kind, model, capacity_class, part, trim_scale(quantity)::text as quantity, ${unitOf(sql`kind`)} as unit,
      trim_scale(amount)::text as amount, trim_scale(provisional)::text as provisional, ${stand.currency}::text as currency, ${String(stand.ratingVersion)}::text as rating_version
    from rows order by day, team, project, cluster, kind, model, capacity_class, part`);
}
