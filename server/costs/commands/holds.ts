import { sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { admits, refusalOf } from "../../../domain/costs/budget.ts";
import { type Decimal, decimalText } from "../../../domain/costs/decimal.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { paysFor, type Payer, readBudgets } from "../queries/budgets.ts";

/**
 * Keeps money for a run on every budget that pays for it, or refuses the run. Last in the transaction that queues it:
 * parallel submits wait here for each other, so that together they never promise more than there is.
 * @throws DomainError "limit_reached" that names the budget, what it has left, and what the run would be held at.
 */
export async function takeHolds(tx: Tx, payer: Payer, runId: string, { hold, currency }: { hold: Decimal; currency: string }): Promise<void> {
  const locked = await tx.execute<{ id: string }>(sql`select b.id from budgets b where ${paysFor(payer)} order by b.id for no key update`);
  if (locked.length === 0) return;
  for (const budget of await readBudgets(tx, paysFor(payer))) {
    if (!admits(budget, hold)) throw refused(refusalOf(budget.name, budget, hold, currency));
  }
  await tx.execute(sql`
    insert into budget_holds as h (budget_id, run_id, amount, charged_before)
    select b.id, ${runId}, ${decimalText(hold)}::numeric, coalesce((select c.amount from cost_runs c where c.run_id = ${runId}), 0) from budgets b where ${paysFor(payer)}
    on conflict (budget_id, run_id) do update set amount = excluded.amount, charged_before = excluded.charged_before, taken_at = now(), released_at = null`);
}

/**
 * A run that is queued again may take as long again: nothing of what it was charged so far is of its next attempt. What its
 * attempts that are over are charged later is not either, which the posting sees to.
 */
export async function renewHolds(tx: Tx, runId: string): Promise<void> {
  await tx.execute(sql`update budget_holds set charged_before = coalesce((select c.amount from cost_runs c where c.run_id = ${runId}), 0) where run_id = ${runId} and released_at is null`);
}

const refused = (message: string) => new DomainError("limit_reached", message, { issues: [{ field: "budget", message }] });
