import { sql } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { admits, refusalOf } from "../../../domain/costs/budget.ts";
import { compare, type Decimal, decimal, decimalText } from "../../../domain/costs/decimal.ts";
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
 * What is kept for a queued run becomes what it should cost now, where anything is: less at once, more only where every budget takes it.
 * Last in its transaction, as `takeHolds`.
 * @throws DomainError "limit_reached" as that.
 */
export async function changeHolds(tx: Tx, payer: Payer, runId: string, found: { hold: Decimal; currency: string }): Promise<void> {
  const [kept] = await tx.execute<{ amount: string | null }>(sql`select max(amount)::text as amount from budget_holds where run_id = ${runId} and released_at is null`);
  if (!kept?.amount) return;
  const isMore = compare(found.hold, decimal(kept.amount)) > 0;
  await tx.execute(sql`update budget_holds set ${isMore ? sql`released_at = now()` : sql`amount = ${decimalText(found.hold)}::numeric`} where run_id = ${runId} and released_at is null`);
  if (isMore) await takeHolds(tx, payer, runId, found); // what was kept so far is not in its own way
}

/**
 * A run that is queued again may take as long again: nothing of what it was charged so far is of its next attempt. What its
 * attempts that are over are charged later is not either, which the posting sees to.
 */
export async function renewHolds(tx: Tx, runId: string): Promise<void> {
  await tx.execute(sql`update budget_holds set charged_before = coalesce((select c.amount from cost_runs c where c.run_id = ${runId}), 0) where run_id = ${runId} and released_at is null`);
}

const refused = (message: string) => new DomainError("limit_reached", message, { issues: [{ field: "budget", message }] });
