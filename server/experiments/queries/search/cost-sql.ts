import { sql, type SQL } from "drizzle-orm";
import { costRuns } from "../../../../db/schema/costs.ts";
import { experiments, runs } from "../../../../db/schema/experiments.ts";
import type { Comparison, Order } from "../../../../domain/experiments/filter/ast.ts";

// What a run cost, as the ledger has it: a sum that is kept, so that no run is rated to be found or put in order.

/** In its own organization: so the index over what that one's runs cost serves. */
export const CHARGED = sql`select from ${costRuns} c where c.run_id = ${runs.id} and c.org_id = ${runs.orgId}`;
export const COST: SQL = sql`(select c.amount from ${costRuns} c where c.run_id = ${runs.id})`;
const amount = (value: string | number): SQL => sql`${String(value)}::numeric`;

/** What a comparison says of a charged run's amount; null for one of whether it was charged at all. */
function amountCondition(one: Comparison): SQL | null {
  if (one.kind === "compare") return sql`c.amount ${sql.raw(one.op === "!=" ? "<>" : one.op)} ${amount(one.value)}`;
  return one.kind === "in" ? sql`c.amount ${one.not ? sql`not in` : sql`in`} (${sql.join(one.values.map(amount), sql`, `)})` : null;
}

/** Looked up run by run. One that nothing was ever charged for matches nothing but `is null`. */
export function costCondition(one: Comparison): SQL {
  const holds = amountCondition(one);
  return holds ? sql`exists (${CHARGED} and ${holds})` : sql`${one.kind === "null" && one.not ? sql`` : sql`not `}exists (${CHARGED})`;
}

/** The runs that it holds for, along the index over what the runs of an organization cost: that of these experiments. */
export function costIdsSql(one: Comparison, experimentIds: string[] | null): SQL | null {
  const holds = amountCondition(one);
  const here = experimentIds ? sql`where id = any(${sql.param(experimentIds)}::text[])` : sql``;
  return holds && sql`select c.run_id from ${costRuns} c where c.org_id = any(array(select distinct org_id from ${experiments} ${here})) and ${holds}`;
}

export const isCost = (of: { entity: string; key: string }): boolean => of.entity === "attributes" && of.key === "cost";
export const isByCost = (order: Order | undefined): order is Order => order !== undefined && isCost(order);
