import { type SQL, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { costDaily } from "../../../db/schema/costs.ts";
import type { CostStand } from "../../../domain/costs/cost-view.ts";
import { DAY_MS, dayOf } from "../../../domain/costs/days.ts";
import type { ExportCosts } from "../../../domain/costs/inputs.ts";
import { KIND_UNIT } from "../../../domain/costs/metering.ts";
import { LIKE_OUTSIDE } from "../../../domain/costs/outside.ts";
import { isOfSome } from "../../../domain/costs/spend-filter.ts";
import { type FileColumn, textColumns } from "../../table-file.ts";
import { ownerWords } from "./dimensions.ts";
import { ledgerDays } from "./run-days.ts";
import { readStand, seenCosts, type SpendReader } from "./spend.ts";

/** What every file of costs says of a row. */
export interface AssetRow extends Record<string, unknown> {
  day: string;
  team: string | null;
  project: string | null;
  cluster: string;
  kind: string;
  model: string | null;
  capacity_class: string;
  quantity: string;
  unit: string;
  amount: string;
  provisional: string;
  currency: string;
  rating_version: string;
}
export interface CostRow extends AssetRow {
  person: string | null;
  experiment: string | null;
  span?: "asked" | "against";
}
/** Of a file of two spans: which of them a row is of. */
export const AGAINST_COLUMN: FileColumn<CostRow> = { name: "span", type: "STRING", cell: ({ span }) => span ?? null };
export const COST_COLUMNS = textColumns<CostRow>(["day", "team", "project", "person", "experiment", "cluster", "kind", "model", "capacity_class", "quantity", "unit", "amount", "provisional", "currency", "rating_version"]);

/** What a quantity of a kind is counted in. */
export const unitOf = (kind: SQL): SQL => sql`(${JSON.stringify(KIND_UNIT)}::text::jsonb ->> ${kind})`;

const MONTH_DAYS = 31;

/** Who and what for: not read for other sites, whose role may not. */
const NAMES = {
  columns: sql`coalesce(u.name, s.name, case when ${costDaily.ownerId} like ${LIKE_OUTSIDE} then ${ownerWords(sql`${costDaily.ownerId}`)} end) as person, e.name as experiment`,
  joins: sql`left join users u on u.id = ${costDaily.ownerId} left join service_accounts s on s.id = ${costDaily.ownerId} left join experiments e on e.id = ${costDaily.experimentId}`,
};
const NOBODY = { columns: sql`null as person, null as experiment`, joins: sql`` };

/** A month at a time: no export holds a year of rows. Days to compare with come last. */
export async function* costRows(ctx: SpendReader, { against, ...asked }: ExportCosts, { isOutside = false } = {}): AsyncGenerator<CostRow[]> {
  const stand = await readStand(ctx.db, ctx.orgId);
  for (const [span, { from, to }] of [["asked", asked], ...(against ? [["against", against] as const] : [])] as const) {
    for (let at = Date.parse(from); at <= Date.parse(to); at += MONTH_DAYS * DAY_MS) {
      const until = Math.min(Date.parse(to), at + (MONTH_DAYS - 1) * DAY_MS);
      const rows = await ctx.db.execute<CostRow>(monthRows(ctx, { ...asked, from: dayOf(at), to: dayOf(until) }, stand, isOutside));
      yield against ? rows.map((row) => ({ ...row, span })) : rows;
    }
  }
}

/** Days of costs, or what only some charges know, from the ledger. */
const daysOf = (orgId: string, ask: Omit<ExportCosts, "against">): SQL => (isOfSome("project", ask.where ?? {}) ? sql`(${ledgerDays(orgId, { ...ask, by: "project" })}) as "cost_daily"` : sql`${costDaily}`);

function monthRows(ctx: SpendReader, ask: Omit<ExportCosts, "against">, stand: CostStand, isOutside: boolean): SQL {
  const names = isOutside ? NOBODY : NAMES;
  return sql`${ctx.source?.prefix({ from: ask.from, to: ask.to })}
    select ${costDaily.day}::text as day, t.name as team, coalesce(${projects.slug}, nullif(${costDaily.projectId}, '')) as project, ${names.columns}, coalesce(c.slug, '') as cluster, ${costDaily.kind} as kind, nullif(${costDaily.model}, '') as model, ${costDaily.capacityClass} as capacity_class,
      trim_scale(${costDaily.quantity})::text as quantity, ${unitOf(sql`${costDaily.kind}`)} as unit,
      trim_scale(${costDaily.amount})::text as amount, trim_scale(${costDaily.provisional})::text as provisional, ${stand.currency}::text as currency, ${String(stand.ratingVersion)}::text as rating_version
    from ${daysOf(ctx.orgId, ask)}
    left join clusters c on c.id = ${costDaily.clusterId}
    left join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}
    left join teams t on t.id = ${projects.teamId}
    ${names.joins}
    where ${seenCosts(ctx, ask)}
    order by 1, 2, 3, 4, 5, 6, 7, 8, 9`;
}
